"""The rules of autoscaling by example: what is valid is read, and what AWS would refuse is refused."""

from typing import Any

import pytest

from sagemaker_ab.api.resource import InvalidSpec, parse_spec

Raw = dict[str, Any]

AUTOSCALING = "spec.variants[1].autoscaling"
ONE_METRIC = {"namespace": "Reviews", "metricName": "Backlog", "statistic": "Average"}
ALARM = {**ONE_METRIC, "comparisonOperator": "GreaterThanThreshold", "threshold": 100}
STEP = {"metricIntervalLowerBound": 0, "scalingAdjustment": 1}
QUERY = {"id": "m1", "metricStat": {"namespace": "Reviews", "metricName": "Backlog", "stat": "Average"}}


def refusals(spec: Raw, autoscaling: Raw) -> tuple[str, ...]:
    """Return what is said about a VariantB with this autoscaling; nothing if it is valid."""
    spec["variants"][1]["autoscaling"] = {"minCapacity": 2, "maxCapacity": 4, **autoscaling}
    try:
        parse_spec(spec)
    except InvalidSpec as refused:
        return refused.messages
    return ()


def tracking(**settings: Any) -> Raw:
    policy = {"name": "p", "type": "TargetTrackingScaling"}
    return {"policies": [{**policy, "targetTrackingScaling": {"targetValue": 1, **settings}}]}


def stepping(*steps: Raw, alarm: Raw = ALARM, **settings: Any) -> Raw:
    scaling = {"adjustmentType": "ChangeInCapacity", "stepAdjustments": [*steps], "alarm": alarm, **settings}
    return {"policies": [{"name": "p", "type": "StepScaling", "stepScaling": scaling}]}


def scheduling(*actions: Raw) -> Raw:
    named = [{"name": f"action {number}", "schedule": "rate(1 day)"} for number in range(len(actions))]
    return {"scheduledActions": [{**name, **action} for name, action in zip(named, actions, strict=True)]}


def between(lower: int | str | None, upper: int | str | None) -> Raw:
    bounds = {"metricIntervalLowerBound": lower, "metricIntervalUpperBound": upper}
    return {name: bound for name, bound in bounds.items() if bound is not None} | {"scalingAdjustment": 1}


@pytest.mark.parametrize(
    "schedule",
    [
        *("at(2028-02-29T23:59:59)", "at(2000-02-29T00:00:00)", "rate(1 day)", "rate(90 minutes)"),
        *("cron(0 8 ? * MON-FRI *)", "cron(*/15 8-18/2 1,15 JAN-MAR ? 2026-2030)", "cron(0 8 * * ? *)"),
        *("cron(0 8 L * ? *)", "cron(0 8 LW 2 ? *)", "cron(0 8 15W * ? *)"),
        *("cron(0 8 ? * 6L *)", "cron(0 8 ? * FRI#2 *)", "cron(00 08 ? * SUN,3-5 *)"),
    ],
)
def test_a_schedule_is_accepted(spec: Raw, schedule: str) -> None:
    assert refusals(spec, scheduling({"schedule": schedule, "minCapacity": 3})) == ()


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("at(2027-02-29T00:00:00)", "at must have a date and time that exist"),
        ("at(2027-04-31T00:00:00)", "at must have a date and time that exist"),
        ("at(2027-04-30T24:00:00)", "at must have a date and time that exist"),
        ("at(1999-04-30T00:00:00)", "at must have a date and time that exist"),
        ("rate(1 days)", "rate must have a unit in the singular with 1"),
        ("rate(2 hour)", "rate must have a unit in the singular with 1"),
        ("cron(60 8 ? * MON *)", "cron must have minutes"),
        ("cron(0 24 ? * MON *)", "cron must have minutes"),
        ("cron(0 8 ? * 0 *)", "cron must have minutes"),
        ("cron(0 8 32 * ? *)", "cron must have minutes"),
        ("cron(0 8 * * MON *)", "cron must have minutes"),
        ("cron(0 8 ? * ? *)", "cron must have minutes"),
        ("cron(0 8 ? * 2-FRI *)", "cron must have minutes"),
        ("cron(0 8 ? * FRI#6 *)", "cron must have minutes"),
        ("cron(0 8 ? * FRI#1,FRI#3 *)", "cron must have minutes"),
        ("cron(0/0 8 ? * FRI *)", "cron must have minutes"),
        ("cron(0 20-6 ? * MON *)", "a range in cron must not go backward"),
        ("cron(0 8 ? * FRI-MON *)", "a range in cron must not go backward"),
        ("cron(0 8 1 NOV-JAN ? *)", "a range in cron must not go backward"),
    ],
)
def test_a_schedule_that_aws_would_refuse_is_refused(spec: Raw, schedule: str, words: str) -> None:
    [message] = refusals(spec, scheduling({"schedule": schedule, "minCapacity": 3}))
    assert message.startswith(f"{AUTOSCALING}.scheduledActions[0].schedule: {words}")


