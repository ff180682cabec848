"""Every field of autoscaling: set, changed and taken away with the writes for it and no other.

AWS changes no policy's type and no two policies' metrics in place.
"""

import pytest

from tests.integration.scaling_stage import (
    ALL,
    BURSTS,
    CPU,
    INVOCATIONS,
    MATH,
    NOON,
    actions,
    alarm_of,
    alarms,
    invocations,
    policies,
    policy_arns,
    scaling,
    stepping,
    tracking,
    writes_of,
)
from tests.integration.stage import (
    SCALING,
    aws,
    now,
    repaired,
    run,
    settled,
    target,
    until,
)

METRIC = "SageMakerVariantInvocationsPerInstance"

# Set, changed, taken away

CHANGES = {
    "a customized metric": (
        policies(INVOCATIONS, tracking("cpu")),
        policies(INVOCATIONS, tracking("cpu", customizedMetric={**CPU, "statistic": "Maximum"})),
        ["PutScalingPolicy cpu"],
        ["DeleteScalingPolicy cpu"],
    ),
    "metric math": (
        policies(INVOCATIONS, tracking("busy", customizedMetric=MATH)),
        policies(INVOCATIONS, tracking("busy", customizedMetric=CPU)),
        ["PutScalingPolicy busy"],
        ["DeleteScalingPolicy busy"],
    ),
    "disableScaleIn": (
        policies(invocations(disableScaleIn=True)),
        policies(invocations(disableScaleIn=True, scaleInCooldownSeconds=60)),
        ["PutScalingPolicy invocations"],
        ["PutScalingPolicy invocations"],
    ),
    "a step policy": (
        policies(INVOCATIONS, BURSTS),
        policies(INVOCATIONS, stepping(cooldownSeconds=60)),
        ["PutScalingPolicy bursts", "PutMetricAlarm"],
        ["DeleteScalingPolicy bursts", "DeleteAlarms"],
    ),
    "a scheduled action": (
        actions(),
        actions(maxCapacity=8),
        ["PutScheduledAction noon"],
        ["DeleteScheduledAction noon"],
    ),
    "suspended": (
        scaling(suspended={"scaleIn": True}),
        scaling(suspended={"scaleIn": True, "scheduled": True}),
        ["RegisterScalableTarget"],
        ["RegisterScalableTarget"],
    ),
    "bounds": (
        scaling(minCapacity=2, maxCapacity=6),
        scaling(minCapacity=2, maxCapacity=5),
        ["RegisterScalableTarget"],
        ["RegisterScalableTarget"],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_field_is_set_changed_and_taken_away_with_the_writes_for_it(what):
    first, second, puts, taken = CHANGES[what]
    operator = settled(SCALING)
    before = target(operator), alarms(operator)

    assert writes_of(operator, first) == puts
    assert writes_of(operator, second) == puts[:1]
    assert writes_of(operator, SCALING) == taken
    assert (target(operator), alarms(operator)) == before
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_all_fields_reach_aws_as_the_spec_has_them():
    operator = settled(ALL)
    found = target(operator)

    assert found["suspended"] == {"scale_in": True, "scale_out": False, "scheduled": False}
    assert found["scheduledActions"] == {
        "noon": {
            "schedule": NOON["schedule"],
            "timezone": "Europe/Berlin",
            "MinCapacity": 2,
            "MaxCapacity": 6,
        }
    }
    dimensions = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantB"}]
    assert found["policies"]["cpu"]["CustomizedMetricSpecification"] == {
        "MetricName": "CPUUtilization",
        "Namespace": "/aws/sagemaker/Endpoints",
        "Dimensions": dimensions,
        "Statistic": "Average",
        "Unit": "Percent",
    }
    assert found["policies"]["bursts"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 2},
    ]
    alarm = alarm_of(operator)
    assert alarm["AlarmActions"] == [policy_arns(operator)["bursts"]]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("Invocations", "Sum", 10.0)
    assert {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}["sagemaker-ab.dev/name"] == "reviews"


@pytest.mark.parametrize(
    "change",
    [
        {"schedule": "cron(30 12 ? * MON-FRI *)"},
        {"timezone": "America/New_York"},
        {"startTime": "2026-02-02T00:00:00Z"},
        {"startTime": None},
        {"endTime": None},
        {"minCapacity": None},
        {"maxCapacity": None},
    ],
    ids=str,
)
def test_each_member_of_a_scheduled_action_is_changed_by_one_write(change):
    operator = settled(actions())

    assert writes_of(operator, actions(**change)) == ["PutScheduledAction noon"]


@pytest.mark.parametrize("kept", [0, 1], ids=["AWS keeps it", "AWS resets it"])
def test_a_time_zone_is_taken_away_whether_or_not_aws_keeps_what_a_request_leaves_out(kept):
    operator = settled(actions(), aws(variants={"autoscaling.scheduled-timezone": kept}))

    assert writes_of(operator, actions(timezone=None)) == ["PutScheduledAction noon"]
    assert target(operator)["scheduledActions"]["noon"]["timezone"] in {"", "UTC", "Etc/UTC"}


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 12},
        {"threshold": "12.5"},
        {"evaluationPeriods": 3, "datapointsToAlarm": 2},
        {"statistic": None, "extendedStatistic": "p90"},
        {"unit": "Count"},
        {"treatMissingData": "notBreaching"},
        {"periodSeconds": 300},
        {"comparisonOperator": "GreaterThanThreshold"},
        {"dimensions": [{"name": "EndpointName", "value": "reviews"}]},
    ],
    ids=str,
)
def test_each_member_of_an_alarm_is_changed_and_taken_back_by_one_write(change):
    operator = settled(policies(INVOCATIONS, BURSTS))
    before = alarm_of(operator)
    alarm = {**BURSTS["stepScaling"]["alarm"], **change}
    changed = {k: v for k, v in alarm.items() if v is not None}
    policy = {**BURSTS, "stepScaling": {**BURSTS["stepScaling"], "alarm": changed}}

    assert writes_of(operator, policies(INVOCATIONS, policy)) == ["PutMetricAlarm"]
    assert writes_of(operator, policies(INVOCATIONS, BURSTS)) == ["PutMetricAlarm"]
    after = alarm_of(operator)
    assert {**after, "Tags": before["Tags"]} == before


