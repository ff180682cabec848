"""Autoscaling of the usual endpoint: its fields, what AWS holds of it, and what the operator writes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.integration.stage import SCALING, held, now, target
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import AUTOSCALING, Spec, with_variant

_AUTOSCALING: dict[str, Any] = AUTOSCALING
INVOCATIONS: Spec = _AUTOSCALING["policies"][0]
"""The policy that the usual endpoint has."""
DIMENSIONS = [{"name": "EndpointName", "value": "reviews"}, {"name": "VariantName", "value": "VariantB"}]
ALARM = {
    "namespace": "AWS/SageMaker",
    "metricName": "Invocations",
    "dimensions": DIMENSIONS,
    "statistic": "Sum",
    "comparisonOperator": "GreaterThanOrEqualToThreshold",
    "threshold": 10,
}
BURSTS: Spec = {
    "name": "bursts",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "cooldownSeconds": 120,
        "stepAdjustments": [
            {"metricIntervalLowerBound": 0, "metricIntervalUpperBound": 20, "scalingAdjustment": 1},
            {"metricIntervalLowerBound": 20, "scalingAdjustment": 2},
        ],
        "alarm": ALARM,
    },
}
CPU = {
    "metricName": "CPUUtilization",
    "namespace": "/aws/sagemaker/Endpoints",
    "dimensions": DIMENSIONS,
    "statistic": "Average",
    "unit": "Percent",
}
_STAT = {"namespace": "AWS/SageMaker", "dimensions": DIMENSIONS}
MATH = {
    "metrics": [
        {
            "id": "m1",
            "metricStat": {**_STAT, "metricName": "Invocations", "stat": "Sum"},
            "returnData": False,
        },
        {
            "id": "m2",
            "metricStat": {**_STAT, "metricName": "ModelLatency", "stat": "p90"},
            "returnData": False,
        },
        {"id": "busy", "expression": "m1 * m2 / 60000000", "label": "Busy instances"},
    ]
}


def scaling(base: Spec = SCALING, **changes: Any) -> Spec:
    """Return the spec with some fields of VariantB's autoscaling changed; a change to None takes one away."""
    before = next(each for each in base["variants"] if each["name"] == "VariantB")["autoscaling"]
    fields = {name: value for name, value in {**before, **changes}.items() if value is not None}
    return with_variant(base, "VariantB", autoscaling=fields)


def tracking(name: str, **settings: Any) -> dict[str, Any]:
    """Return a target tracking policy for CPU utilization, with other settings if they are given."""
    metric = {} if "predefinedMetricType" in settings else {"customizedMetric": CPU}
    kind = {"targetValue": 60, **metric, **settings}
    return {"name": name, "type": "TargetTrackingScaling", "targetTrackingScaling": kind}


def stepping(
    name: str = "bursts", *, alarm: Mapping[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """Return a step policy like `bursts`, with other settings, of itself and of its alarm."""
    kind = {**BURSTS["stepScaling"], **settings, "alarm": {**ALARM, **(alarm or {})}}
    return {"name": name, "type": "StepScaling", "stepScaling": kind}


def writes_of(operator: InProcessOperator, change: Any, *, stalls: bool = False) -> list[str]:
    """Return what the operator writes until it is settled again: operations with the names of their objects.

    `change` is a spec to apply, or what somebody does meanwhile.
    """
    before = len(operator.writes())
    if callable(change):
        change()
    else:
        operator.cluster.apply(change)
    (operator.settle_or_stall if stalls else operator.settle)()
    return [_written(call) for call in operator.writes()[before:]]


def writes_of_one(operator: InProcessOperator) -> list[str]:
    """Return what the operator writes in one reconcile."""
    before = len(operator.writes())
    operator.step()
    return [_written(call) for call in operator.writes()[before:]]


def _written(call: Mapping[str, Any]) -> str:
    params = call["params"]
    name = params.get("PolicyName") or params.get("ScheduledActionName") or ""
    text = f"{call['operation']} {name}".strip()
    return text if call["code"] == "ok" else f"{text} ({call['code']})"


def alarms(operator: InProcessOperator) -> dict[str, Any]:
    """Return the alarms that people and the operator have put."""
    return held(operator, "alarms")


def alarm_of(operator: InProcessOperator) -> dict[str, Any]:
    """Return the only alarm that there is."""
    (found,) = alarms(operator).values()
    return dict(found)


def alarm_name(operator: InProcessOperator) -> str:
    (name,) = alarms(operator)
    return str(name)


def cloudwatch_by_hand(operator: InProcessOperator, operation: str, **params: Any) -> None:
    operator.sim.edit(call={"service": "cloudwatch", "operation": operation, "params": params})


def policy_arns(operator: InProcessOperator) -> dict[str, str]:
    """Return the ARNs of VariantB's policies by name."""
    found = operator.sim.client("application-autoscaling", access_key="AKIAPERSON").describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId="endpoint/reviews/variant/VariantB"
    )
    return {policy["PolicyName"]: policy["PolicyARN"] for policy in found["ScalingPolicies"]}


def tracking_alarms(operator: InProcessOperator) -> list[str]:
    """Return the names of the alarms that AWS keeps for target tracking."""
    client = operator.sim.client("cloudwatch", access_key="AKIAPERSON")
    found = client.describe_alarms(AlarmNamePrefix="TargetTracking")["MetricAlarms"]
    return [str(alarm["AlarmName"]) for alarm in found]


def bounds(operator: InProcessOperator) -> tuple[int, int]:
    found = target(operator)
    assert found is not None
    return found["min"], found["max"]


def scaling_status(operator: InProcessOperator) -> dict[str, Any]:
    """Return status.scaling of VariantB."""
    assert operator.cluster.resource is not None
    (found,) = operator.cluster.resource["status"]["scaling"]
    return dict(found)


def at(operator: InProcessOperator, *, minutes: float) -> str:
    """Return an at expression for a time from now, in UTC."""
    return f"at({datetime.fromtimestamp(now(operator) + 60 * minutes, UTC):%Y-%m-%dT%H:%M:%S})"


NOON = {
    "name": "noon",
    "schedule": "cron(0 12 ? * MON-FRI *)",
    "timezone": "Europe/Berlin",
    "startTime": "2026-01-05T00:00:00Z",
    "endTime": "2026-06-30T00:00:00Z",
    "minCapacity": 2,
    "maxCapacity": 6,
}
ALL = scaling(
    policies=[INVOCATIONS, BURSTS, tracking("cpu")],
    scheduledActions=[NOON],
    suspended={"scaleIn": True, "scaleOut": False, "scheduled": False},
)


def policies(*found):
    return scaling(policies=list(found))


def actions(**changes):
    return scaling(scheduledActions=[{k: v for k, v in {**NOON, **changes}.items() if v is not None}])


def invocations(**settings):
    kind = {**INVOCATIONS["targetTrackingScaling"], **settings}
    return {**INVOCATIONS, "targetTrackingScaling": kind}


def change_alarm_by_hand(operator, **changes):
    members = {key: value for key, value in alarm_of(operator).items() if key != "Tags"}
    cloudwatch_by_hand(operator, "PutMetricAlarm", **{**members, **changes})
