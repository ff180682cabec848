"""Every field of autoscaling: set, changed and taken away with the writes for it and no other, and repaired.

AWS says nothing about who made a policy, a scheduled action or an alarm, and changes no policy's type and no
two policies' metrics in place.
"""

import pytest

from tests.integration.scaling_stage import (
    BURSTS,
    CPU,
    INVOCATIONS,
    MATH,
    alarm_name,
    alarm_of,
    alarms,
    at,
    bounds,
    cloudwatch_by_hand,
    policy_arns,
    scaling,
    scaling_status,
    stepping,
    tracking,
    tracking_alarms,
    writes_of,
    writes_of_one,
)
from tests.integration.stage import (
    SCALING,
    aws,
    held,
    run,
    scaling_by_hand,
    settled,
    target,
    with_replaced,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import with_variant

METRIC = "SageMakerVariantInvocationsPerInstance"
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


def test_metrics_swapped_between_two_policies_cost_one_deletion():
    operator = settled(policies(INVOCATIONS, tracking("cpu")))
    swapped = policies(
        tracking("invocations", targetValue=50),
        tracking("cpu", predefinedMetricType=METRIC, targetValue=70),
    )

    assert writes_of(operator, swapped) == [
        "DeleteScalingPolicy cpu",
        "PutScalingPolicy invocations",
        "PutScalingPolicy cpu",
    ]


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


# Drift by hand


def _put_policy(operator, name, kind, **configuration):
    parts = {"PolicyType": kind, f"{kind}PolicyConfiguration": configuration}
    scaling_by_hand(operator, "PutScalingPolicy", PolicyName=name, **parts)


def _delete_policy(operator, name="invocations"):
    scaling_by_hand(operator, "DeleteScalingPolicy", PolicyName=name)


def _other_policy(operator, name, kind, **configuration):
    _delete_policy(operator, name)
    _put_policy(operator, name, kind, **configuration)


def _other_action(operator, **changes):
    before = {
        "ScheduledActionName": "noon",
        "Schedule": NOON["schedule"],
        "Timezone": "Europe/Berlin",
        "StartTime": 1767571200.0,
        "EndTime": 1782777600.0,
        "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 6},
    }
    scaling_by_hand(operator, "PutScheduledAction", **{k: v for k, v in {**before, **changes}.items() if v})


def _other_alarm(operator, **changes):
    members = {key: value for key, value in alarm_of(operator).items() if key != "Tags"}
    cloudwatch_by_hand(operator, "PutMetricAlarm", **{**members, **changes})


def _metric(kind):
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": kind}}


STEP = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}
CPU_TRACKED = {
    "MetricName": "CPUUtilization",
    "Namespace": "/aws/sagemaker/Endpoints",
    "Dimensions": [{"Name": "EndpointName", "Value": "reviews"}],
    "Statistic": "Average",
}
DRIFTS = {
    "target value": (
        lambda op: _put_policy(
            op, "invocations", "TargetTrackingScaling", TargetValue=5.0, **_metric(METRIC)
        ),
        ["PutScalingPolicy invocations"],
    ),
    "scale-in disabled": (
        lambda op: _put_policy(
            op,
            "invocations",
            "TargetTrackingScaling",
            TargetValue=70.0,
            DisableScaleIn=True,
            ScaleOutCooldown=300,
            ScaleInCooldown=300,
            **_metric(METRIC),
        ),
        ["PutScalingPolicy invocations"],
    ),
    "customized metric": (
        lambda op: _put_policy(
            op,
            "cpu",
            "TargetTrackingScaling",
            TargetValue=60.0,
            CustomizedMetricSpecification=CPU_TRACKED,
        ),
        ["PutScalingPolicy cpu"],
    ),
    "policy deleted": (_delete_policy, ["PutScalingPolicy invocations"]),
    "step policy deleted": (
        lambda op: _delete_policy(op, "bursts"),
        ["PutScalingPolicy bursts", "PutMetricAlarm"],
    ),
    "steps": (
        lambda op: _put_policy(
            op, "bursts", "StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=[STEP]
        ),
        ["PutScalingPolicy bursts"],
    ),
    "smallest magnitude": (
        lambda op: _put_policy(
            op,
            "bursts",
            "StepScaling",
            AdjustmentType="PercentChangeInCapacity",
            StepAdjustments=[STEP],
            MinAdjustmentMagnitude=2,
        ),
        ["PutScalingPolicy bursts"],
    ),
    "policy of another type": (
        lambda op: _other_policy(
            op, "invocations", "StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=[STEP]
        ),
        ["DeleteScalingPolicy invocations", "PutScalingPolicy invocations"],
    ),
    "alarm deleted": (
        lambda op: cloudwatch_by_hand(op, "DeleteAlarms", AlarmNames=[alarm_name(op)]),
        ["PutMetricAlarm"],
    ),
    "alarm's threshold": (lambda op: _other_alarm(op, Threshold=99.0), ["PutMetricAlarm"]),
    "alarm's unit": (lambda op: _other_alarm(op, Unit="Count"), ["PutMetricAlarm"]),
    "alarm's datapoints": (
        lambda op: _other_alarm(op, EvaluationPeriods=3, DatapointsToAlarm=2),
        ["PutMetricAlarm"],
    ),
    "alarm's action": (lambda op: _other_alarm(op, AlarmActions=[]), ["PutMetricAlarm"]),
    "alarm switched off": (
        lambda op: cloudwatch_by_hand(op, "DisableAlarmActions", AlarmNames=[alarm_name(op)]),
        ["PutMetricAlarm"],
    ),
    "schedule": (
        lambda op: _other_action(op, Schedule="cron(0 13 ? * MON-FRI *)"),
        ["PutScheduledAction noon"],
    ),
    "time zone": (lambda op: _other_action(op, Timezone="Asia/Tokyo"), ["PutScheduledAction noon"]),
    "start": (lambda op: _other_action(op, StartTime=None), ["PutScheduledAction noon"]),
    "end": (lambda op: _other_action(op, EndTime=1785369600.0), ["PutScheduledAction noon"]),
    "scheduled bounds": (
        lambda op: _other_action(op, ScalableTargetAction={"MinCapacity": 3}),
        ["PutScheduledAction noon"],
    ),
    "scheduled action deleted": (
        lambda op: scaling_by_hand(op, "DeleteScheduledAction", ScheduledActionName="noon"),
        ["PutScheduledAction noon"],
    ),
    "resumed": (
        lambda op: scaling_by_hand(
            op, "RegisterScalableTarget", SuspendedState={"DynamicScalingInSuspended": False}
        ),
        ["RegisterScalableTarget"],
    ),
    "bounds": (
        lambda op: scaling_by_hand(op, "RegisterScalableTarget", MinCapacity=1, MaxCapacity=9),
        ["RegisterScalableTarget"],
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_repaired_by_the_writes_for_it(drift):
    by_hand, repair = DRIFTS[drift]
    operator = settled(ALL)
    before, alarm = target(operator), alarm_of(operator)

    assert writes_of(operator, lambda: by_hand(operator)) == repair
    assert target(operator) == before
    untold = ("AlarmActions", "Tags", "DatapointsToAlarm")
    after = alarm_of(operator)
    assert {k: v for k, v in after.items() if k not in untold} == {
        k: v for k, v in alarm.items() if k not in untold
    }
    assert after["AlarmActions"] == [policy_arns(operator)["bursts"]]


def test_a_deregistered_target_gets_all_of_it_back():
    operator = settled(ALL)
    before = target(operator)

    written = writes_of(operator, lambda: scaling_by_hand(operator, "DeregisterScalableTarget"))

    assert written == [
        "RegisterScalableTarget",
        "PutScalingPolicy invocations",
        "PutScalingPolicy bursts",
        "PutScalingPolicy cpu",
        "PutMetricAlarm",
        "PutScheduledAction noon",
    ]
    assert target(operator) == before
    assert alarm_of(operator)["AlarmActions"] == [policy_arns(operator)["bursts"]]


@pytest.mark.parametrize("listed", [0, 1], ids=["listed on", "no longer listed"])
@pytest.mark.parametrize("name", [0, 1], ids=["the same name", "another name"])
@pytest.mark.parametrize("one_way", [False, True], ids=["both ways", "out only"])
def test_an_alarm_of_target_tracking_deleted_by_hand_lets_the_policy_be_put_again(listed, name, one_way):
    sim = aws(variants={"autoscaling.alarm-deleted-listed": listed, "autoscaling.alarm-remade": name})
    operator = settled(policies(invocations(disableScaleIn=one_way)), sim)
    made = tracking_alarms(operator)

    written = writes_of(operator, lambda: cloudwatch_by_hand(operator, "DeleteAlarms", AlarmNames=[made[-1]]))

    assert written == ["PutScalingPolicy invocations"]
    assert len(tracking_alarms(operator)) == len(made)


# Alarms of ours


def test_what_others_let_our_alarm_do_stays_when_the_alarm_is_changed():
    operator = settled(policies(INVOCATIONS, BURSTS))
    topic = "arn:aws:sns:us-east-1:123456789012:people"
    action = alarm_of(operator)["AlarmActions"][0]
    told = {"OKActions": [topic], "InsufficientDataActions": [topic], "AlarmDescription": "Ask Ann."}

    assert writes_of(operator, lambda: _other_alarm(operator, AlarmActions=[action, topic], **told)) == []
    assert writes_of(operator, policies(INVOCATIONS, stepping(alarm={"threshold": 20}))) == ["PutMetricAlarm"]
    after = alarm_of(operator)
    assert after["AlarmActions"] == [action, topic]
    assert {member: after.get(member) for member in told} == told


@pytest.mark.parametrize(
    "after",
    [
        SCALING,
        with_variant(SCALING, "VariantB", autoscaling=None, instanceCount=1),
        with_replaced(SCALING, "VariantB", "VariantC"),
        with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"),
    ],
    ids=["the policy goes", "autoscaling goes", "the variant goes", "the policy goes with an instance type"],
)
def test_an_alarm_goes_with_its_policy(after):
    operator = settled(policies(INVOCATIONS, BURSTS))
    operator.cluster.apply(after)
    operator.settle()

    assert alarms(operator) == {}
    assert operator.conditions["AutoscalingApplied" if "VariantC" in str(after) else "Ready"].startswith(
        "True"
    )


@pytest.mark.parametrize("handled", [True, False], ids=["at rest", "just applied"])
def test_a_deleted_resource_leaves_no_alarm(handled):
    operator = settled(policies(INVOCATIONS, BURSTS))
    theirs = {**alarm_of(operator), "AlarmName": "sagemaker-ab/of/others/VariantB/1"}
    cloudwatch_by_hand(operator, "PutMetricAlarm", **theirs)
    if not handled:
        operator.cluster.apply(policies(INVOCATIONS, stepping("gusts")))
        operator.step()
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert list(alarms(operator)) == [theirs["AlarmName"]]


# What an earlier spec declared


def test_what_goes_together_with_a_change_of_instance_type_does_not_come_back_as_foreign():
    """The release saves it, and the restoration puts it back: then it must still be known as ours."""
    operator = settled(ALL)
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()
    found = target(operator)

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert list(found["policies"]) == ["invocations"]
    assert found["scheduledActions"] == {}
    assert not any(found["suspended"].values())


@pytest.mark.parametrize("seed", range(4))
def test_what_was_declared_for_a_moment_goes_although_reads_are_stale(seed):
    operator = settled(SCALING, aws(seed=seed, calm=False))
    for _ in range(6):
        operator.cluster.apply(ALL)
        operator.step()
        operator.sim.advance(seconds=0.2)
        operator.cluster.apply(SCALING)
        operator.step()
    operator.settle()
    found = target(operator)

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert list(found["policies"]) == ["invocations"]
    assert found["scheduledActions"] == {}


def test_a_spec_that_renames_everything_while_nothing_may_be_deleted_stays_readable():
    """The record of what earlier specs declared has room for so many names only."""
    operator = settled(SCALING)
    refusal = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    operator.sim.fault(refusal, match={"operation": "DeleteScheduledAction"}, count=None)
    for round_ in range(4):
        names = [f"{round_}-{number}" for number in range(20)]
        operator.cluster.apply(scaling(scheduledActions=[{**NOON, "name": name} for name in names]))
        operator.settle_or_stall()

    recorded = {each["name"] for each in scaling_status(operator)["scheduledActions"]}
    assert recorded >= set(names)
    assert "delete scheduled action" in operator.conditions["Stalled"]


# Schedules that are over


@pytest.mark.parametrize("refused", [0, 1], ids=["AWS refuses the past", "AWS takes the past"])
def test_an_action_whose_time_is_over_is_never_put(refused):
    operator = settled(SCALING, aws(variants={"autoscaling.schedule-past": refused}))
    over = {"name": "once", "schedule": at(operator, minutes=-60), "minCapacity": 3}

    assert writes_of(operator, scaling(scheduledActions=[over])) == []
    assert operator.conditions["AutoscalingApplied"].startswith("True")


@pytest.mark.parametrize("refused", [0, 1], ids=["AWS refuses the past", "AWS takes the past"])
def test_an_action_moved_into_the_past_is_taken_away(refused):
    """As it is, it would be due at a time that the spec no longer names."""
    operator = settled(SCALING, aws(variants={"autoscaling.schedule-past": refused}))
    once = {"name": "once", "schedule": at(operator, minutes=600), "minCapacity": 3}
    operator.cluster.apply(scaling(scheduledActions=[once]))
    operator.settle()
    over = {**once, "schedule": at(operator, minutes=-60)}

    assert writes_of(operator, scaling(scheduledActions=[over])) == ["DeleteScheduledAction once"]
    run(operator, hours=11)
    assert bounds(operator) == (1, 4)


# A lost status


@pytest.mark.parametrize("seed", SEEDS)
def test_a_status_lost_at_any_moment_loses_nothing(seed):
    """Nothing of ours is deleted or made twice, and what a schedule set stays."""
    operator = settled(ALL, aws(seed=seed, calm=False))
    until_noon = scaling(
        policies=[INVOCATIONS, BURSTS, tracking("cpu")],
        scheduledActions=[{"name": "soon", "schedule": at(operator, minutes=10), "minCapacity": 2}],
        suspended={"scaleIn": True, "scaleOut": False, "scheduled": False},
    )
    operator.cluster.apply(until_noon)
    operator.settle()
    run(operator, hours=0.3)
    assert bounds(operator) == (2, 4)
    before, others = target(operator), alarms(operator)

    for _ in range(5):
        operator.cluster.set_status()
        assert writes_of(operator, lambda: None) == []
    assert (target(operator), alarms(operator)) == (before, others)
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_a_status_lost_while_a_change_is_applied_doubles_nothing():
    operator = settled(SCALING)
    operator.cluster.apply(ALL)
    written = []
    for _ in range(8):
        written += writes_of_one(operator)
        operator.cluster.set_status()
    written += writes_of(operator, lambda: None)

    assert sorted(written) == sorted(
        {
            "RegisterScalableTarget",
            "PutScalingPolicy bursts",
            "PutScalingPolicy cpu",
            "PutMetricAlarm",
            "PutScheduledAction noon",
        }
    )


def test_what_nobody_can_tell_apart_after_a_lost_status_is_left_alone_and_named():
    operator = settled(ALL)
    operator.cluster.set_status()
    operator.cluster.apply(SCALING)
    operator.settle()

    assert set(target(operator)["policies"]) == {"invocations", "bursts", "cpu"}
    assert held(operator, "alarms")
    message = operator.conditions["AutoscalingApplied"]
    assert message.startswith("False ForeignScaling")
    for part in ("scaling policy bursts", "scaling policy cpu", "scheduled action noon", "scaling in"):
        assert part in message


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
