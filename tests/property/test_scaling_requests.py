"""What the spec allows in autoscaling, AWS accepts, as far as its service models say.

The constraints come from botocore's models of the requests. Each one is broken alone in a valid spec, and the
spec is refused. The other way around, the requests for any valid spec satisfy the models.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from hack import crd
from sagemaker_ab.api.resource import InvalidSpec, parse_resource_file, parse_spec
from sagemaker_ab.planning.desired_scaling import DesiredScaling, alarm_prefix_of, desired_scaling
from sagemaker_ab.planning.ownership import Owner
from sandbox.aws.engine.autoscaling.steps import problem
from sandbox.aws.validation import pattern, problems
from tests.integration.breaches import GIVEN
from tests.integration.schema_paths import places, walk, with_value
from tests.property.scaling_specs import autoscalings

OPERATIONS = {
    "PutScalingPolicy": "application-autoscaling",
    "PutScheduledAction": "application-autoscaling",
    "RegisterScalableTarget": "application-autoscaling",
    "PutMetricAlarm": "cloudwatch",
}
DIMENSIONS = {"": "", "[]": "[]", "[].Name": "[].name", "[].Value": "[].value"}
STEPS = {
    "": "stepScaling",
    ".AdjustmentType": "stepScaling.adjustmentType",
    ".StepAdjustments": "stepScaling.stepAdjustments",
    ".StepAdjustments[]": "stepScaling.stepAdjustments[]",
    ".StepAdjustments[].MetricIntervalLowerBound": "stepScaling.stepAdjustments[].metricIntervalLowerBound",
    ".StepAdjustments[].MetricIntervalUpperBound": "stepScaling.stepAdjustments[].metricIntervalUpperBound",
    ".StepAdjustments[].ScalingAdjustment": "stepScaling.stepAdjustments[].scalingAdjustment",
    ".MinAdjustmentMagnitude": "stepScaling.minAdjustmentMagnitude",
    ".Cooldown": "stepScaling.cooldownSeconds",
    ".MetricAggregationType": "stepScaling.metricAggregationType",
}
QUERY = {
    "": "",
    ".Id": ".id",
    ".Expression": ".expression",
    ".Label": ".label",
    ".ReturnData": ".returnData",
    ".MetricStat": ".metricStat",
    ".MetricStat.Metric": ".metricStat",
    ".MetricStat.Metric.MetricName": ".metricStat.metricName",
    ".MetricStat.Metric.Namespace": ".metricStat.namespace",
    **{
        f".MetricStat.Metric.Dimensions{aws}": f".metricStat.dimensions{ours}"
        for aws, ours in DIMENSIONS.items()
    },
    ".MetricStat.Stat": ".metricStat.stat",
    ".MetricStat.Unit": ".metricStat.unit",
}
CUSTOMIZED = {
    "": "",
    ".MetricName": ".metricName",
    ".Namespace": ".namespace",
    **{f".Dimensions{aws}": f".dimensions{ours}" for aws, ours in DIMENSIONS.items()},
    ".Statistic": ".statistic",
    ".Unit": ".unit",
    ".Metrics": ".metrics",
    **{f".Metrics[]{aws}": f".metrics[]{ours}" for aws, ours in QUERY.items()},
}
TRACKING = {
    "": "",
    ".TargetValue": ".targetValue",
    ".PredefinedMetricSpecification": "",
    ".PredefinedMetricSpecification.PredefinedMetricType": ".predefinedMetricType",
    ".ScaleOutCooldown": ".scaleOutCooldownSeconds",
    ".ScaleInCooldown": ".scaleInCooldownSeconds",
    ".DisableScaleIn": ".disableScaleIn",
    **{
        f".CustomizedMetricSpecification{aws}": f".customizedMetric{ours}" for aws, ours in CUSTOMIZED.items()
    },
}
ALARM = {
    "Namespace": "namespace",
    "MetricName": "metricName",
    **{f"Dimensions{aws}": f"dimensions{ours}" for aws, ours in DIMENSIONS.items()},
    "Statistic": "statistic",
    "ExtendedStatistic": "extendedStatistic",
    "Unit": "unit",
    "ComparisonOperator": "comparisonOperator",
    "Threshold": "threshold",
    "Period": "periodSeconds",
    "EvaluationPeriods": "evaluationPeriods",
    "DatapointsToAlarm": "datapointsToAlarm",
    "TreatMissingData": "treatMissingData",
}
FIELDS = {
    "PutScalingPolicy.PolicyName": "policies[].name",
    "PutScalingPolicy.PolicyType": "policies[].type",
    **{
        f"PutScalingPolicy.StepScalingPolicyConfiguration{aws}": f"policies[].{ours}"
        for aws, ours in STEPS.items()
    },
    **{
        f"PutScalingPolicy.TargetTrackingScalingPolicyConfiguration{aws}": (
            f"policies[].targetTrackingScaling{ours}"
        )
        for aws, ours in TRACKING.items()
    },
    "PutScheduledAction.ScheduledActionName": "scheduledActions[].name",
    "PutScheduledAction.Schedule": "scheduledActions[].schedule",
    "PutScheduledAction.Timezone": "scheduledActions[].timezone",
    "PutScheduledAction.StartTime": "scheduledActions[].startTime",
    "PutScheduledAction.EndTime": "scheduledActions[].endTime",
    "PutScheduledAction.ScalableTargetAction": "scheduledActions[]",
    "PutScheduledAction.ScalableTargetAction.MinCapacity": "scheduledActions[].minCapacity",
    "PutScheduledAction.ScalableTargetAction.MaxCapacity": "scheduledActions[].maxCapacity",
    "RegisterScalableTarget.MinCapacity": "minCapacity",
    "RegisterScalableTarget.MaxCapacity": "maxCapacity",
    "RegisterScalableTarget.SuspendedState": "suspended",
    "RegisterScalableTarget.SuspendedState.DynamicScalingInSuspended": "suspended.scaleIn",
    "RegisterScalableTarget.SuspendedState.DynamicScalingOutSuspended": "suspended.scaleOut",
    "RegisterScalableTarget.SuspendedState.ScheduledScalingSuspended": "suspended.scheduled",
    **{f"PutMetricAlarm.{aws}": f"policies[].stepScaling.alarm.{ours}" for aws, ours in ALARM.items()},
}
"""The fields of `autoscaling` that decide members of the requests."""

OPERATORS_OWN = ("ServiceNamespace", "ResourceId", "ScalableDimension", "AlarmName", "AlarmActions", "Tags")
"""Members that the operator fills in."""

NEVER_SENT = (
    "PredictiveScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel",
    "RoleARN",
    *("AlarmDescription", "ActionsEnabled", "OKActions", "InsufficientDataActions", "Metrics"),
    *("EvaluateLowSampleCountPercentile", "ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration"),
    *("EvaluationCriteria", "EvaluationInterval", "ActionConfiguration"),
)

SCHEMA = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
AUTOSCALING = "spec.variants[].autoscaling"
NODES = {
    path.removeprefix(f"{AUTOSCALING}."): node
    for path, node in walk(SCHEMA, "")
    if path.startswith(f"{AUTOSCALING}.")
}
PLACES = {path.removeprefix(f"{AUTOSCALING}."): place for path, place in reversed([*places(GIVEN)])}
KINDS = {
    "string": {"string"},
    "integer": {"integer"},
    "double": {"integer or string"},
    "boolean": {"boolean"},
    "timestamp": {"date-time"},
    "list": {"array"},
    "structure": {"object"},
}
INT32 = 2**31 - 1
ODD_TEXTS = ("", " ", "\x00", "a\x00", " a", "a ", "a:b", "a/b", "a|b", ":a", "a\x7f", "é\x07")


@cache
def input_shape(operation: str) -> Shape:
    service = botocore.session.get_session().get_service_model(OPERATIONS[operation])
    found = service.operation_model(operation).input_shape
    assert found is not None
    return found


def members(shape: Any, path: str, *, required: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Yield every member below a shape with its path, its shape and whether it is required."""
    if path not in OPERATIONS:
        yield path, shape, required
    if path.partition(".")[2].startswith((*OPERATORS_OWN, *NEVER_SENT)):
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from members(member, f"{path}.{name}", required=name in shape.required_members)
    elif shape.type_name == "list":
        yield from members(shape.member, f"{path}[]")


