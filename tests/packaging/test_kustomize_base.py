"""The kustomize base installs what the chart installs by default; the samples are valid."""

import json
from pathlib import Path

import pytest
import yaml

from sagemaker_ab import __version__

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "manifests" / "samples"

# What says by which tool an object came.
OF_THE_TOOL = {"app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy"}

CRD = ("CustomResourceDefinition", None, "sagemakerabendpoints.sagemaker-ab.dev")


def comparable(manifests):
    """Objects by kind, namespace and name, without the marks of helm and kustomize."""
    found = {}
    for manifest in manifests:
        metadata = manifest["metadata"]
        for marks in ("labels", "annotations"):
            own = {key: value for key, value in metadata.get(marks, {}).items() if key not in OF_THE_TOOL}
            metadata = {key: value for key, value in metadata.items() if key != marks}
            metadata |= {marks: own} if own else {}
        found[manifest["kind"], metadata.get("namespace"), metadata["name"]] = manifest | {
            "metadata": metadata
        }
    return found


def only(manifests, kind):
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


@pytest.fixture(scope="module")
def overlay(kustomize):
    return kustomize("manifests/overlays/example")


@pytest.fixture(scope="module")
def installed(control_plane):
    """CRD and namespace, which must be there before objects that need them can be tried."""
    control_plane.kubectl("apply", "--server-side", "-k", str(ROOT / "crds"), check=True)
    namespace = ROOT / "manifests" / "base" / "namespace.yaml"
    control_plane.kubectl("apply", "--server-side", "-f", str(namespace), check=True)
    control_plane.wait_until_established("crd/sagemakerabendpoints.sagemaker-ab.dev")
    return control_plane


def dry_run(cluster, kind, path):
    return cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", kind, str(path))


def test_it_renders_the_objects_of_the_charts_defaults_and_a_namespace(kustomized, default_objects):
    base, chart = comparable(kustomized), comparable(default_objects)
    namespace = base.pop(("Namespace", None, "sagemaker-ab-system"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert base.keys() == chart.keys() - {CRD}
    for key, manifest in base.items():
        assert manifest == chart[key]


def test_the_crd_stays_when_the_operator_is_deleted(kustomized):
    """`kubectl delete -k manifests/base` must not take every resource, and every endpoint, along."""
    assert CRD not in comparable(kustomized)


def test_the_crd_comes_from_a_kustomization_of_its_own_and_argo_cd_lets_it_be(kustomize, default_objects):
    (crd,) = kustomize("crds")
    (charts,) = (m for m in default_objects if m["kind"] == "CustomResourceDefinition")
    assert crd["spec"] == charts["spec"]
    assert crd["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"


def test_the_example_sets_image_region_and_role_and_nothing_else(overlay, kustomized):
    (container,) = only(overlay, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container.pop("image") == f"registry.example.com/ml/sagemaker-ab-operator:{__version__}"
    assert {"name": "AWS_REGION", "value": "us-east-1"} in container["env"]
    container["env"].remove({"name": "AWS_REGION", "value": "us-east-1"})
    role = only(overlay, "ServiceAccount")["metadata"].pop("annotations")
    assert role == {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/sagemaker-ab-operator"}

    base = json.loads(json.dumps(kustomized))
    only(base, "Deployment")["spec"]["template"]["spec"]["containers"][0].pop("image")
    assert comparable(overlay) == comparable(base)


def test_it_names_the_version_of_the_package(kustomized):
    for manifest in kustomized:
        assert manifest["metadata"]["labels"]["app.kubernetes.io/version"] == __version__


@pytest.mark.parametrize("directory", ["manifests/base", "manifests/overlays/example"])
def test_the_api_server_takes_it_whole(installed, directory):
    applied = installed.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "-k",
        str(ROOT / directory),
    )
    assert applied.returncode == 0, applied.stderr
    assert "Warning" not in applied.stderr


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.yaml")))
def test_the_api_server_takes_the_sample(installed, sample):
    applied = dry_run(installed, "-f", SAMPLES / sample)
    assert applied.returncode == 0, applied.stderr


def sample(name):
    return yaml.safe_load((SAMPLES / name).read_text())


def test_the_samples_are_three_states_of_one_endpoint():
    states = [sample(f"reviews{state}.yaml") for state in ("", "-shifted", "-autoscaled")]
    weights = [[variant.pop("weight") for variant in state["spec"]["variants"]] for state in states]
    assert weights == [[50, 50], [0, 100], [0, 100]]
    bounds = states[2]["spec"]["variants"][1].pop("autoscaling")
    assert (bounds["minCapacity"], bounds["maxCapacity"]) == (1, 2)
    states[2]["spec"]["variants"][1]["instanceCount"] = 1
    assert states[0] == states[1] == states[2]


def test_the_stepped_sample_lets_the_next_model_take_over_from_the_winner():
    shifted, stepped = (sample(f"reviews-{state}.yaml") for state in ("shifted", "stepped"))
    before, after = (
        {each["name"]: each for each in state["spec"]["variants"]} for state in (shifted, stepped)
    )
    policy = stepped["spec"]["traffic"]["stepped"]
    winner = next(each for each in before.values() if each.pop("weight"))
    assert after[policy["baseline"]] == winner
    assert policy["candidate"] not in before
    assert stepped["spec"]["models"][0] == shifted["spec"]["models"][1]
    same = ("endpointName", "region", "executionRoleArn")
    assert [stepped["spec"][field] for field in same] == [shifted["spec"][field] for field in same]


def test_the_scheduled_sample_differs_from_the_autoscaled_one_in_its_autoscaling_only():
    states = [sample(f"reviews-{state}.yaml") for state in ("autoscaled", "scheduled")]
    found = [state["spec"]["variants"][1].pop("autoscaling") for state in states]
    assert states[0] == states[1]
    assert {policy["type"] for policy in found[1]["policies"]} == {"TargetTrackingScaling", "StepScaling"}
    assert [action["timezone"] for action in found[1]["scheduledActions"]] == ["Europe/Berlin"] * 2
