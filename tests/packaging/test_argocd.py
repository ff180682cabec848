"""What Argo CD is taught about the resource: a patch that its ConfigMap takes, in the resource's own words.

The script is Lua, of which no interpreter is among this project's requirements: its text is held, not a run.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.resource import GROUP, KIND, parse_spec
from sagemaker_ab.api.status import Status

ROOT = Path(__file__).parents[2]
PATCH = ROOT / "manifests" / "argocd" / "argocd-cm.yaml"
DATA = yaml.safe_load(PATCH.read_text())["data"]
SCRIPT = DATA[f"resource.customizations.health.{GROUP}_{KIND}"]


@pytest.fixture
def argocds_own(control_plane):
    """Argo CD's ConfigMap with a setting of somebody else's in it."""
    control_plane.kubectl("create", "configmap", "argocd-cm", "--from-literal=url=https://x", check=True)
    yield lambda: json.loads(control_plane.kubectl("get", "configmap/argocd-cm", "-o=json").stdout)["data"]
    control_plane.kubectl("delete", "configmap", "argocd-cm", check=True)


def test_the_patch_adds_to_argo_cds_settings_and_takes_none_away(control_plane, argocds_own):
    control_plane.kubectl("patch", "configmap", "argocd-cm", f"--patch-file={PATCH}", check=True)
    assert argocds_own() == {"url": "https://x", **DATA}


def test_conditions_are_judged_as_kstatus_does_the_worst_first():
    judged = re.findall(r'\{"(\w+)", "(\w+)"\}', SCRIPT)
    assert judged == [
        (ConditionType.STALLED, "Degraded"),
        (ConditionType.RECONCILING, "Progressing"),
        (ConditionType.READY, "Healthy"),
    ]


def test_a_status_of_another_generation_says_nothing():
    assert "status.observedGeneration ~= obj.metadata.generation" in SCRIPT


def test_it_asks_for_no_library_that_argo_cd_keeps_from_scripts():
    """Scripts of argocd-cm run without `string`, `io` and `debug`.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
    """
    assert re.search(r"\b(string|io|debug|require)\b", SCRIPT) is None


def test_what_is_overlooked_in_status_is_there():
    overlooked = yaml.safe_load(DATA[f"resource.customizations.ignoreResourceUpdates.{GROUP}_{KIND}"])
    names = {pointer.rsplit("/", 1)[1] for pointer in overlooked["jsonPointers"]}
    assert names <= Status.model_fields.keys()


APPLICATIONS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted(PATCH.parent.glob("*.yaml"))
    if path != PATCH
}


def test_the_operator_and_the_endpoints_are_separate_applications():
    assert APPLICATIONS.keys() == {"operator", "endpoints"}
    names = {each["metadata"]["name"] for each in APPLICATIONS.values()}
    assert len(names) == len(APPLICATIONS)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_compares_on_the_server_and_neither_replaces_nor_prunes(name):
    application = APPLICATIONS[name]
    assert (application["apiVersion"], application["kind"]) == ("argoproj.io/v1alpha1", "Application")
    assert application["metadata"]["annotations"] == {
        "argocd.argoproj.io/compare-options": "ServerSideDiff=true"
    }
    policy = application["spec"]["syncPolicy"]
    assert policy == {
        "automated": {"selfHeal": True},
        "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
    }


def test_the_operators_application_installs_the_chart_with_values_that_it_takes(render):
    source = APPLICATIONS["operator"]["spec"]["source"]
    assert (ROOT / source["path"] / "Chart.yaml").exists()
    manifests = render(**source["helm"]["valuesObject"])
    (deployment,) = (each for each in manifests if each["kind"] == "Deployment")
    assert deployment["metadata"]["name"] == source["helm"]["releaseName"]
    assert deployment["metadata"]["namespace"] == APPLICATIONS["operator"]["spec"]["destination"]["namespace"]


def test_the_application_of_the_endpoints_brings_resources_that_are_valid():
    source = APPLICATIONS["endpoints"]["spec"]["source"]
    brought = list((ROOT / source["path"]).glob(source["directory"]["include"]))
    assert brought
    for path in brought:
        manifest = yaml.safe_load(path.read_text())
        assert manifest["kind"] == KIND
        parse_spec(manifest["spec"])
