"""What is changed by hand in any part of autoscaling is repaired by the writes for it and no other."""

import pytest

from tests.integration.scaling_stage import (
    ALL,
    NOON,
    alarm_name,
    alarm_of,
    change_alarm_by_hand,
    cloudwatch_by_hand,
    invocations,
    policies,
    policy_arns,
    tracking_alarms,
    writes_of,
)
from tests.integration.stage import (
    aws,
    scaling_by_hand,
    settled,
    target,
)

METRIC = "SageMakerVariantInvocationsPerInstance"

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
    "alarm's threshold": (lambda op: change_alarm_by_hand(op, Threshold=99.0), ["PutMetricAlarm"]),
    "alarm's unit": (lambda op: change_alarm_by_hand(op, Unit="Count"), ["PutMetricAlarm"]),
    "alarm's datapoints": (
        lambda op: change_alarm_by_hand(op, EvaluationPeriods=3, DatapointsToAlarm=2),
        ["PutMetricAlarm"],
    ),
    "alarm's action": (lambda op: change_alarm_by_hand(op, AlarmActions=[]), ["PutMetricAlarm"]),
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
