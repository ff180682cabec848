"""What the chart makes of its values."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from sagemaker_ab import __version__
from tests.packaging.conftest import documents

VALUES = Path(__file__).parent / "values"
CASES = sorted(path.stem for path in VALUES.glob("*.yaml"))
KUBERNETES_VERSIONS = ["1.29.0", "1.33.0", "1.37.0"]
OWN_LABELS = {
    "app.kubernetes.io/name": "sagemaker-ab-operator",
    "app.kubernetes.io/instance": "sagemaker-ab-operator",
    "app.kubernetes.io/version": __version__,
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": f"sagemaker-ab-operator-{__version__}",
}


def case(name: str) -> dict[str, Any]:
    return yaml.safe_load((VALUES / f"{name}.yaml").read_text())


def leaves(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of values.yaml that are values: scalars, lists and empty maps."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key)


def only(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


def container(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = only(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def exactly(manifest: Mapping[str, Any]) -> str:
    """As text, in which 1 is not 1.0."""
    return json.dumps(manifest, sort_keys=True)


def environment(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in container(manifests)["env"]}


# Neither Helm nor Argo CD takes away what carries these.
KEPT = {
    "helm.sh/resource-policy": "keep",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
}

DEFAULTS = yaml.safe_load((Path(__file__).parents[2] / "helm" / "values.yaml").read_text())


def test_chart_operator_and_package_have_one_version(chart):
    description = yaml.safe_load((chart / "Chart.yaml").read_text())
    assert (description["version"], description["appVersion"]) == (__version__, __version__)


@pytest.mark.parametrize("name", CASES)
def test_lint_finds_nothing_in_strict_mode(helm, chart, name):
    done = helm("lint", "--strict", chart, values=case(name))
    assert done.returncode == 0, done.stdout + done.stderr
    findings = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("[")]
    assert findings == ["[INFO] Chart.yaml: icon is recommended"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_every_object_is_valid_from_the_oldest_supported_kubernetes_to_the_newest(helm, chart, name, version):
    done = helm("template", "operator", chart, "--kube-version", version, values=case(name))
    for manifest in documents(done.stdout):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_kubernetes_without_cel_in_crds_is_refused(helm, chart):
    done = helm("template", "operator", chart, "--kube-version", "1.28.0")
    assert done.returncode != 0
    assert "requires kubeVersion: >=1.29.0-0" in done.stderr


# Values that mean something only beside another one.
BESIDE = {("rbac", "keepWhileNeeded"): {"watchNamespaces": ["team-a"]}}


@pytest.mark.parametrize("path", list(leaves(DEFAULTS)), ids=".".join)
def test_every_value_is_honoured(render, path):
    """A value that changes nothing would be accepted and ignored."""
    other = case("everything")
    for key in path:
        other = other[key]
    alone: Any = other
    for key in reversed(path):
        alone = {key: alone}
    beside = BESIDE.get(path, {})
    assert render(**beside, **alone) != render(**beside)


def test_no_object_is_made_twice_and_all_have_a_name_of_their_own(render):
    for name in CASES:
        manifests = render(**case(name))
        keys = [(m["kind"], m["metadata"].get("namespace"), m["metadata"]["name"]) for m in manifests]
        assert len(set(keys)) == len(keys)


def test_every_object_carries_the_charts_labels(default_objects):
    for manifest in default_objects:
        assert manifest["metadata"]["labels"].items() >= OWN_LABELS.items()


def test_common_labels_are_added_and_never_replace_the_charts_own(render):
    for manifest in render(**case("everything-installed")):
        labels = manifest["metadata"]["labels"]
        assert labels.items() >= OWN_LABELS.items()
        assert labels["example.com/team"] == "ml"


def test_pod_labels_cannot_break_the_selector(render):
    spec = only(render(**case("everything-installed")), "Deployment")["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert labels.items() >= spec["selector"]["matchLabels"].items()
    assert labels["example.com/tier"] == "control"
    assert labels["example.com/team"] == "ml"


def test_the_selector_does_not_change_with_the_version_or_with_labels(render):
    """A Deployment's selector is immutable: a change would break every upgrade."""
    selector = {key: OWN_LABELS[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/instance")}
    manifests = render(image={"tag": "9.9.9"}, commonLabels={"a": "b"}, podLabels={"c": "d"})
    assert only(manifests, "Deployment")["spec"]["selector"] == {"matchLabels": selector}


def test_the_operator_starts_as_documented(default_objects):
    started = container(default_objects)
    assert [*started["command"], *started["args"]] == [
        "kopf",
        "run",
        "--standalone",
        "--all-namespaces",
        "--liveness=http://0.0.0.0:8081/healthz",
        "--log-format=full",
        "-m",
        "sagemaker_ab.controller.handlers",
    ]


def test_watched_namespaces_replace_all_namespaces(render):
    args = container(render(watchNamespaces=["team-a", "team-b"]))["args"]
    assert [arg for arg in args if "namespace" in arg] == ["--namespace=team-a", "--namespace=team-b"]


def test_there_is_one_operator_at_a_time(default_objects):
    spec = only(default_objects, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_probes_ask_where_the_operator_answers(default_objects, probe):
    started = container(default_objects)
    (port,) = started["ports"]
    assert started[probe]["httpGet"] == {"path": "/healthz", "port": port["name"]}
    assert f"--liveness=http://0.0.0.0:{port['containerPort']}/healthz" in started["args"]


def test_where_there_is_ipv6_only_probes_are_answered_there(render):
    assert "--liveness=http://[::]:8081/healthz" in container(render(probes={"address": "::"}))["args"]


def test_the_numbers_of_user_and_group_can_be_left_to_the_cluster(render):
    """OpenShift gives each namespace its own, and refuses others."""
    manifests = render(podSecurityContext={"runAsUser": None, "runAsGroup": None})
    assert only(manifests, "Deployment")["spec"]["template"]["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_settings_reach_the_operator_as_environment_variables(render):
    everything = case("everything")
    assert environment(render(**everything)) == {
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "http://aws.example.com:4566",
        "SAGEMAKER_AB_RESYNC_SECONDS": "61",
        "SAGEMAKER_AB_POLL_SECONDS": "11",
        "SAGEMAKER_AB_RETRY_SECONDS": "6",
        "SAGEMAKER_AB_REFUSED_RETRY_SECONDS": "62",
        "SAGEMAKER_AB_METRICS_TICK_SECONDS": "16",
        "SAGEMAKER_AB_SCALING_ACTIVITIES_SECONDS": "601",
        "SAGEMAKER_AB_RUN_MINUTES_SECONDS": "61",
        "SAGEMAKER_AB_WORKERS": "17",
        "SAGEMAKER_AB_CLUSTER_ID": "production/eu",
        "AWS_MAX_ATTEMPTS": "5",
        "HTTPS_PROXY": None,
        "NODE_NAME": None,
    }


def test_empty_settings_set_no_variable(default_objects):
    """An empty AWS_REGION would hide the one that IRSA and EKS Pod Identity inject."""
    assert (
        environment(default_objects)
        .keys()
        .isdisjoint({"AWS_REGION", "AWS_ENDPOINT_URL", "SAGEMAKER_AB_CLUSTER_ID"})
    )


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, f"sagemaker-ab-operator:{__version__}"),
        ({"repository": "r.example.com/x", "tag": "1.2"}, "r.example.com/x:1.2"),
        ({"tag": "1.2", "digest": f"sha256:{'a' * 64}"}, f"sagemaker-ab-operator@sha256:{'a' * 64}"),
    ],
)
def test_the_image_is_named_by_digest_else_tag_else_version(render, image, reference):
    assert container(render(image=image))["image"] == reference


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        ("ab", {}, "ab-sagemaker-ab-operator"),
        ("my-sagemaker-ab-operator", {}, "my-sagemaker-ab-operator"),
        ("ab", {"nameOverride": "smab"}, "ab-smab"),
        ("ab", {"fullnameOverride": "smab"}, "smab"),
        ("x" * 53, {}, f"{'x' * 53}-sagemaker"),
    ],
)
def test_objects_are_named_after_release_and_chart(helm, chart, release, values, name):
    done = helm("template", release, chart, "--show-only", "templates/deployment.yaml", values=values)
    assert yaml.safe_load(done.stdout)["metadata"]["name"] == name


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ({}, "sagemaker-ab-operator"),
        ({"name": "mine"}, "mine"),
        ({"create": False}, "default"),
        ({"create": False, "name": "mine"}, "mine"),
    ],
)
def test_pod_and_bindings_use_the_service_account(render, account, name):
    manifests = render(serviceAccount=account, watchNamespaces=["team-a"])
    accounts = [m["metadata"]["name"] for m in manifests if m["kind"] == "ServiceAccount"]
    assert accounts == ([] if account.get("create") is False else [name])
    assert only(manifests, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == name
    for binding in (only(manifests, "ClusterRoleBinding"), only(manifests, "RoleBinding")):
        (subject,) = binding["subjects"]
        assert subject == {"kind": "ServiceAccount", "name": name, "namespace": "sagemaker-ab-system"}


def test_the_role_for_aws_is_an_annotation_of_the_service_account(render):
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/operator"}
    account = only(render(serviceAccount={"annotations": role}), "ServiceAccount")
    assert account["metadata"]["annotations"] == role


def test_the_charts_copy_of_the_crd_is_the_generated_one(chart, crd_file):
    """A copy, for some tools leave symbolic links out of what they archive; `make crds` renews it."""
    copied = chart / "files" / "crd.yaml"
    assert not copied.is_symlink()
    assert copied.read_text() == crd_file.read_text()


def test_the_crd_is_rendered_as_generated_and_kept_at_uninstallation(default_objects, crd_file):
    generated = yaml.safe_load(crd_file.read_text())
    rendered = only(default_objects, "CustomResourceDefinition")
    metadata, original = rendered["metadata"], generated["metadata"]
    assert exactly(rendered | {"metadata": None}) == exactly(generated | {"metadata": None})
    assert metadata["name"] == original["name"]
    assert metadata["annotations"] == original.get("annotations", {}) | KEPT


def test_the_crd_is_let_go_when_asked(render):
    annotations = only(render(crds={"keep": False}), "CustomResourceDefinition")["metadata"]["annotations"]
    assert annotations.keys().isdisjoint(KEPT)


def test_a_chart_without_its_crd_says_so_instead_of_installing_none(helm, chart, tmp_path):
    incomplete = tmp_path / "chart"
    shutil.copytree(chart, incomplete)
    (incomplete / "files" / "crd.yaml").unlink()
    done = helm("template", "operator", incomplete)
    assert done.returncode != 0
    assert "the chart is incomplete: files/crd.yaml is missing" in done.stderr


def test_a_packaged_chart_renders_the_same(helm, chart, default_objects, tmp_path):
    packaged = helm_package(helm, chart, tmp_path)
    done = helm("template", "sagemaker-ab-operator", packaged, "-n", "sagemaker-ab-system")
    assert list(filter(None, yaml.safe_load_all(done.stdout))) == default_objects


def helm_package(helm, chart: Path, into: Path) -> Path:
    done = helm("package", chart, "--destination", into)
    assert done.returncode == 0, done.stderr
    (packaged,) = into.glob("*.tgz")
    return packaged


def test_notes_name_the_next_command_and_the_service_account_that_needs_a_role(notes):
    said = notes(serviceAccount={"name": "mine"})
    assert "kubectl -n sagemaker-ab-system rollout status deployment/sagemaker-ab-operator" in said
    assert "ServiceAccount sagemaker-ab-system/mine needs a role" in said
    assert "watches all namespaces" in said


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, True),
        ({"aws": {"region": "us-east-1"}}, False),
        ({"extraEnv": [{"name": "AWS_REGION", "value": "us-east-1"}]}, False),
        ({"extraEnv": [{"name": "AWS_PROFILE", "value": "x"}]}, True),
    ],
)
def test_notes_warn_when_no_region_is_set(notes, values, warned):
    assert ("WARNING: aws.region is empty" in notes(**values)) is warned


