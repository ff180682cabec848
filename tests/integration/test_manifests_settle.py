"""A manifest that is applied again changes nothing, for kubectl and for tools that compare on the client.

A client-side apply replaces lists as a whole. What the API server added to an item of a list, such as a
default, is then a difference, each time.
"""

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from hack import crd
from sagemaker_ab.api.resource import KIND
from sandbox.cluster.cluster import Cluster
from tests.integration.breaches import GIVEN
from tests.integration.stepped_breaches import STEPPED_GIVEN

Kubectl = Callable[..., CompletedProcess[str]]
Manifest = dict[str, Any]

ROOT = Path(__file__).parents[2]


def in_the_readme() -> Iterator[tuple[str, Manifest]]:
    for block in (ROOT / "README.md").read_text().split("```yaml\n")[1:]:
        manifest = yaml.safe_load(block.partition("```")[0])
        if manifest.get("kind") == KIND:
            yield "README.md", manifest


def samples() -> Iterator[tuple[str, Manifest]]:
    for path in sorted((ROOT / "manifests" / "samples").glob("*.yaml")):
        yield path.name, yaml.safe_load(path.read_text())


def with_required_fields_only(given: Manifest) -> Manifest:
    """Return a resource that leaves out all that it may, in every kind of list item that there is."""
    schema = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return {**given, "spec": required_only(given["spec"], schema)}


CHOICES = {
    *("primaryContainer", "containers", "existingModelName", "framework", "image", "modelPackageName"),
    *("instanceCount", "autoscaling", "executionRoleArn"),
    *("policies", "targetTrackingScaling", "stepScaling", "predefinedMetricType", "customizedMetric"),
    *("metricName", "namespace", "statistic", "extendedStatistic", "metrics", "metricStat", "expression"),
    *("returnData", "metricIntervalLowerBound", "metricIntervalUpperBound", "dimensions"),
    *("scheduledActions", "minCapacity", "maxCapacity"),
    *("weight", "traffic", "strategy", "stepped", "candidate", "guardrails", "breakers", "maxMicros"),
}
"""Optional fields of which a rule requires one."""


def required_only(value: Any, schema: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [required_only(item, schema["items"]) for item in value]
    if isinstance(value, dict) and "properties" in schema:
        kept = {*schema.get("required", ()), *CHOICES}
        return {
            name: required_only(child, schema["properties"][name])
            for name, child in value.items()
            if name in kept
        }
    return value


MANIFESTS = [
    *samples(),
    *in_the_readme(),
    ("every field", GIVEN),
    ("every field of Stepped", STEPPED_GIVEN),
    ("required fields only", with_required_fields_only(GIVEN)),
    ("required fields of Stepped only", with_required_fields_only(STEPPED_GIVEN)),
]


@pytest.fixture(scope="module", autouse=True)
def _resource_definition(control_plane: Cluster) -> None:
    control_plane.define(crd.FILE)


@pytest.fixture(params=MANIFESTS, ids=lambda manifest: manifest[0])
def applied(request: pytest.FixtureRequest, kubectl: Kubectl) -> Iterator[Manifest]:
    """A manifest that has been applied once, under a name of its own."""
    manifest = copy.deepcopy(request.param[1])
    manifest["metadata"]["name"] = f"settles-{uuid.uuid4().hex[:10]}"
    assert apply(kubectl, manifest).stdout.endswith(" created\n")
    yield manifest
    kubectl("delete", "-f", "-", input=json.dumps(manifest), check=True)


def apply(kubectl: Kubectl, manifest: Manifest, *options: str) -> CompletedProcess[str]:
    return kubectl("apply", *options, "-f", "-", input=json.dumps(manifest), check=True)


def test_applied_again_it_is_unchanged(kubectl: Kubectl, applied: Manifest) -> None:
    assert apply(kubectl, applied).stdout.endswith(" unchanged\n")


def test_applied_by_the_server_it_is_the_same(kubectl: Kubectl, applied: Manifest) -> None:
    """As Argo CD compares with server-side diff: by a dry run of an apply under another field manager."""
    by = ("--server-side", "--dry-run=server", "--field-manager=argocd-controller", "--output=json")
    proposed: Manifest = json.loads(apply(kubectl, applied, *by).stdout)
    proposed["metadata"].pop("managedFields", None)
    assert proposed == live(kubectl, applied)


def live(kubectl: Kubectl, manifest: Manifest) -> Manifest:
    found: Manifest = json.loads(
        kubectl("get", "smab", manifest["metadata"]["name"], "--output=json", check=True).stdout
    )
    return found


def test_the_server_stores_lists_as_they_were_written(kubectl: Kubectl, applied: Manifest) -> None:
    assert lists_in(live(kubectl, applied)["spec"]) == lists_in(applied["spec"])


def lists_in(spec: Manifest) -> Manifest:
    return {name: value for name, value in spec.items() if isinstance(value, list)}
