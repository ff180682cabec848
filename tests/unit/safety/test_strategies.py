"""The other rules take the weights of a strategy from status, and know what a run keeps."""

import pytest

from tests.unit.safety.stage import Stage, fixed, scaled, spec
from tests.unit.safety.steered import choose, remember, steered, stepped

LARGE = (fixed("VariantA", count=4), fixed("VariantB", count=1, model="bert-b"))
SCALING = (scaled("VariantA", model="bert-a"), fixed("VariantB", model="bert-b"))
SCALE_IN = {"DynamicScalingInSuspended": True}


# S1


def short():
    """VariantA is to have two instances and has one."""
    stage = steered()
    stage.apply(stepped(fixed("VariantA", count=2), scaled("VariantB")))
    return stage


def test_weights_of_a_run_wait_for_instances():
    stage = short()
    choose(stage, 100, 0)
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == ["S1"]


@pytest.mark.parametrize("outcome", ["RolledBack", "Aborted"])
def test_a_rollback_and_an_abort_do_not_wait_for_instances(outcome):
    stage = short()
    choose(stage, 100, 0, outcome=outcome)
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == []


@pytest.mark.parametrize("outcome", ["Promoted", "Superseded", "EvidenceLost"])
def test_the_other_outcomes_wait_for_instances(outcome):
    stage = short()
    choose(stage, 100, 0, outcome=outcome)
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == ["S1"]


# S2


def test_a_count_is_lowered_when_the_share_is_the_chosen_one():
    stage = steered(*LARGE)
    choose(stage, 10, 90, outcome="Promoted")
    stage.apply(stepped(fixed("VariantA"), LARGE[1]))
    stage.count("VariantA", 1)
    assert stage.found() == ["S2"]

    allowed = steered(*LARGE)
    choose(allowed, 90, 10, outcome="Promoted")
    allowed.apply(stepped(fixed("VariantA"), LARGE[1]))
    allowed.count("VariantA", 1)
    assert allowed.found() == []


def test_a_count_that_a_run_keeps_is_not_lowered():
    stage = steered(*LARGE)
    stage.apply(stepped(fixed("VariantA"), LARGE[1]))
    stage.count("VariantA", 1)

    (violation,) = stage.violations()
    assert violation.rule == "S2"
    assert "the instance count of VariantA goes from 4 to 1 while a run of ml/reviews" in violation.found
    assert violation.right == "lower the instance count of VariantA when the run has ended"


def test_a_run_that_only_observes_keeps_nothing():
    stage = steered(*LARGE)
    choose(stage, 90, 10, mode="Observe")
    stage.apply(stepped(fixed("VariantA"), LARGE[1]))
    stage.count("VariantA", 1)

    assert stage.found() == []


def test_the_candidate_may_lose_instances():
    stage = steered(fixed("VariantA"), fixed("VariantB", count=4, model="bert-b"))
    stage.apply(stepped(fixed("VariantA"), fixed("VariantB", model="bert-b")))
    stage.count("VariantB", 1)

    assert stage.found() == []


def kept_and_scaling():
    """The baseline autoscales, and its scale-in is suspended for the run."""
    stage = steered(*SCALING)
    stage.register("VariantA", SuspendedState=SCALE_IN)
    stage.settle()
    assert stage.found() == []
    return stage


def test_a_maximum_below_the_count_lowers_a_count_that_a_run_keeps():
    stage = kept_and_scaling()
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 4}})
    stage.apply(stepped(scaled("VariantA", model="bert-a", maxCapacity=3), SCALING[1]))
    stage.settle()
    stage.register("VariantA", maximum=3, SuspendedState=SCALE_IN)

    assert stage.found() == ["S2"]


def test_a_lower_minimum_removes_no_instance_while_scale_in_is_suspended():
    stage = steered(scaled("VariantA", model="bert-a", minimum=2), SCALING[1])
    stage.register("VariantA", minimum=2, SuspendedState=SCALE_IN)
    stage.apply(stepped(*SCALING))
    stage.register("VariantA", minimum=1, SuspendedState=SCALE_IN)

    assert stage.found() == []


# S3


def test_scale_in_is_suspended_for_a_run_and_resumes_when_it_has_ended():
    stage = kept_and_scaling()
    choose(stage, 90, 10, outcome="Promoted")
    stage.register("VariantA", SuspendedState={"DynamicScalingInSuspended": False})

    assert stage.found() == []


def test_scale_in_that_resumes_while_the_run_goes_on_is_caught():
    stage = kept_and_scaling()
    stage.register("VariantA", SuspendedState={"DynamicScalingInSuspended": False})

    (violation,) = stage.violations()
    assert violation.rule == "S3"
    assert "resumes scaleIn of VariantA" in violation.found


def test_scale_in_of_the_candidate_is_not_suspended_for_a_run():
    stage = steered()
    stage.register("VariantB", SuspendedState=SCALE_IN)

    assert stage.found() == ["S3"]


