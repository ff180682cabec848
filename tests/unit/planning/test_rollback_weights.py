"""The weights of a rollback go before everything else, and instances do not hold them."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import chosen, planned, spec, want, with_variant, world

WHY = "because the guardrail ServerErrors was breached"
ROLLBACK = chosen(100, 0, overrides_capacity=WHY)
FOUR = with_variant(spec(), "VariantA", instanceCount=4)
"""The baseline is to have four instances, and has one."""


def serving(baseline=50, candidate=50, **changes):
    """The endpoint in the middle of a run, with one instance of each variant."""
    return world(want(spec(), traffic=chosen(baseline, candidate)), **changes)


def weights_step(plan):
    (step,) = [step for step in plan.steps if step.kind is StepKind.SHIFT_WEIGHTS]
    return step


def test_a_rollback_does_not_wait_for_instances_and_says_what_it_overrides():
    step = weights_step(planned(want(FOUR, traffic=ROLLBACK), serving()))

    assert (step.held, step.waits_for) == ("", frozenset())
    assert step.overrides == f"{WHY}: VariantA has 1 of 4 instances in service"


def test_a_promotion_waits_for_instances():
    step = weights_step(planned(want(FOUR, traffic=chosen(100, 0)), serving()))

    assert step.held == "VariantA has 1 of 4 instances in service"


def test_a_rollback_that_s1_allows_overrides_nothing():
    step = weights_step(planned(want(spec(), traffic=ROLLBACK), serving()))

    assert step.overrides == ""
    assert step.urgent


@pytest.mark.parametrize("percents", [(100, 0), (95, 5)], ids=["to the baseline", "to the last good step"])
def test_a_rollback_goes_before_everything_else(percents):
    changed = with_variant(FOUR, "VariantB", model="bert-a", instanceCount=3)
    back = replace(ROLLBACK, weights=chosen(*percents).weights)

    step = planned(want(changed, traffic=back), serving()).next_step(lambda _: False)

    assert step.kind is StepKind.SHIFT_WEIGHTS


def test_a_rollback_is_one_call_with_all_weights():
    (shift,) = weights_step(planned(want(FOUR, traffic=ROLLBACK), serving())).commands

    assert shift.request["DesiredWeightsAndCapacities"] == [
        {"VariantName": "VariantA", "DesiredWeight": 100},
        {"VariantName": "VariantB", "DesiredWeight": 0},
    ]


def test_a_rollback_is_pending_until_a_read_shows_it():
    """AWS accepts weights and may roll them back, so only a read ends the retries."""
    wanted = want(FOUR, traffic=ROLLBACK)

    assert weights_step(planned(wanted, serving())).identity
    assert weights_step(planned(wanted, serving(90, 10))).identity
    done = planned(wanted, serving(100, 0))
    assert [step.kind for step in done.steps] == [StepKind.SCALE_OUT]


def test_a_rollback_in_backoff_does_not_hold_up_the_other_steps():
    decided = planned(want(FOUR, traffic=ROLLBACK), serving())

    step = decided.next_step(lambda each: each.kind is StepKind.SHIFT_WEIGHTS)

    assert step.kind is StepKind.SCALE_OUT


def test_a_rollback_is_sent_while_a_rollout_is_stuck():
    changed = with_variant(FOUR, "VariantB", model="bert-a")
    decided = planned(want(changed, traffic=ROLLBACK), serving())

    step = decided.next_step(lambda each: each.kind is StepKind.CREATE_MODELS)

    assert step.kind is StepKind.SHIFT_WEIGHTS


def test_a_rollback_waits_while_aws_changes_the_endpoint():
    assert not planned(want(FOUR, traffic=ROLLBACK), serving(status=EndpointStatus.UPDATING)).actionable


def test_the_annotation_overrides_a_step_of_a_run_too():
    decided = planned(want(FOUR, traffic=chosen(90, 10)), serving(), force_weights=True)

    assert weights_step(decided).overrides == (
        "as the annotation sagemaker-ab.dev/force-weights asks: VariantA has 1 of 4 instances in service"
    )


def test_only_the_weights_of_a_run_are_never_sent_twice_at_a_time():
    assert weights_step(planned(want(spec(), traffic=chosen(90, 10)), serving())).single_flight
    assert not weights_step(planned(want(spec()), serving(90, 10))).single_flight
