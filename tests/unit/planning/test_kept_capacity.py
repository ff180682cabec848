"""A run keeps the instances of a variant, so that the variant can take all traffic back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sagemaker_ab.api.status import Status
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.conditions import draft_conditions
from sagemaker_ab.planning.intended_traffic import IntendedTraffic
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling_records import follow_scaling
from sagemaker_ab.planning.start_counts import with_start_counts
from sagemaker_ab.planning.status import Gathered, report
from sagemaker_ab.planning.steps import StepKind
from sagemaker_ab.planning.switch import with_retained_weights
from tests.unit.planning.worlds import (
    AUTOSCALING,
    chosen,
    operations,
    planned,
    request,
    spec,
    want,
    with_variant,
    world,
)

SCALE_IN = "DynamicScalingInSuspended"
RUN = "0123456789-1"
DURING = chosen(90, 10, keeps_capacity={"VariantA"})
AFTER = chosen(0, 100)


def scaling(**changes):
    """VariantA autoscales."""
    return with_variant(spec(), "VariantA", instanceCount=None, autoscaling={**AUTOSCALING, **changes})


def aws(raw, traffic, *, count=1, **target):
    """AWS as the spec and the run have it, with this many instances of VariantA and this scalable target."""
    observed = world(want(raw, traffic=traffic))
    variants = tuple(
        replace(v, current_count=count, desired_count=count) if v.name == "VariantA" else v
        for v in observed.endpoint.variants
    )
    targets = {name: replace(each, **target) for name, each in observed.targets.items()}
    return replace(observed, endpoint=replace(observed.endpoint, variants=variants), targets=targets)


def records(raw, *history):
    """The records of autoscaling after reconciles with this traffic, each of which AWS followed."""
    found = {}
    for traffic in history:
        wanted = want(raw, traffic=traffic)
        live = aws(raw, traffic, suspended=wanted.variants[0].scaling.suspended)
        found = follow_scaling(found, wanted, live, {}, settled=True)
    return found


def plan_of(raw, traffic, live, *history):
    wanted = want(raw, traffic=traffic)
    followed = follow_scaling(records(raw, *history), wanted, live, {}, settled=True)
    return planned(wanted, live, scaling=followed)


# Autoscaling


def test_scale_in_is_suspended_while_the_run_lasts():
    decided = plan_of(scaling(), DURING, aws(scaling(), DURING))

    assert operations(decided) == ["RegisterScalableTarget"]
    assert request(decided, "RegisterScalableTarget")["SuspendedState"] == {
        SCALE_IN: True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


def test_a_suspension_that_holds_needs_no_call():
    assert plan_of(scaling(), DURING, aws(scaling(), DURING, suspended={SCALE_IN: True})).steps == ()


def test_scale_in_resumes_when_the_run_ends():
    live = aws(scaling(), AFTER, suspended={SCALE_IN: True})

    decided = plan_of(scaling(), AFTER, live, DURING)

    assert request(decided, "RegisterScalableTarget")["SuspendedState"][SCALE_IN] is False


@pytest.mark.parametrize(("declared", "afterwards"), [(True, True), (False, False)])
def test_after_the_run_the_spec_decides_again(declared, afterwards):
    raw = scaling(suspended={"scaleIn": declared})
    during = plan_of(raw, DURING, aws(raw, DURING, suspended={SCALE_IN: not declared}))
    after = plan_of(raw, AFTER, aws(raw, AFTER, suspended={SCALE_IN: not afterwards}), DURING)

    assert [operations(during)] == ([[]] if not declared else [["RegisterScalableTarget"]])
    assert request(after, "RegisterScalableTarget")["SuspendedState"][SCALE_IN] is afterwards


def test_the_other_suspensions_of_the_spec_stay():
    raw = scaling(suspended={"scheduled": True, "scaleOut": True})

    decided = plan_of(raw, DURING, aws(raw, DURING))

    assert all(request(decided, "RegisterScalableTarget")["SuspendedState"].values())


def test_a_run_suspends_nothing_of_the_other_variants():
    raw = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)

    assert planned(want(raw, traffic=DURING), world(want(raw, traffic=DURING))).steps == ()


def test_a_smaller_maximum_waits_for_the_run_since_aws_would_scale_in():
    lower = scaling(maxCapacity=2)

    decided = plan_of(lower, DURING, aws(scaling(), DURING, count=3, suspended={SCALE_IN: True}))

    (step,) = decided.steps
    assert step.held == f"run {RUN} keeps the instances of VariantA until it ends"
    assert decided.next_step(lambda _: False) is None


def test_the_suspension_does_not_wait_for_a_maximum_that_does():
    decided = plan_of(scaling(maxCapacity=2), DURING, aws(scaling(), DURING, count=3))

    sent = decided.next_step(lambda _: False)
    assert sent.commands[0].request["SuspendedState"][SCALE_IN] is True
    assert sent.commands[0].request["MaxCapacity"] == 4


def test_a_smaller_minimum_removes_no_instance_and_does_not_wait():
    live = aws(scaling(minCapacity=2), DURING, count=3, suspended={SCALE_IN: True})

    (step,) = plan_of(scaling(minCapacity=1), DURING, live).steps

    assert not step.held


# Instance counts

FOUR, ONE = with_variant(spec(), "VariantA", instanceCount=4), spec()


def test_a_smaller_count_waits_for_the_run():
    (step,) = planned(want(ONE, traffic=DURING), world(want(FOUR, traffic=DURING))).steps

    assert step.kind is StepKind.SCALE_IN
    assert step.held == f"run {RUN} keeps the instances of VariantA until it ends"


def test_the_condition_names_the_run_that_a_smaller_count_waits_for():
    wanted, live = want(ONE, traffic=DURING), world(want(FOUR, traffic=DURING))

    drafts = draft_conditions(wanted, live, planned(wanted, live), None, remembered=Remembered())

    (ready,) = [draft for draft in drafts if draft.type == "Ready"]
    assert not ready.status
    assert ready.message == (
        f"Waiting to set the instance count of VariantA to 1: run {RUN} keeps the instances of VariantA until"
        " it ends."
    )


def test_a_smaller_count_follows_the_end_of_the_run():
    done = chosen(100, 0)

    assert operations(planned(want(ONE, traffic=done), world(want(FOUR, traffic=done)))) == [
        "UpdateEndpointWeightsAndCapacities"
    ]


def test_a_larger_count_does_not_wait():
    (step,) = planned(want(FOUR, traffic=DURING), world(want(ONE, traffic=DURING))).steps

    assert not step.held


def test_the_other_variants_may_lose_instances():
    raw = with_variant(spec(), "VariantB", instanceCount=4)

    (step,) = planned(want(spec(), traffic=DURING), world(want(raw, traffic=DURING))).steps

    assert not step.held


# Updates


def update(raw, before):
    """The update to another model behind VariantB."""
    live = world(want(before, traffic=DURING))
    wanted = with_retained_weights(want(with_variant(raw, "VariantB", model="bert-a"), traffic=DURING), live)
    wanted = with_start_counts(wanted, live, {})
    (step,) = [each for each in planned(wanted, live).steps if each.kind is StepKind.UPDATE_ENDPOINT]
    return step


def test_an_update_keeps_the_count_that_the_run_keeps():
    step = update(ONE, before=FOUR)

    assert step.commands[0].request["RetainAllVariantProperties"] is True
    assert "ExcludeRetainedVariantProperties" not in step.commands[0].request
    assert not step.held


def test_an_update_that_takes_the_counts_from_the_config_waits_if_that_removes_instances():
    """VariantB, which a hand has left with less than it needs, would get more traffic on it."""
    fewer, more = FOUR, with_variant(ONE, "VariantB", instanceCount=2)
    live = world(want(with_variant(fewer, "VariantB", instanceCount=1), traffic=DURING))
    new = chosen(50, 50, keeps_capacity={"VariantA"})
    initial = IntendedTraffic(
        weights=new.weights, initial_weights=new.weights, run=RUN, keeps_capacity=new.keeps_capacity
    )
    raw = with_variant(more, "VariantA", model="bert-b")

    wanted = with_start_counts(want(raw, traffic=initial), live, {})
    steps = planned(wanted, live).steps

    (held,) = [each.held for each in steps if each.kind is StepKind.UPDATE_ENDPOINT]
    assert held == f"run {RUN} keeps the instances of VariantA until it ends"


# Status


def status_of(raw, traffic, before=None):
    wanted = want(raw, traffic=traffic)
    live = aws(raw, traffic, suspended=wanted.variants[0].scaling.suspended)
    found = Gathered(
        account="123456789012",
        region="us-east-1",
        traffic=TrafficStatus(strategy="Stepped"),
        desired=wanted,
        observed=live,
        plan=planned(wanted, live, scaling=records(raw, traffic)),
        remembered=Remembered(scaling=records(raw, traffic)),
    )
    return report(before or Status(), 1, found, now=datetime(2026, 1, 1, tzinfo=UTC))


def condition(status, kind):
    return next(each for each in status.conditions if each.type == kind)


def test_status_names_the_run_that_has_suspended_scale_in():
    during = status_of(scaling(), DURING)

    (shown,) = during.scaling
    assert (shown.suspended, shown.scale_in_suspended_for) == (["scaleIn"], RUN)
    assert condition(during, "AutoscalingApplied").message == (
        f"Autoscaling is as the spec asks; run {RUN} keeps scale-in of VariantA suspended until it ends"
    )
    assert condition(during, "WeightsApplied").message == f"Traffic is split as run {RUN} asks"


def test_status_names_no_run_afterwards():
    (shown,) = status_of(scaling(), AFTER, status_of(scaling(), DURING)).scaling

    assert (shown.suspended, shown.scale_in_suspended_for) == (None, None)