# What a policy cannot become in place


def test_a_policy_whose_type_changes_is_deleted_first():
    operator = settled(policies(INVOCATIONS, tracking("bursts")))

    assert writes_of(operator, policies(INVOCATIONS, BURSTS)) == [
        "DeleteScalingPolicy bursts",
        "PutScalingPolicy bursts",
        "PutMetricAlarm",
    ]
    assert sorted(
        writes_of(operator, policies(INVOCATIONS, tracking("bursts"))),
    ) == ["DeleteAlarms", "DeleteScalingPolicy bursts", "PutScalingPolicy bursts"]


SWAPPED = policies(
    tracking("invocations", targetValue=50),
    tracking("cpu", predefinedMetricType=METRIC, targetValue=70),
)
INVALID = {"error": {"code": "ValidationException", "text": "The metric is not supported.", "http": 400}}


def test_metrics_swapped_between_two_policies_cost_one_deletion():
    operator = settled(policies(INVOCATIONS, tracking("cpu")))

    assert writes_of(operator, SWAPPED) == [
        "DeleteScalingPolicy cpu",
        "PutScalingPolicy invocations",
        "PutScalingPolicy cpu",
    ]


def refuse_puts(operator, count=None, nth=1):
    return operator.sim.fault(INVALID, match={"operation": "PutScalingPolicy", "nth": nth}, count=count)


def steps_refused_at_their_first_put(operator, count):
    for _ in range(count):
        fault = refuse_puts(operator, count=1)
        operator.step()
        repaired(operator, fault)


