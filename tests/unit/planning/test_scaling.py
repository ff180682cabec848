"""What a plan does about the autoscaling of variants that serve, and about what an update has released."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.released import Released, still_released
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling import scaling_steps
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import AUTOSCALING, NOW, planned, spec, want, with_variant, world

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
WITHOUT_B = {**SCALING, "variants": SCALING["variants"][:1]}
NIGHTLY = {
    "nightly": ObservedAction({"Schedule": "cron(0 2 * * ? *)", "ScalableTargetAction": {"MinCapacity": 2}})
}


def released(*, seconds_ago=1000.0, **parts):
    """The record of VariantB's target as the spec has it, with these parts of others."""
    target = world(want(SCALING)).targets["VariantB"]
    return {"VariantB": Released(replace(target, **parts), since=NOW - seconds_ago)}


def steps(wanted, observed, **remembered):
    return list(scaling_steps(wanted, observed, observed.endpoint, Remembered(**remembered)))


def operations(wanted, observed, **remembered):
    return [step.commands[0].operation for step in steps(wanted, observed, **remembered)]


def with_count(observed, name, count):
    variants = [
        replace(v, current_count=count, desired_count=count) if v.name == name else v
        for v in observed.endpoint.variants
    ]
    return replace(observed, endpoint=replace(observed.endpoint, variants=tuple(variants)))


# Variants that the spec no longer names


def test_a_variant_that_is_still_to_be_removed_keeps_its_autoscaling():
    assert operations(want(WITHOUT_B), world(want(SCALING))) == []


def test_a_variant_that_was_to_be_removed_gets_back_what_was_released_for_that():
    bare = replace(world(want(SCALING)), targets={})

    restored = operations(want(WITHOUT_B), bare, released=released(scheduled_actions=NIGHTLY))

    assert restored == ["RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"]


# Restoration


def test_policies_and_scheduled_actions_wait_for_the_registration_only():
    bare = replace(world(want(SCALING)), targets={})

    register, policy, action = steps(want(SCALING), bare, released=released(scheduled_actions=NIGHTLY))

    assert policy.waits_for == action.waits_for == {register.identity}


def test_the_spec_is_followed_although_a_scheduled_action_is_not_restored_yet():
    wider = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "maxCapacity": 9})

    pending = steps(want(wider), world(want(SCALING)), released=released(scheduled_actions=NIGHTLY))

    assert [step.commands[0].operation for step in pending] == [
        "PutScheduledAction",
        "RegisterScalableTarget",
    ]
    assert pending[1].waits_for == frozenset()


def test_a_declared_policy_comes_back_as_the_spec_has_it_once_the_target_is_registered():
    bare = {"VariantB": ObservedTarget(1, 4)}
    wider = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "maxCapacity": 9})

    pending = operations(want(wider), replace(world(want(SCALING)), targets=bare), released=released())

    assert pending == ["RegisterScalableTarget", "PutScalingPolicy"]


def test_policies_come_back_while_the_update_to_another_instance_type_is_stuck():
    """A target alone scales nothing, and the old fleet may serve for days."""
    other = with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge")
    bare = replace(world(want(SCALING)), targets={"VariantB": ObservedTarget(1, 4)})

    assert operations(want(other), bare, released=released()) == ["PutScalingPolicy"]


def tracking(metric):
    specification = {"MetricName": metric, "Namespace": "Shop", "Statistic": "Average"}
    return {"TargetValue": 5.0, "CustomizedMetricSpecification": specification}


def declaring(name, metric):
    """The spec with one policy, of this name and metric."""
    customized = {"namespace": "Shop", "metricName": metric, "statistic": "Average"}
    settings = {"targetValue": 5, "customizedMetric": customized}
    policies = [{"name": name, "type": "TargetTrackingScaling", "targetTrackingScaling": settings}]
    return want(with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "policies": policies}))


def put_beside(saved, *, live=None, name="new", metric="Backlog"):
    """The step that puts a declared policy, and the identities of the restorations of those released."""
    wanted = declaring(name, metric)
    bare = replace(world(want(SCALING)), targets={"VariantB": ObservedTarget(1, 4, live or {})})
    pending = steps(wanted, bare, released=released(policies=saved))
    restored = {step.identity for step in pending if step.kind is StepKind.RESTORE_SCALING}
    (put,) = [step for step in pending if step.commands[-1].request.get("PolicyName") == name]
    return put, restored


BACKLOG = ObservedPolicy("TargetTrackingScaling", tracking("Backlog"))
ERRORS = ObservedPolicy("TargetTrackingScaling", tracking("Errors"))


def test_a_policy_is_put_after_the_restoration_of_one_of_the_same_metric():
    """AWS allows one for each metric: after the put it would refuse the restoration."""
    put, restored = put_beside({"old": BACKLOG})

    assert len(restored) == 1
    assert put.waits_for == restored


