"""What the operator may do in the cluster: this list and nothing else."""

import pytest
import yaml

OURS = ["sagemaker-ab.dev"]
CORE = [""]
RESOURCES = [
    {"apiGroups": OURS, "resources": ["sagemakerabendpoints"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": OURS, "resources": ["sagemakerabendpoints/status"], "verbs": ["get", "patch"]},
    {"apiGroups": CORE, "resources": ["events"], "verbs": ["create", "patch"]},
]
CLUSTER_ID = {
    "apiGroups": CORE,
    "resources": ["namespaces"],
    "resourceNames": ["kube-system"],
    "verbs": ["get"],
}


def granted(manifests):
    """The rules of each role that is bound to the operator's account, by kind, namespace and name."""
    roles = {
        (role["kind"], role["metadata"].get("namespace"), role["metadata"]["name"]): role["rules"]
        for role in manifests
        if role["kind"] in ("Role", "ClusterRole")
    }
    bound = [
        (binding["roleRef"]["kind"], binding["metadata"].get("namespace"), binding["roleRef"]["name"])
        for binding in manifests
        if binding["kind"] in ("RoleBinding", "ClusterRoleBinding")
    ]
    return {key: roles[key] for key in bound}


def test_it_works_on_its_resources_writes_events_and_reads_kube_systems_uid(default_objects):
    assert granted(default_objects) == {
        ("ClusterRole", None, "sagemaker-ab-operator"): [*RESOURCES, CLUSTER_ID]
    }


def test_with_watched_namespaces_it_works_in_these_only(render):
    assert granted(render(watchNamespaces=["team-a", "team-b"])) == {
        ("ClusterRole", None, "sagemaker-ab-operator"): [CLUSTER_ID],
        ("Role", "team-a", "sagemaker-ab-operator"): RESOURCES,
        ("Role", "team-b", "sagemaker-ab-operator"): RESOURCES,
    }


def test_with_a_cluster_id_of_its_own_it_need_not_read_kube_system(render):
    assert granted(render(operator={"clusterId": "x"})) == {
        ("ClusterRole", None, "sagemaker-ab-operator"): RESOURCES
    }


def test_with_both_it_has_no_permission_in_the_cluster(render):
    manifests = render(
        operator={"clusterId": "x"}, watchNamespaces=["team-a"], rbac={"aggregateRoles": False}
    )
    assert granted(manifests) == {("Role", "team-a", "sagemaker-ab-operator"): RESOURCES}
    assert not [manifest for manifest in manifests if manifest["kind"].startswith("Cluster")]


def test_it_can_be_installed_without_any_object_of_the_cluster(render):
    manifests = render(
        operator={"clusterId": "x"},
        watchNamespaces=["team-a"],
        rbac={"aggregateRoles": False, "keepWhileNeeded": False},
        crds={"install": False},
    )
    assert [manifest for manifest in manifests if "namespace" not in manifest["metadata"]] == []


POLICY = "ValidatingAdmissionPolicy"


def test_a_policy_keeps_the_roles_of_the_watched_namespaces(render):
    manifests = render(fullnameOverride="mine", watchNamespaces=["team-a", "team-b"])
    policy, binding = (m for m in manifests if m["kind"].startswith(POLICY))
    assert policy["metadata"]["name"] == binding["spec"]["policyName"] == "mine"
    assert {"expression": "oldObject.metadata.name == 'mine'", "name": "of-the-operator"} in (
        policy["spec"]["matchConditions"]
    )
    (limit,) = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert limit == {
        "key": "kubernetes.io/metadata.name",
        "operator": "In",
        "values": ["team-a", "team-b"],
    }


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"watchNamespaces": ["team-a"], "rbac": {"keepWhileNeeded": False}},
        {"watchNamespaces": ["team-a"], "rbac": {"create": False}},
    ],
    ids=["all namespaces", "turned off", "no roles"],
)
def test_otherwise_there_is_no_policy(render, values):
    assert not [m for m in render(**values) if m["kind"].startswith(POLICY)]


@pytest.mark.parametrize(("version", "count"), [("1.29.15", 0), ("1.30.0-eks-036c24b", 2)])
def test_there_is_a_policy_where_kubernetes_has_the_kind(helm, chart, version, count):
    done = helm("template", "r", chart, "--kube-version", version, values={"watchNamespaces": ["team-a"]})
    assert done.stdout.count(f"kind: {POLICY}") == count


def test_every_binding_refers_to_a_role_and_an_account_of_this_release(render):
    manifests = render(watchNamespaces=["team-a"])
    names = {(m["kind"], m["metadata"]["name"]) for m in manifests}
    for binding in (m for m in manifests if "roleRef" in m):
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in names
        assert [("ServiceAccount", s["name"]) in names for s in binding["subjects"]] == [True]


def test_without_rbac_there_are_no_roles(render):
    assert not [m for m in render(rbac={"create": False}) if "rbac" in m["apiVersion"]]


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        ("view", ["get", "list", "watch"]),
        ("edit", ["create", "update", "patch", "delete", "deletecollection"]),
    ],
)
def test_people_get_the_resource_with_the_clusters_own_roles(default_objects, role, verbs):
    (found,) = (m for m in default_objects if m["metadata"]["name"] == f"sagemaker-ab-operator-{role}")
    assert found["metadata"]["labels"][f"rbac.authorization.k8s.io/aggregate-to-{role}"] == "true"
    (rule,) = found["rules"]
    assert (rule["apiGroups"], rule["verbs"]) == (["sagemaker-ab.dev"], verbs)
    assert rule["resources"][0] == "sagemakerabendpoints"


def test_people_may_not_write_status(default_objects):
    for role in (m for m in default_objects if m["metadata"]["name"].endswith("-edit")):
        assert "sagemakerabendpoints/status" not in yaml.safe_dump(role)


def test_aggregation_can_be_left_out(render):
    assert "aggregate-to" not in yaml.safe_dump_all(render(rbac={"aggregateRoles": False}))


def test_the_token_goes_to_the_operators_pod_only(default_objects):
    (account,) = (m for m in default_objects if m["kind"] == "ServiceAccount")
    (deployment,) = (m for m in default_objects if m["kind"] == "Deployment")
    assert account["automountServiceAccountToken"] is False
    assert deployment["spec"]["template"]["spec"]["automountServiceAccountToken"] is True