def deletions(operator):
    return sum(call["operation"] == "DeleteScalingPolicy" for call in operator.writes())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (policies(INVOCATIONS, tracking("cpu")), SWAPPED),
        (policies(INVOCATIONS, tracking("bursts")), policies(INVOCATIONS, BURSTS)),
        (policies(INVOCATIONS, BURSTS), policies(INVOCATIONS, tracking("bursts"))),
    ],
    ids=["metrics swapped", "to step scaling", "from step scaling"],
)
def test_a_policy_that_was_deleted_for_a_put_is_put_back_when_aws_refuses_that(before, after):
    operator = settled(before)
    first = target(operator)["policies"]
    operator.cluster.apply(after)
    steps_refused_at_their_first_put(operator, 3)

    assert deletions(operator) > 0
    assert target(operator)["policies"] == first
    assert "AWS refused to put scaling policy" in operator.conditions["Ready"]
    if alarms(operator):
        assert alarm_of(operator)["AlarmActions"] == [policy_arns(operator)["bursts"]]
    operator.settle()
    assert writes_of(operator, lambda: None) == []
    assert target(operator)["policies"] != first


def test_nothing_is_deleted_again_for_a_put_that_is_in_backoff():
    operator = settled(policies(INVOCATIONS, tracking("cpu")))
    operator.cluster.apply(SWAPPED)
    begin = now(operator)
    while now(operator) < begin + 3600:
        steps_refused_at_their_first_put(operator, 1)

    assert 2 <= deletions(operator) <= 8, "once for each attempt, and these come ever more seldom"


def test_a_policy_that_cannot_be_put_back_is_named_with_the_reason():
    operator = settled(policies(INVOCATIONS, tracking("cpu")))
    fault = refuse_puts(operator)
    operator.cluster.apply(SWAPPED)
    until(operator, lambda: "also" in operator.conditions["Ready"])

    assert operator.conditions["Ready"] == (
        "False Refused: AWS refused to put scaling policy invocations on VariantB: The metric is not"
        " supported. It also refused to put scaling policy cpu on VariantB again: The metric is not"
        " supported."
    )
    run(operator, hours=0.1)
    assert operator.conditions["AutoscalingApplied"] == (
        "False Pending: Autoscaling is not yet as the spec asks. VariantB has no scaling policy cpu"
    )
    repaired(operator, fault)
    operator.settle()
    assert set(target(operator)["policies"]) == {"invocations", "cpu"}


def test_a_policy_whose_metric_another_one_has_taken_over_is_named():
    operator = settled(policies(INVOCATIONS, tracking("cpu")))
    fault = refuse_puts(operator, nth=2)
    operator.cluster.apply(SWAPPED)
    run(operator, hours=0.1)

    assert list(target(operator)["policies"]) == ["invocations"]
    assert operator.conditions["Ready"].endswith(
        "AWS refused to put scaling policy cpu on VariantB: The metric is not supported."
    )
    assert operator.conditions["AutoscalingApplied"].endswith("VariantB has no scaling policy cpu")
    repaired(operator, fault)
    operator.settle()


def test_metrics_passed_round_between_three_policies_end_as_declared():
    other = {**CPU, "metricName": "MemoryUtilization"}
    operator = settled(policies(INVOCATIONS, tracking("cpu"), tracking("memory", customizedMetric=other)))
    passed = policies(
        tracking("invocations"),
        tracking("cpu", customizedMetric=other),
        tracking("memory", predefinedMetricType=METRIC),
    )
    written = writes_of(operator, passed)

    assert not [each for each in written if "Exception" in each]
    assert sorted(each for each in written if each.startswith("Put")) == [
        "PutScalingPolicy cpu",
        "PutScalingPolicy invocations",
        "PutScalingPolicy memory",
    ]
    assert writes_of(operator, lambda: None) == []


def test_a_renamed_policy_takes_over_the_metric_of_the_one_that_goes():
    operator = settled(SCALING)

    assert writes_of(operator, policies({**INVOCATIONS, "name": "requests"})) == [
        "DeleteScalingPolicy invocations",
        "PutScalingPolicy requests",
    ]


# The cost of a quiet reconcile


def test_a_quiet_reconcile_reads_once_and_twice_more_for_each_target():
    operator = settled(ALL)
    before = operator.sim.calls()[-1]["n"]
    operator.step()
    read = [call["operation"] for call in operator.sim.calls(before) if call["service"] != "sts"]

    assert sorted(read) == [
        "DescribeAlarms",
        "DescribeEndpoint",
        "DescribeEndpointConfig",
        "DescribeScalableTargets",
        "DescribeScalingPolicies",
        "DescribeScheduledActions",
        "ListTags",
    ]