def test_a_policy_waits_for_the_restoration_of_its_own_metric_only():
    put, restored = put_beside({"other": ERRORS, "steps": ObservedPolicy("StepScaling", {"Cooldown": 60})})

    assert len(restored) == 2
    assert put.waits_for == frozenset()


def test_a_policy_waits_for_no_restoration_of_what_is_there_or_what_the_spec_declares():
    put, restored = put_beside({"new": BACKLOG})
    assert (put.waits_for, restored) == (frozenset(), set())

    put, restored = put_beside({"old": BACKLOG}, live={"old": BACKLOG})
    assert (put.waits_for, restored) == (frozenset(), set())
    assert "scaling policy old of VariantB" in put.blocked


# Records


@pytest.mark.parametrize(
    ("seconds_ago", "kept"), [(5.0, True), (1000.0, False)], ids=["just released", "long ago"]
)
def test_a_record_goes_once_a_read_after_the_release_shows_the_whole_target(seconds_ago, kept):
    record = released(seconds_ago=seconds_ago)

    assert bool(still_released(record, want(SCALING), world(want(SCALING)))) is kept


def test_a_record_stays_until_all_is_restored():
    record = released(scheduled_actions=NIGHTLY)

    assert still_released(record, want(SCALING), world(want(SCALING))) == record


def test_a_record_goes_with_its_variant_and_with_the_autoscaling_that_the_spec_takes_away():
    bare = replace(world(want(spec())), targets={})

    assert still_released(released(), want(WITHOUT_B), world(want(WITHOUT_B))) == {}
    assert still_released(released(), want(spec()), bare) == {}


# S2


@pytest.mark.parametrize("registered", [True, False])
def test_a_maximum_below_the_live_count_waits_until_the_traffic_is_gone(registered):
    """AWS lowers the count to the maximum at once."""
    changed = with_variant(SCALING, "VariantB", weight=10)
    live = with_count(world(want(SCALING)), "VariantB", 8)
    wider = {"VariantB": replace(live.targets["VariantB"], max_capacity=10)}
    live = replace(live, targets=wider if registered else {})

    (register, *_) = steps(want(changed), live)

    assert "VariantB has 50.0% of the traffic, and its intended share is 16.7%" in register.held


def bounds_of(step):
    request = step.commands[0].request
    return request["MinCapacity"], request["MaxCapacity"]


def test_a_maximum_is_raised_although_the_minimum_must_not_be_lowered_yet():
    """Under load, the traffic that S2 waits for is what needs the instances."""
    changed = with_variant(
        SCALING, "VariantB", weight=10, autoscaling={**AUTOSCALING, "minCapacity": 2, "maxCapacity": 9}
    )
    live = replace(world(want(SCALING)), targets={"VariantB": ObservedTarget(3, 4)})

    raises, lowers, *_ = steps(want(changed), live)

    assert (bounds_of(raises), bool(raises.held)) == ((3, 9), False)
    assert (bounds_of(lowers), bool(lowers.held)) == ((2, 9), True)


def test_a_maximum_that_stays_below_the_live_count_is_not_raised_while_s2_forbids_scaling_in():
    changed = with_variant(SCALING, "VariantB", weight=10, autoscaling={**AUTOSCALING, "maxCapacity": 6})
    live = with_count(world(want(SCALING)), "VariantB", 8)

    (register,) = steps(want(changed), live)

    assert (bounds_of(register), bool(register.held)) == ((1, 6), True)


def test_bounds_that_lower_nothing_wait_for_nothing():
    changed = with_variant(SCALING, "VariantB", weight=10, autoscaling={**AUTOSCALING, "maxCapacity": 3})

    (register,) = steps(want(changed), world(want(SCALING)))

    assert register.held == ""


def test_autoscaling_that_the_spec_takes_away_is_deregistered():
    decided = planned(want(spec()), world(want(SCALING)))

    assert [step.commands[0].operation for step in decided.steps] == ["DeregisterScalableTarget"]


# Suspension


@pytest.mark.parametrize(
    ("suspended", "repeats"),
    [
        ({"DynamicScalingInSuspended": True}, True),
        ({"ScheduledScalingSuspended": False}, False),
    ],
)
def test_a_registration_that_repeats_a_suspension_as_it_was_read_says_so(suspended, repeats):
    wanted = want(
        with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "suspended": {"scheduled": True}})
    )
    live = world(want(SCALING))
    target = replace(live.targets["VariantB"], suspended=suspended)

    (step,) = steps(wanted, replace(live, targets={"VariantB": target}))
    assert step.commands[0].request["SuspendedState"]["ScheduledScalingSuspended"] is True
    assert step.repeats_targets is repeats