@pytest.mark.parametrize(
    "actions",
    [
        [{"minCapacity": 4}],
        [{"maxCapacity": 2}],
        [{"minCapacity": 9, "maxCapacity": 9}],
        [{"minCapacity": 4}, {"minCapacity": 3, "maxCapacity": 9}],
        [{"minCapacity": 1, "maxCapacity": 1}, {"minCapacity": 9, "maxCapacity": 9}],
    ],
)
def test_actions_whose_bounds_never_cross_are_accepted(spec: Raw, actions: list[Raw]) -> None:
    assert refusals(spec, scheduling(*actions)) == ()


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([{"minCapacity": 5}], "minCapacity of action 0 is greater than a maximum that can be in effect"),
        (
            [{"minCapacity": 1, "maxCapacity": 2}, {"minCapacity": 3}],
            "minCapacity of action 1 is greater than a maximum that can be in effect",
        ),
        ([{"maxCapacity": 1}], "maxCapacity of action 0 is less than a minimum that can be in effect"),
        (
            [{"maxCapacity": 5}, {"minCapacity": 6, "maxCapacity": 9}],
            "maxCapacity of action 0 is less than a minimum that can be in effect",
        ),
    ],
)
def test_an_action_with_one_bound_does_not_cross_another(spec: Raw, actions: list[Raw], words: str) -> None:
    assert [message for message in refusals(spec, scheduling(*actions)) if words in message]


def test_actions_alone_are_enough_to_scale(spec: Raw) -> None:
    assert refusals(spec, scheduling({"maxCapacity": 9})) == ()
    [message] = refusals(spec, {"policies": [], "scheduledActions": []})
    assert message.startswith(f"{AUTOSCALING}: policies and scheduledActions must not both be empty")


@pytest.mark.parametrize(
    "times",
    [
        {"startTime": "2027-01-01T00:00:00Z", "endTime": "2027-01-01T00:00:01Z"},
        {"startTime": "2027-01-01T00:00:00+02:00", "endTime": "2026-12-31T23:00:00Z"},
        {"endTime": "2027-01-01T00:00:00Z"},
    ],
)
def test_an_action_may_have_a_span(spec: Raw, times: Raw) -> None:
    assert refusals(spec, scheduling({"minCapacity": 3, **times})) == ()


@pytest.mark.parametrize("start", ["2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00"])
def test_an_action_does_not_end_when_it_starts(spec: Raw, start: str) -> None:
    span = {"startTime": start, "endTime": "2027-01-01T00:00:00Z"}
    [message] = refusals(spec, scheduling({"minCapacity": 3, **span}))
    assert message == f"{AUTOSCALING}.scheduledActions[0].endTime: must be later than startTime"


@pytest.mark.parametrize(
    "time", ["2027-01-01", "2027-01-01T00:00:00", "2027-01-01T00:00:00.5Z", "1800000000", 1800000000]
)
def test_a_time_is_written_to_the_second_and_with_a_time_zone(spec: Raw, time: object) -> None:
    [message] = refusals(spec, scheduling({"minCapacity": 3, "startTime": time}))
    assert "should be a time to the second with a time zone" in message


