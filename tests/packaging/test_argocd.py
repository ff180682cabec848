"""What Argo CD is taught about the resource: a patch that its ConfigMap takes, in the resource's own words.

The script is Lua, of which no interpreter is among this project's requirements: its text is held, not a run.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.resource import GROUP, KIND
from sagemaker_ab.api.status import Status

PATCH = Path(__file__).parents[2] / "manifests" / "argocd" / "argocd-cm.yaml"
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