MEMBERS = [member for operation in OPERATIONS for member in members(input_shape(operation), operation)]
FROM_SPEC = [(FIELDS[path], shape, required) for path, shape, required in MEMBERS if path in FIELDS]


def test_each_member_of_the_requests_comes_from_a_field_or_the_operator_or_is_never_sent() -> None:
    others = (*OPERATORS_OWN, *NEVER_SENT)
    unknown = [path for path, *_ in MEMBERS if not path.partition(".")[2].startswith(others)]
    assert {path for path in unknown if path not in FIELDS} == set()
    assert FIELDS.keys() <= {*unknown}


def test_each_field_exists_in_the_crd_with_the_type_of_its_member() -> None:
    wrong = [
        (field, shape.type_name)
        for field, shape, _ in FROM_SPEC
        if kind(NODES[field]) not in KINDS[shape.type_name]
    ]
    assert wrong == []


def kind(node: dict[str, Any]) -> str:
    if "x-kubernetes-int-or-string" in node:
        return "integer or string"
    return "date-time" if node.get("format") == "date-time" else str(node["type"])


def test_no_field_allows_more_than_its_member() -> None:
    for field, shape, _ in FROM_SPEC:
        node, limits = NODES[field], shape.metadata
        if "enum" in limits:
            assert {*node["enum"]} <= {*limits["enum"]}, field
        if "max" in limits and "enum" not in node:
            assert node.get("maxLength", node.get("maxItems", node.get("maximum"))) <= limits["max"], field
        if shape.type_name == "integer":
            assert -INT32 <= node["minimum"] <= node["maximum"] <= INT32, field


