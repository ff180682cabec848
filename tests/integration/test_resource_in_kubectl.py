"""The resource in a user's hands: kubectl explains, lists, applies and waits for it as for a built-in one."""

import copy
import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from hack import crd
from sandbox.cluster.cluster import Cluster
from tests.integration.breaches import GIVEN

Kubectl = Callable[..., CompletedProcess[str]]

READY = {
    "observedGeneration": 1,
    "summary": "VariantA=50% VariantB=50%",
    "region": "us-east-1",
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "InService",
            "message": "",
            "lastTransitionTime": "2026-11-25T04:00:00Z",
            "observedGeneration": 1,
        }
    ],
}


@pytest.fixture(scope="module", autouse=True)
def _resource_definition(control_plane: Cluster, kubectl: Kubectl, eventually: Callable[..., Any]) -> None:
    control_plane.define(crd.FILE)
    eventually(lambda: kubectl("explain", "smab").returncode, lambda code: code == 0)


@pytest.fixture
def applied(kubectl: Kubectl) -> Iterator[str]:
    """The manifest of a resource that has been applied."""
    manifest = json.dumps({**copy.deepcopy(GIVEN), "metadata": {"name": "in-kubectl"}})
    kubectl("apply", "--server-side", "-f", "-", input=manifest, check=True)
    yield manifest
    kubectl("delete", "-f", "-", input=manifest, check=True)


def get(kubectl: Kubectl, *arguments: str) -> str:
    return kubectl("get", "smab", "in-kubectl", *arguments, check=True).stdout


def property_names(schema: dict[str, Any]) -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield name
        yield from property_names(child.get("items", child))


def test_explain_shows_every_field(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "smab", "--recursive", check=True).stdout.split()
    root = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert [name for name in property_names(root) if name not in shown] == []


def test_explain_says_what_a_field_is_for(kubectl: Kubectl) -> None:
    shown = kubectl("explain", "smab.spec.variants.weight", check=True).stdout
    assert "weight <integer>" in shown
    assert "share of the traffic, relative to the sum of all weights" in " ".join(shown.split())


@pytest.mark.usefixtures("applied")
def test_short_name_and_category_find_the_resource(kubectl: Kubectl) -> None:
    for word in ("smab", "sagemaker", "sagemakerabendpoint"):
        assert "in-kubectl" in kubectl("get", word, "--output=name", check=True).stdout


@pytest.mark.usefixtures("applied")
def test_columns_show_endpoint_weights_and_readiness(kubectl: Kubectl) -> None:
    patch_status(kubectl, READY)
    header, row = get(kubectl, "--output=wide").splitlines()
    assert header.split() == ["NAME", "ENDPOINT", "WEIGHTS", "READY", "REASON", "REGION", "AGE"]
    assert row.split()[:-1] == [
        *("in-kubectl", "reviews-prod", "VariantA=50%", "VariantB=50%", "True", "InService", "us-east-1")
    ]
    assert "REGION" not in get(kubectl)


def patch_status(kubectl: Kubectl, status: dict[str, Any]) -> None:
    patch = json.dumps({"status": status})
    kubectl(
        "patch", "smab", "in-kubectl", "--subresource=status", "--type=merge", "--patch", patch, check=True
    )


@pytest.mark.usefixtures("applied")
def test_a_new_resource_has_not_been_observed(kubectl: Kubectl) -> None:
    assert json.loads(get(kubectl, "--output=json"))["status"] == {"observedGeneration": -1}


@pytest.mark.usefixtures("applied")
def test_wait_ends_when_the_resource_is_ready(kubectl: Kubectl) -> None:
    waiting = ("wait", "smab/in-kubectl", "--for=condition=Ready")
    assert kubectl(*waiting, "--timeout=0s").returncode != 0
    patch_status(kubectl, READY)
    assert kubectl(*waiting, "--timeout=10s").returncode == 0


def test_applying_the_same_twice_changes_nothing(kubectl: Kubectl, applied: str) -> None:
    """Once there is a status: before the first one, the server's next write stores the default of status."""
    patch_status(kubectl, READY)
    before = json.loads(get(kubectl, "--output=json"))["metadata"]
    kubectl("apply", "--server-side", "-f", "-", input=applied, check=True)
    after = json.loads(get(kubectl, "--output=json"))["metadata"]
    assert (after["resourceVersion"], after["generation"]) == (before["resourceVersion"], 1)


def test_two_people_may_each_own_a_variant(kubectl: Kubectl, applied: str) -> None:
    """Variants are a map by name: applying one leaves what another applied."""
    resource = json.loads(applied)
    added = {**resource["spec"]["variants"][0], "name": "VariantD", "weight": 7}
    part = {**resource, "spec": {"variants": [added]}}
    kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", input=json.dumps(part), check=True)
    names = [variant["name"] for variant in json.loads(get(kubectl, "--output=json"))["spec"]["variants"]]
    assert names == ["VariantA", "VariantB", "VariantC", "VariantD"]