@pytest.mark.parametrize(
    "steps",
    [
        [STEP],
        [between(0, 10), between("10.0", None)],
        [between(10, None), between(0, 10)],
        [between(None, "-0.5"), between("-0.5", 0), between(0, None)],
        [between(5, None)],
    ],
)
def test_adjoining_steps_are_accepted(spec: Raw, steps: list[Raw]) -> None:
    assert refusals(spec, stepping(*steps)) == ()


ADJOIN = "stepAdjustments: intervals must not overlap and must not leave gaps"
OPEN_SIDE = "stepAdjustments: one must be open on the side of the threshold on which the alarm fires"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([between(0, 10), between(11, None)], ADJOIN),
        ([between(0, 10), between(9, None)], ADJOIN),
        ([STEP, STEP], ADJOIN),
        ([between(0, None), between(5, None)], ADJOIN),
        ([between(None, None)], "metricIntervalLowerBound or metricIntervalUpperBound must be set"),
        ([between(0, 0), between(0, None)], "must be greater than metricIntervalLowerBound"),
        ([between(0, 10)], "one must have no metricIntervalUpperBound, because another has a positive one"),
        ([between(-5, None)], "one must have no metricIntervalLowerBound, because another has a negative"),
        ([between(None, -5)], OPEN_SIDE),
        ([STEP | {"scalingAdjustment": 0}], "must not be 0, which has no effect"),
    ],
)
def test_steps_that_aws_would_refuse_are_refused(spec: Raw, steps: list[Raw], words: str) -> None:
    assert [message for message in refusals(spec, stepping(*steps)) if words in message]


def test_an_alarm_below_its_threshold_takes_steps_below_it(spec: Raw) -> None:
    below = {**ALARM, "comparisonOperator": "LessThanOrEqualToThreshold"}
    assert refusals(spec, stepping(between(None, 0), alarm=below)) == ()
    [message] = refusals(spec, stepping(STEP, alarm=below))
    assert OPEN_SIDE in message


@pytest.mark.parametrize(
    ("kind", "adjustment", "accepted"),
    [
        *(("ExactCapacity", 1, True), ("ExactCapacity", -1, False)),
        *(("ChangeInCapacity", -1, True), ("PercentChangeInCapacity", -50, True)),
    ],
)
def test_an_exact_capacity_is_at_least_1(spec: Raw, kind: str, adjustment: int, accepted: bool) -> None:
    step = {**STEP, "scalingAdjustment": adjustment}
    assert (refusals(spec, stepping(step, adjustmentType=kind)) == ()) is accepted


def test_a_smallest_adjustment_is_for_percentages(spec: Raw) -> None:
    percent = {"adjustmentType": "PercentChangeInCapacity", "minAdjustmentMagnitude": 2}
    assert refusals(spec, stepping(STEP, **percent)) == ()
    [message] = refusals(spec, stepping(STEP, minAdjustmentMagnitude=2))
    assert "can only be set if adjustmentType is PercentChangeInCapacity" in message


@pytest.mark.parametrize(
    "changes",
    [
        *({"periodSeconds": period} for period in (10, 20, 30, 60, 120, 86400)),
        {"periodSeconds": 60, "evaluationPeriods": 1440, "datapointsToAlarm": 1440},
        {"periodSeconds": 3600, "evaluationPeriods": 168},
    ],
)
def test_an_alarm_is_accepted(spec: Raw, changes: Raw) -> None:
    assert refusals(spec, stepping(STEP, alarm={**ALARM, **changes})) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"periodSeconds": 40}, "must be 10, 20, 30 or a multiple of 60, not 40"),
        (
            {"datapointsToAlarm": 2},
            "must be less than or equal to evaluationPeriods, but 2 is greater than 1",
        ),
        ({"periodSeconds": 120, "evaluationPeriods": 721}, "but it is 86520"),
        ({"periodSeconds": 3600, "evaluationPeriods": 169}, "but it is 608400"),
        ({"extendedStatistic": "p90"}, "exactly one of statistic and extendedStatistic must be set, not 2"),
    ],
)
def test_an_alarm_that_aws_would_refuse_is_refused(spec: Raw, changes: Raw, words: str) -> None:
    [message] = refusals(spec, stepping(STEP, alarm={**ALARM, **changes}))
    assert words in message


