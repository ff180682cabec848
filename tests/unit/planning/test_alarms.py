"""The alarms of scaling policies: which are read, which lack, and what is put to repair one."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.alarms import (
    ALARMS_UNREAD,
    alarm_to_follow,
    alarm_to_put,
    alarms_handed_over,
    alarms_problem,
    alarms_to_read,
    declared_alarms,
    lacks_alarms,
    policy_alarms,
    released_alarms,
)
from sagemaker_ab.planning.desired_scaling import Bounds, DesiredAlarm, alarm_name
from sagemaker_ab.planning.observed_scaling import ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.scaling_records import ScalingRecord
from tests.unit.planning.worlds import AUTOSCALING, NOW, nothing, spec, want, with_variant, world

BURST = {
    "name": "burst",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
        "alarm": {
            "namespace": "Shop",
            "metricName": "Backlog",
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 100,
        },
    },
}
ARN = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:new:policyName/burst"
EARLIER_ARN = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:old:policyName/burst"
PAGER = "arn:aws:sns:us-east-1:123456789012:pager"
QUEUE, SHARD = {"Name": "Queue", "Value": "reviews"}, {"Name": "Shard", "Value": "1"}

DECLARED = {
    "Namespace": "Shop",
    "MetricName": "Backlog",
    "Dimensions": [QUEUE, SHARD],
    "Statistic": "Sum",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 100.0,
    "Period": 60,
    "EvaluationPeriods": 3,
    "TreatMissingData": "missing",
}
LIVE = {**DECLARED, "ActionsEnabled": True, "AlarmActions": [ARN]}
"""The declared alarm as AWS shows it."""


def scaled(*policies):
    autoscaling = {**AUTOSCALING, "policies": list(policies)}
    return want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=autoscaling))


STEPPED = scaled(BURST)
BOTH = scaled(*AUTOSCALING["policies"], BURST)
TRACKED = scaled(*AUTOSCALING["policies"])
MADE_BY_AWS = {
    "TargetTracking-endpoint/reviews/variant/VariantB-AlarmHigh",
    "TargetTracking-endpoint/reviews/variant/VariantB-AlarmLow",
}


def ours(policy, variant="VariantB"):
    return alarm_name(STEPPED.alarm_prefix, variant, policy)


def holding(**policies):
    """AWS with these policies of VariantB."""
    return replace(nothing(), targets={"VariantB": ObservedTarget(1, 4, policies)})


def step_policy(*alarms):
    return ObservedPolicy("StepScaling", {}, ARN, alarms)


def tracking_policy(*alarms, **configuration):
    return ObservedPolicy("TargetTrackingScaling", configuration, ARN, alarms)


# Names


def test_the_alarms_of_the_spec_are_those_of_its_step_policies():
    assert declared_alarms(BOTH) == {ours("burst")}
    assert declared_alarms(TRACKED) == frozenset()
    assert declared_alarms(want(spec())) == frozenset()


def test_the_alarms_of_existing_policies_are_those_of_step_policies():
    observed = holding(burst=step_policy(), invocations=tracking_policy(*MADE_BY_AWS))

    assert policy_alarms(TRACKED, observed) == {ours("burst")}


def test_alarms_are_read_for_what_is_declared_what_exists_and_what_an_earlier_spec_declared():
    observed = holding(
        theirs=step_policy("pager"), invocations=tracking_policy("TargetTracking-High", "TargetTracking-Low")
    )
    earlier = ScalingRecord(Bounds(1, 4), since=NOW, policies=frozenset({"earlier"}))

    assert alarms_to_read(STEPPED, observed, {"VariantA": earlier}) == {
        ours("burst"),
        ours("theirs"),
        "TargetTracking-High",
        "TargetTracking-Low",
        ours("earlier", "VariantA"),
    }


def test_no_alarm_is_read_where_nothing_scales():
    assert alarms_to_read(want(spec()), nothing(), {}) == frozenset()


def test_the_alarms_of_a_released_target_are_those_of_its_step_policies():
    target = ObservedTarget(1, 4, {"burst": step_policy(), "invocations": tracking_policy()})

    assert released_alarms(TRACKED, {"VariantB": Released(target, since=NOW)}) == {ours("burst")}


@pytest.mark.parametrize(
    ("firing", "needed"),
    [((), True), ((ours("burst"),), True), ((ours("burst"), "theirs"), False), (("theirs",), False)],
    ids=["none listed", "ours alone", "ours and another", "another alone"],
)
def test_an_alarm_is_handed_over_unless_another_one_fires_its_policy(firing, needed):
    observed = holding(burst=step_policy(*firing), invocations=tracking_policy())

    names = alarms_handed_over(STEPPED.alarm_prefix, observed)
    assert names == ({ours("burst")} if needed else frozenset())


def test_alarms_that_cannot_be_read_are_a_problem_only_if_the_spec_declares_one():
    problem = Problem(Reason.ACCESS_DENIED, ALARMS_UNREAD)
    unread = replace(world(BOTH), alarms=None, alarms_problem=problem)

    assert alarms_problem(BOTH, unread) == problem
    assert alarms_problem(TRACKED, unread) is None
    assert alarms_problem(BOTH, world(BOTH)) is None


# The alarms that AWS makes for target tracking


@pytest.mark.parametrize(
    ("policy", "lacking"),
    [
        (tracking_policy("high", "low"), False),
        (tracking_policy("high"), True),
        (tracking_policy(), True),
        (tracking_policy("high", "gone"), True),
        (tracking_policy("high", DisableScaleIn=True), False),
        (tracking_policy(DisableScaleIn=True), True),
        (tracking_policy("gone", DisableScaleIn=True), True),
        (tracking_policy("high", DisableScaleIn=False), True),
    ],
)
def test_a_policy_has_two_alarms_or_one_if_it_does_not_scale_in(policy, lacking):
    assert lacks_alarms(policy, {"high": {}, "low": {}}) is lacking


# The alarm of a step policy


def put(declared=DECLARED, live=None):
    return alarm_to_put(DesiredAlarm("alarm", declared), ARN, live)


def without(members, *names):
    return {member: value for member, value in members.items() if member not in names}


def test_an_alarm_that_does_not_exist_is_put_as_declared_and_fires_its_policy():
    assert put() == LIVE


def test_an_alarm_as_declared_is_not_put():
    assert put(live=LIVE) is None


@pytest.mark.parametrize(
    "live",
    [
        {**LIVE, "Dimensions": [SHARD, QUEUE]},
        without(LIVE, "TreatMissingData"),
        {**LIVE, "DatapointsToAlarm": 3},
        {**LIVE, "AlarmActions": [PAGER, ARN]},
        {**LIVE, "OKActions": [PAGER], "AlarmDescription": "mine", "StateValue": "OK"},
    ],
    ids=["order of dimensions", "default", "default datapoints", "another action", "members of others"],
)
def test_what_aws_reads_back_and_what_others_added_are_no_difference(live):
    assert put(live=live) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"Threshold": 50.0},
        {"Period": 300},
        {"Dimensions": [QUEUE]},
        {"Dimensions": [QUEUE, {**SHARD, "Value": "2"}]},
        {"ActionsEnabled": False},
        {"TreatMissingData": "breaching"},
        {"DatapointsToAlarm": 2},
        {"ExtendedStatistic": "p90"},
        {"Unit": "Count"},
        {"AlarmActions": []},
        {"AlarmActions": [EARLIER_ARN]},
    ],
    ids=str,
)
def test_an_alarm_that_somebody_changed_is_put_as_declared(changes):
    assert put(live={**LIVE, **changes}) == LIVE


@pytest.mark.parametrize("member", ["Dimensions", "Statistic", "Threshold", "ActionsEnabled", "AlarmActions"])
def test_an_alarm_that_lacks_a_member_is_put_as_declared(member):
    assert put(live=without(LIVE, member)) == LIVE


def test_an_alarm_without_dimensions_is_the_declared_one_with_or_without_an_empty_list():
    declared, live = {**DECLARED, "Dimensions": []}, {**LIVE, "Dimensions": []}

    assert put(declared, live) is None
    assert put(declared, without(live, "Dimensions")) is None


def test_declared_datapoints_are_compared_with_aws_default():
    two, three = {**DECLARED, "DatapointsToAlarm": 2}, {**DECLARED, "DatapointsToAlarm": 3}

    assert put(two, LIVE) == {**LIVE, "DatapointsToAlarm": 2}
    assert put(two, {**LIVE, "DatapointsToAlarm": 2}) is None
    assert put(two, {**LIVE, "DatapointsToAlarm": 3}) == {**LIVE, "DatapointsToAlarm": 2}
    assert put(three, {**LIVE, "DatapointsToAlarm": 3}) is None


def test_a_declared_unit_and_percentile_are_no_difference():
    declared = {**without(DECLARED, "Statistic"), "ExtendedStatistic": "p90", "Unit": "Milliseconds"}

    assert put(declared, {**declared, "ActionsEnabled": True, "AlarmActions": [ARN]}) is None


def test_actions_and_the_description_of_others_stay_when_an_alarm_is_put():
    theirs = {"OKActions": [PAGER], "InsufficientDataActions": [PAGER], "AlarmDescription": "mine"}
    live = {**LIVE, **theirs, "Threshold": 50.0, "AlarmActions": [EARLIER_ARN, PAGER], "StateValue": "OK"}

    assert put(live=live) == {**LIVE, **theirs, "AlarmActions": [ARN, PAGER]}


def test_an_alarm_that_fires_the_policy_has_nothing_to_follow():
    assert alarm_to_follow({**LIVE, "AlarmActions": [PAGER, ARN]}, ARN) is None


def test_an_alarm_follows_its_policy_to_a_new_arn_and_keeps_all_else():
    live = {**LIVE, "AlarmDescription": "mine", "AlarmActions": [EARLIER_ARN, PAGER]}

    assert alarm_to_follow(live, ARN) == {**live, "AlarmActions": [ARN, PAGER]}
    assert alarm_to_follow(without(live, "AlarmActions"), ARN) == {**live, "AlarmActions": [ARN]}
