"""The pod meets the restricted Pod Security Standard, by our reading of it and by the API server's.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

import json

import pytest

NAMESPACE = "packaging-restricted"


def pod_spec(manifests):
    (deployment,) = (m for m in manifests if m["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]


@pytest.fixture(params=["chart", "kustomize base"])
def spec(request, default_objects, kustomized):
    return pod_spec(default_objects if request.param == "chart" else kustomized)


@pytest.fixture(scope="module")
def restricted(control_plane):
    """A namespace in which the API server enforces the standard."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    }
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(namespace), check=True)
    return NAMESPACE


def test_it_runs_as_a_numbered_user_that_is_not_root(spec):
    context = spec["securityContext"]
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"]) == (65532, 65532)


def test_it_gains_no_privileges(spec):
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }


def test_it_shares_nothing_with_its_node(spec):
    assert spec.keys().isdisjoint({"hostNetwork", "hostPID", "hostIPC", "initContainers"})
    assert all("hostPort" not in port for container in spec["containers"] for port in container["ports"])


def test_only_tmp_can_be_written_and_it_is_bounded(spec):
    (volume,) = spec["volumes"]
    assert volume["emptyDir"]["sizeLimit"]
    (mount,) = spec["containers"][0]["volumeMounts"]
    assert mount == {"name": volume["name"], "mountPath": "/tmp"}  # noqa: S108 - the pod's, not ours


def test_the_api_server_admits_the_pod_where_restricted_is_enforced(control_plane, restricted, spec):
    created = dry_run(control_plane, restricted, spec)
    assert created.returncode == 0, created.stderr
    assert "Warning" not in created.stderr


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("pod", {"runAsNonRoot": False}),
        ("pod", {"seccompProfile": {"type": "Unconfined"}}),
        ("container", {"allowPrivilegeEscalation": True}),
        ("container", {"capabilities": {"drop": ["NET_RAW"]}}),
    ],
)
def test_the_api_server_would_refuse_less(control_plane, restricted, spec, where, change):
    """The check above could fail: the same server refuses the pod as soon as one setting is weaker."""
    weaker = json.loads(json.dumps(spec))
    (weaker if where == "pod" else weaker["containers"][0])["securityContext"].update(change)
    refused = dry_run(control_plane, restricted, weaker)
    assert refused.returncode != 0
    assert 'violates PodSecurity "restricted:latest"' in refused.stderr


def dry_run(cluster, namespace, spec):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "operator", "namespace": namespace},
        "spec": spec,
    }
    return cluster.kubectl(
        "create", "--dry-run=server", "--validate=strict", "-f", "-", input=json.dumps(pod)
    )