EXTENDED = [
    *("p90", "p99.9", "p100", "tm90", "tc5", "ts90.5", "wm98", "IQM", "PR(100:2000)", "PR(:300)"),
    *("TM(10%:90%)", "TC(10%:)", "TS(:90%)", "WM(0.5:100)"),
]
NOT_EXTENDED = ["Average", "p101", "p", "P90", "iqm", "PR(10%:90%)", "TM(:)", "TM(10%:90)", "TM(10)", "p90 "]


@pytest.mark.parametrize("statistic", [*EXTENDED, *NOT_EXTENDED])
def test_an_extended_statistic_is_one_of_cloudwatch(spec: Raw, statistic: str) -> None:
    alarm = {name: value for name, value in ALARM.items() if name != "statistic"}
    found = refusals(spec, stepping(STEP, alarm={**alarm, "extendedStatistic": statistic}))
    assert (found == ()) is (statistic in EXTENDED)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (ONE_METRIC, ""),
        ({"metrics": [QUERY]}, ""),
        ({"metrics": [{**QUERY, "returnData": False}, {"id": "e1", "expression": "m1 * 2"}]}, ""),
        ({"namespace": "Reviews", "statistic": "Sum"}, "are required unless metrics is set"),
        ({"metrics": [QUERY], "unit": "Count"}, "cannot be set together with metricName"),
        ({"metrics": [QUERY, {**QUERY, "id": "m2"}]}, "exactly one must have returnData true"),
        ({"metrics": [{"id": "e1", "expression": "1"}]}, "at least one must have metricStat"),
        ({"metrics": [QUERY | {"expression": "1"}]}, "exactly one of expression and metricStat"),
    ],
)
def test_a_customized_metric_is_one_metric_or_metric_math(spec: Raw, metric: Raw, words: str) -> None:
    found = refusals(spec, tracking(customizedMetric=metric))
    assert all(words in message for message in found)
    assert (found == ()) is (words == "")


def test_policies_track_different_metrics(spec: Raw) -> None:
    dimensions = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    [first] = tracking(customizedMetric={**ONE_METRIC, "dimensions": dimensions})["policies"]
    [other] = tracking(customizedMetric={**ONE_METRIC, "dimensions": dimensions[::-1]})["policies"]
    [message] = refusals(spec, {"policies": [first, {**other, "name": "q"}]})
    assert "each policy must have a customizedMetric of its own" in message
    [distinct] = tracking(customizedMetric=ONE_METRIC)["policies"]
    assert refusals(spec, {"policies": [first, {**distinct, "name": "q"}]}) == ()


@pytest.mark.parametrize("type_name", ["TargetTrackingScaling", "StepScaling"])
def test_the_settings_of_a_policy_are_those_of_its_type(spec: Raw, type_name: str) -> None:
    [policy] = tracking(predefinedMetricType="SageMakerVariantInvocationsPerInstance")["policies"]
    found = refusals(spec, {"policies": [{**policy, "type": type_name}]})
    place = f"{AUTOSCALING}.policies[0]"
    expected = [
        f"{place}.targetTrackingScaling: must be set if type is TargetTrackingScaling, and only then",
        f"{place}.stepScaling: must be set if type is StepScaling, and only then",
    ]
    assert [*found] == ([] if type_name == "TargetTrackingScaling" else expected)


def test_something_is_suspended_or_resumed(spec: Raw) -> None:
    actions = scheduling({"minCapacity": 3})
    assert refusals(spec, {**actions, "suspended": {"scaleIn": False}}) == ()
    [message] = refusals(spec, {**actions, "suspended": {}})
    assert message.endswith("at least one of scaleIn, scaleOut and scheduled must be set")