def broken() -> Iterator[tuple[str, str, Any]]:
    """Yield every constraint as its field, its kind and a value that breaks it; None takes the field away."""
    for field, shape, required in FROM_SPEC:
        limits, kind_of = shape.metadata, shape.type_name
        if required:
            yield field, "required", None
        if "enum" in limits:
            yield field, "enum", "Nonsense"
        if "min" in limits:
            yield (
                field,
                "min",
                limits["min"] - 1 if kind_of == "integer" else {"string": "", "list": []}[kind_of],
            )
        if "max" in limits:
            items = [{"name": f"d{number}", "value": "v"} for number in range(limits["max"] + 1)]
            yield field, "max", items if kind_of == "list" else "a" * (limits["max"] + 1)
        if "pattern" in limits:
            java = pattern(limits["pattern"])
            yield from ((field, "pattern", odd) for odd in ODD_TEXTS if not java.fullmatch(odd))


BROKEN = [*broken()]
BOUNDS = ("enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems")


def test_constraints_of_every_kind_were_found() -> None:
    assert {constraint for _, constraint, _ in BROKEN} == {"required", "enum", "min", "max", "pattern"}
    assert len(BROKEN) >= 100


@pytest.mark.parametrize(("field", "constraint", "value"), BROKEN)
def test_what_breaks_a_constraint_of_aws_is_refused_by_field_value_and_bound(
    field: str, constraint: str, value: Any
) -> None:
    place = PLACES[field]
    with pytest.raises(InvalidSpec) as refused:
        parse_resource_file(with_value(GIVEN, place, value))
    parent, _, name = place.rpartition(".")
    if constraint == "required":
        says = [
            message
            for message in refused.value.messages
            if message == f"{place}: is required"
            or (message.startswith(f"{parent}: exactly one of ") and f" {name} " in message)
        ]
    else:
        bounds = [bound for keyword in BOUNDS for bound in listed(NODES[field].get(keyword, []))]
        says = [
            message
            for message in refused.value.messages
            if message.startswith(f"{place}: ") and any(str(bound) in message for bound in bounds)
        ]
    assert says, refused.value.messages


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