# S5


def late(stage):
    stage.poll(minutes=10)
    return [(violation.rule, violation.found) for violation in stage.violations()]


def test_chosen_weights_that_nobody_sends_are_late():
    stage = steered()
    choose(stage, 75, 25)

    ((rule, found),) = late(stage)
    assert rule == "S5"
    assert "shift the traffic of VariantA from 90.0% to 75.0%, VariantB from 10.0% to 25.0%" in found


def test_a_step_of_a_run_may_wait_for_instances():
    stage = short()
    choose(stage, 100, 0)

    assert not any("shift the traffic" in found for _, found in late(stage))


def test_a_rollback_that_waits_for_instances_is_late():
    stage = short()
    choose(stage, 100, 0, outcome="RolledBack")

    assert any("shift the traffic" in found for _, found in late(stage))


OTHER = "9876543210-1"
WAITS = {"type": "WeightsApplied", "status": "False", "reason": "Pending"}


@pytest.mark.parametrize("remembered", [False, True])
def test_the_weights_of_a_run_may_wait_until_the_tag_of_the_endpoint_names_it(remembered):
    stage = steered()
    choose(stage, 75, 25, run=OTHER)
    if remembered:
        remember(stage, OTHER)
        stage.read()

    assert [rule for rule, _ in late(stage)] == (["S5"] if remembered else [])


@pytest.mark.parametrize("outcome", ["RolledBack", "Aborted"])
def test_the_weights_of_a_run_that_was_given_up_do_not_wait_for_the_tag(outcome):
    stage = steered()
    choose(stage, 100, 0, run=OTHER, outcome=outcome)

    assert any("shift the traffic" in found for _, found in late(stage))


@pytest.mark.parametrize("named", [False, True])
def test_weights_that_wait_for_the_tag_of_the_run_are_named_in_a_condition(named):
    stage = steered()
    choose(stage, 75, 25, run=OTHER)
    stage.read()
    message = "Waiting to shift traffic: the tag sagemaker-ab.dev/run of the endpoint does not name the run"
    status = stage.resource["status"]
    stage.write_status(**status, conditions=[WAITS | {"message": message if named else "Waiting"}])

    assert stage.found_at_rest() == ([] if named else ["S5"])


def test_a_smaller_count_may_wait_for_the_run_and_not_longer():
    stage = steered(*LARGE)
    stage.apply(stepped(fixed("VariantA"), LARGE[1]))
    assert late(stage) == []

    choose(stage, 90, 10, outcome="EvidenceLost")
    assert late(stage) == []

    choose(stage, 90, 10, outcome="Promoted")
    assert any("change VariantA from 4 to 1 instances" in found for _, found in late(stage))


def test_a_smaller_count_that_waits_for_the_run_is_named_in_a_condition():
    stage = steered(*LARGE)
    stage.apply(stepped(fixed("VariantA"), LARGE[1]))
    stage.read()

    assert stage.found_at_rest() == ["S5"]
    assert "it waits for VariantA, which no condition names" in stage.violations()[0].found


def test_scale_in_that_nobody_suspends_for_a_run_is_late():
    assert any("VariantA has scaleIn not suspended" in found for _, found in late(steered(*SCALING)))


def test_scale_in_may_stay_suspended_until_the_last_weights_are_in_effect():
    stage = kept_and_scaling()
    stage.apply(stepped(scaled("VariantA", model="bert-a"), fixed("VariantB", count=2, model="bert-b")))
    choose(stage, 0, 100, outcome="Promoted")

    assert not any("scaleIn" in found for _, found in late(stage))

    ended = kept_and_scaling()
    choose(ended, 90, 10, outcome="Promoted")
    assert any("VariantA has scaleIn suspended" in found for _, found in late(ended))


# S6


def test_ready_with_the_chosen_weights_in_effect_is_right():
    stage = steered()
    choose(stage, 90, 10, ready=True)

    assert stage.found() == []


def test_ready_with_other_weights_in_effect_is_caught():
    stage = steered()
    choose(stage, 75, 25, ready=True)

    (violation,) = stage.violations()
    assert violation.rule == "S6"
    assert "the current share of VariantA is 90.0%, not 75.0%" in violation.found


def test_ready_while_scale_in_is_not_suspended_for_the_run_is_caught():
    stage = steered(*SCALING)
    choose(stage, 90, 10, ready=True)

    assert "VariantA has scaleIn not suspended" in stage.violations()[0].found


def test_under_manual_again_the_weights_are_those_of_the_spec():
    stage = steered()
    stage.apply(spec())
    choose(stage, 90, 10, ready=True)

    assert "not 50.0%" in stage.violations()[0].found


def test_weights_before_the_first_choice_are_not_judged():
    stage = Stage()
    stage.deploy()
    stage.apply(stepped())
    stage.write_status(ready=True)

    assert stage.found() == []