@pytest.mark.parametrize(
    ("repository", "warned"),
    [("sagemaker-ab-operator", True), ("registry.example.com/ml/sagemaker-ab-operator", False)],
)
def test_notes_warn_when_the_image_has_no_registry(notes, repository, warned):
    said = notes(image={"repository": repository})
    assert ("WARNING: image.repository names no registry" in said) is warned


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, False),
        ({"watchNamespaces": ["team-a"]}, False),
        ({"watchNamespaces": ["team-a"], "rbac": {"keepWhileNeeded": False}}, True),
        ({"watchNamespaces": ["team-a"], "rbac": {"create": False}}, True),
    ],
    ids=["all namespaces", "kept", "not kept", "roles of others"],
)
def test_notes_warn_when_the_role_may_go_before_its_namespace(notes, values, warned):
    assert ("WARNING: when you delete a watched namespace" in notes(**values)) is warned


def test_notes_say_which_namespaces_are_watched_and_who_answers_for_aws(notes):
    said = notes(watchNamespaces=["team-a", "team-b"], aws={"endpointUrl": "http://aws.example.com"})
    assert "watches the namespaces team-a, team-b" in said
    assert "All AWS calls go to http://aws.example.com" in said


def test_as_a_subchart_it_lives_with_its_parents_globals_and_condition(helm, chart, tmp_path):
    parent = tmp_path / "parent"
    parent.mkdir()
    dependency = {
        "name": "sagemaker-ab-operator",
        "version": __version__,
        "repository": f"file://{chart}",
        "condition": "sagemaker-ab-operator.enabled",
    }
    description = {"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}
    (parent / "Chart.yaml").write_text(yaml.safe_dump(description))
    (parent / "charts").mkdir()
    helm_package(helm, chart, parent / "charts")

    for enabled in (True, False):
        values = {"global": {"x": 1}, "sagemaker-ab-operator": {"enabled": enabled}}
        done = helm("template", "operator", parent, values=values)
        assert done.returncode == 0, done.stderr
        assert ("kind: Deployment" in done.stdout) is enabled
