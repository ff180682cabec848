"""Status that keeps to the models is taken by the API server, and each constraint of its schema is enforced.

So that no status of the operator's is ever refused: a refusal would stop the pass that wrote it.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
from kubernetes.client import ApiException, CustomObjectsApi
from kubernetes.config import new_client_from_config
from pydantic import ValidationError

from hack import crd
from sagemaker_ab.api.resource import GROUP, PLURAL, VERSION
from sagemaker_ab.api.status import Status
from sandbox.cluster.cluster import Cluster
from tests.integration.breaches import GIVEN
from tests.integration.schema_paths import parts, places, walk, with_value

NAME = "status-constraints"
MOMENT = "2026-11-25T04:00:00Z"
MICROS = {"average": 1200, "p50": 1100, "p90": 1500, "p99": 2000}
FULL: dict[str, Any] = {
    "observedGeneration": 1,
    "summary": "VariantA=50% VariantB=50%",
    "account": "123456789012",
    "region": "us-east-1",
    "lastHandledReconcileAt": "today",
    "endpoint": {
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews-prod",
        "status": "InService",
        "configName": "reviews-prod-1",
        "pendingConfigName": "reviews-prod-2",
        "configContent": "{}",
        "failureReason": "The primary container did not pass the ping health check.",
        "since": MOMENT,
        "tagKeys": ["team"],
    },
    "deployment": {
        "fingerprint": "0123456789abcdef",
        "contentFingerprint": "0123456789",
        "previousConfigName": "reviews-prod-1",
        "previousFailureReason": "",
        "configName": "reviews-prod-2",
        "attempts": 1,
        "state": "Failed",
        "since": MOMENT,
        "lastModifiedTime": "2026-11-25T04:00:00.123Z",
        "message": "",
    },
    "variants": [
        {
            "name": "VariantA",
            "modelName": "reviews-prod-bert-a-1",
            "imageDigest": "repository@sha256:0123",
            "desiredWeight": "50",
            "currentWeight": "0.5",
            "instances": {"current": 1, "desired": 1, "min": 1, "max": 2},
        }
    ],
    "lastInstanceCounts": [{"name": "VariantA", "count": 3}],
    "releasedScaling": [{"name": "VariantA", "content": "{}", "since": MOMENT}],
    "scaling": [
        {
            "name": "VariantB",
            "minCapacity": 1,
            "maxCapacity": 2,
            "since": MOMENT,
            "scheduledActions": [{"name": "morning", "fingerprint": "0123456789", "since": MOMENT}],
            "policies": ["invocations"],
            "suspended": ["scaleIn"],
            "scaleInSuspendedFor": "0123456789-1",
            "inEffect": {"name": "morning", "at": MOMENT},
            "next": {"name": "evening", "at": MOMENT},
            "lastActivity": {
                "status": "Failed",
                "reason": "Quota",
                "message": "Failed to set desired instance count to 2.",
                "since": MOMENT,
            },
        }
    ],
    "metrics": {
        "windowStart": MOMENT,
        "windowEnd": MOMENT,
        "periodSeconds": 300,
        "variants": [
            {
                "name": "VariantA",
                "invocations": 100,
                "invocationsPerInstance": "50.00",
                "invocation4XXErrors": 0,
                "invocation5XXErrors": 0,
                "invocationModelErrors": 0,
                "modelLatencyMicros": MICROS,
                "overheadLatencyMicros": {"average": 300},
                "cpuUtilizationPercent": "7.10",
                "memoryUtilizationPercent": "7.10",
                "diskUtilizationPercent": "7.10",
                "gpuUtilizationPercent": "7.10",
                "gpuMemoryUtilizationPercent": "7.10",
            }
        ],
    },
    "traffic": {
        "strategy": "Stepped",
        "mode": "Apply",
        "run": "0123456789-2",
        "attempt": 2,
        "startedAt": MOMENT,
        "baseline": "VariantA",
        "candidate": "VariantB",
        "step": {"number": 2, "of": 4, "percent": 10, "since": MOMENT, "appliedSince": MOMENT},
        "weights": [{"variant": "VariantA", "percent": 90}],
        "outcome": "Promoted",
        "endedAt": MOMENT,
        "message": "Waiting for 120 more requests.",
        "previous": {
            "run": "9876543210-1",
            "outcome": "RolledBack",
            "endedAt": MOMENT,
            "message": "A breaker tripped.",
        },
        "patch": "[]",
        "gates": [
            {
                "name": "minRequests",
                "state": "Waiting",
                "message": "400 of 1000 requests",
                "value": "400",
                "required": "1000",
                "until": MOMENT,
            }
        ],
        "comparisons": [
            {
                "metric": "ServerErrors",
                "variant": "VariantB",
                "baselineValue": "0.01",
                "value": "0.011",
                "ratio": "1.1",
                "interval": {"lower": "0.7", "upper": "1.7"},
                "evidenceLog10": "-0.4",
                "neededLog10": "2",
                "requestsNeeded": {"half": 1000, "most": 2000},
                "secondsNeeded": {"half": 600, "most": 1200},
            }
        ],
        "decisions": [
            {
                "at": MOMENT,
                "verdict": "Undecided",
                "reason": "StepHold",
                "step": 2,
                "percent": 10,
                "message": "The step has not had its requests.",
            }
        ],
        "commands": [
            {
                "command": "approve",
                "value": "0123456789-2/1",
                "at": MOMENT,
                "effect": "Applied",
                "message": "Step 1 is approved.",
            }
        ],
        "held": False,
        "approvedSteps": [1],
        "data": {"state": "Fresh", "message": "", "since": MOMENT},
        "watermark": MOMENT,
        "state": "{}",
    },
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "InService",
            "message": "",
            "lastTransitionTime": MOMENT,
            "observedGeneration": 1,
        }
    ],
}
SCHEMA = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
PLACES = dict(reversed([*places(FULL, "status")]))

# For each keyword what breaks it, by its bound and by a value that keeps to it.
BREAKING: dict[str, Callable[[Any, Any], Any]] = {
    "type": lambda kind, _: {
        "string": 7,
        "integer": "seven",
        "boolean": "maybe",
        "object": "text",
        "array": "text",
    }[kind],
    "minLength": lambda *_: "",
    "maxLength": lambda bound, _: "a" * (bound + 1),
    "pattern": lambda *_: "!",
    "enum": lambda *_: "Nonsense",
    "minimum": lambda bound, _: bound - 1,
    "maximum": lambda bound, _: bound + 1,
    "maxItems": lambda bound, items: items * (bound + 1),
    "x-kubernetes-list-map-keys": lambda _, items: items * 2,
}
OTHERS = {"description", "default", "properties", "required", "items", "format", "x-kubernetes-list-type"}


def breaches() -> Iterator[tuple[str, str, Any]]:
    """Yield, for every constraint of status, a path, the keyword and a value that breaks it there."""
    for path, node in walk(SCHEMA, "status"):
        assert node.keys() <= BREAKING.keys() | OTHERS, path
        place = PLACES[path]
        for keyword in sorted(node.keys() & BREAKING.keys()):  # the same order in every process
            yield place, keyword, BREAKING[keyword](node[keyword], value_at(place))
        yield from ((f"{place}.{name}", "required", None) for name in node.get("required", ()))
        if node.get("format") == "date-time":
            yield place, "format", "yesterday"


def value_at(path: str) -> Any:
    value: Any = {"status": FULL}
    for part in parts(path):
        value = value[part]
    return value


@pytest.fixture(scope="module")
def server(control_plane: Cluster) -> Iterator[CustomObjectsApi]:
    control_plane.define(crd.FILE)
    api = CustomObjectsApi(new_client_from_config(str(control_plane.kubeconfig)))
    resource = {**GIVEN, "metadata": {"name": NAME}}
    api.create_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, resource)
    yield api
    api.delete_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, NAME)


def refusal(server: CustomObjectsApi, changed: dict[str, Any]) -> str:
    resource = server.get_namespaced_custom_object(GROUP, VERSION, "default", PLURAL, NAME)
    try:
        server.replace_namespaced_custom_object_status(
            GROUP,
            VERSION,
            "default",
            PLURAL,
            NAME,
            {**resource, **changed},
            dry_run="All",
            field_validation="Strict",
        )
    except ApiException as refused:
        if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return str(refused.body)
    return ""


def test_a_status_with_every_field_is_taken_as_the_models_write_it(server: CustomObjectsApi) -> None:
    written = Status.model_validate(FULL).model_dump(by_alias=True, exclude_none=True)
    assert written == FULL
    assert {path for path, _ in walk(SCHEMA, "status")} == PLACES.keys()
    assert refusal(server, {"status": written}) == ""


@pytest.mark.parametrize(
    ("path", "keyword", "value"), [pytest.param(*b, id=f"{b[1]} of {b[0]}") for b in breaches()]
)
def test_the_server_refuses_what_the_models_do_not_write(
    server: CustomObjectsApi, path: str, keyword: str, value: Any
) -> None:
    changed = with_value({"status": FULL}, path, value)
    assert path in refusal(server, changed), keyword
    try:
        written = Status.model_validate(changed["status"])
    except ValidationError:
        return
    # AWS's own words are cut to what the schema allows.
    assert keyword == "maxLength"
    assert refusal(server, {"status": written.model_dump(by_alias=True, exclude_none=True)}) == ""