ENDPOINT, VARIANT = "e" * 63, "v" * 63
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/{VARIANT}",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def scaling_of(autoscaling: dict[str, Any]) -> DesiredScaling:
    spec = parse_spec(
        {
            "endpointName": ENDPOINT,
            "models": [{"name": "a", "existingModelName": "a"}],
            "variants": [
                {
                    "name": VARIANT,
                    "model": "a",
                    "instanceType": "ml.m5.large",
                    "weight": 1,
                    "autoscaling": autoscaling,
                }
            ],
        }
    )
    prefix = alarm_prefix_of(ENDPOINT, Owner("cluster", "n" * 63, "n" * 63, "uid").fingerprint)
    found = spec.variants[0].autoscaling
    assert found is not None
    return desired_scaling(found, variant=VARIANT, alarm_prefix=prefix)


def requests(scaling: DesiredScaling) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the requests that create all of the autoscaling of a variant."""
    bounds = {"MinCapacity": scaling.bounds.minimum, "MaxCapacity": scaling.bounds.maximum}
    yield "RegisterScalableTarget", {**TARGET, **bounds, "SuspendedState": dict(scaling.suspended)}
    for name, action in scaling.scheduled_actions.items():
        yield "PutScheduledAction", {**TARGET, "ScheduledActionName": name, **action}
    for policy in scaling.policies:
        configuration = {f"{policy.type}PolicyConfiguration": policy.configuration}
        yield (
            "PutScalingPolicy",
            {**TARGET, "PolicyName": policy.name, "PolicyType": policy.type, **configuration},
        )
        if policy.alarm is not None:
            yield "PutMetricAlarm", {"AlarmName": policy.alarm.name, **policy.alarm.members}


@settings(max_examples=100, deadline=None)
@given(autoscaling=autoscalings())
def test_the_requests_for_a_valid_spec_satisfy_the_models_of_aws(autoscaling: dict[str, Any]) -> None:
    for operation, request in requests(scaling_of(autoscaling)):
        shape = input_shape(operation)
        assert ParamValidator().validate(request, shape).generate_report() == ""
        assert [*problems(shape, request)] == []


BOUND = st.sampled_from([None, -1, "-0.5", 0, "0.0", 1, "1.0"])
ANY_INTERVALS = st.lists(st.tuples(BOUND, BOUND), min_size=1, max_size=4)
ADJOINING = st.lists(BOUND, min_size=2, max_size=5).map(lambda edges: [*pairwise(edges)])


@settings(max_examples=400, deadline=None)
@given(intervals=ANY_INTERVALS | ADJOINING, above=st.booleans())
def test_steps_are_refused_if_aws_refuses_them_or_the_alarm_fires_on_the_other_side(
    intervals: list[tuple[Any, Any]], above: bool
) -> None:
    steps = [
        {"metricIntervalLowerBound": lower, "metricIntervalUpperBound": upper, "scalingAdjustment": 1}
        for lower, upper in intervals
    ]
    members = [
        {f"{name[0].upper()}{name[1:]}": float(value) for name, value in step.items() if value is not None}
        for step in steps
    ]
    refused_by_aws = problem({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": members})
    open_to_alarm = any((upper if above else lower) is None for lower, upper in intervals)
    assert accepts(steps, above=above) == (refused_by_aws == "" and open_to_alarm)


def accepts(steps: list[dict[str, Any]], *, above: bool) -> bool:
    operator = "GreaterThanThreshold" if above else "LessThanThreshold"
    metric = {"namespace": "n", "metricName": "m", "statistic": "Sum"}
    alarm = {**metric, "threshold": 1, "comparisonOperator": operator}
    scaling = {"adjustmentType": "ChangeInCapacity", "stepAdjustments": steps, "alarm": alarm}
    policy = {"name": "p", "type": "StepScaling", "stepScaling": scaling}
    try:
        scaling_of({"minCapacity": 1, "maxCapacity": 2, "policies": [policy]})
    except InvalidSpec:
        return False
    return True


def test_steps_of_both_kinds_are_tried() -> None:
    assert accepts([{"metricIntervalLowerBound": "0.0", "scalingAdjustment": 1}], above=True)
    assert not accepts([{"metricIntervalLowerBound": "0.0", "scalingAdjustment": 1}], above=False)
