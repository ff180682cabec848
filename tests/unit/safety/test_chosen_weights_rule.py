"""S10: the weights of a strategy are written before they are sent, and sent one at a time."""

import pytest

from sandbox.safety.bounds import Bounds
from tests.unit.safety.stage import Stage, fixed, scaled, spec, tags
from tests.unit.safety.steered import choose, steered, stepped


@pytest.fixture
def stage():
    return steered()


def test_weights_that_the_status_has_are_right(stage):
    choose(stage, 75, 25)
    stage.weigh(VariantA=75, VariantB=25)

    assert stage.found() == []


def test_weights_that_the_status_does_not_have_yet_are_caught(stage):
    stage.weigh(VariantA=75, VariantB=25)
    choose(stage, 75, 25)

    (violation,) = stage.violations()
    assert violation.rule == "S10"
    assert "UpdateEndpointWeightsAndCapacities" in violation.subject
    assert "the status of ml/reviews (generation 2) has VariantA=90, VariantB=10" in violation.found
    assert violation.right == "write the weights to status, and send all of them as they are there"


@pytest.mark.parametrize(
    "weights",
    [{"VariantA": 75, "VariantB": 20}, {"VariantB": 25}, {"VariantA": 3, "VariantB": 1}],
    ids=["another one", "one alone", "another scale"],
)
def test_weights_that_are_not_all_as_in_the_status_are_caught(stage, weights):
    choose(stage, 75, 25)
    stage.weigh(**weights)

    assert stage.found() == ["S10"]


def test_a_refused_call_with_other_weights_is_caught_too(stage):
    stage.aws.fault({"error": {"code": "ValidationException", "text": "no"}}, match={"write": True})
    stage.weigh(VariantA=75, VariantB=25)

    assert stage.found() == ["S10"]


@pytest.mark.parametrize(
    "status",
    [{}, {"traffic": {"strategy": "Stepped"}}, {"traffic": {"strategy": "Manual", "weights": []}}],
    ids=["no status", "no weights", "of another strategy"],
)
def test_weights_without_any_in_the_status_are_caught(stage, status):
    stage.write_status(**status)
    stage.weigh(VariantA=75, VariantB=25)

    assert "has no weights" in stage.violations()[0].found


def test_under_manual_the_status_needs_no_weights():
    manual = Stage()
    manual.deploy()
    manual.apply(spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10)))
    manual.weigh(VariantA=90, VariantB=10)
    manual.weigh(VariantA=90, VariantB=10)

    assert manual.found() == []


def test_weights_that_may_have_been_sent_for_manual_are_not_judged():
    """The reconcile that sends them has read the resource before its strategy changed."""
    stage = Stage()
    stage.monitor.judge.history.bounds = Bounds(reconcile=60.0)
    stage.deploy()
    stage.apply(stepped())
    stage.weigh(VariantA=50, VariantB=50)

    assert stage.found() == []


def test_a_count_is_no_weight(stage):
    stage.apply(stepped(fixed("VariantA", count=2), scaled("VariantB")))
    stage.count("VariantA", 2)

    assert stage.found() == []


def test_only_zeros_are_sent_while_a_variant_serves_that_the_spec_does_not_name(stage):
    serving = spec(fixed("VariantA"), scaled("VariantB"), fixed("VariantC"))
    stage.create_config("by-hand", serving)
    stage.somebody(
        "UpdateEndpoint", service="sagemaker", EndpointName="reviews", EndpointConfigName="by-hand"
    )
    stage.settle()
    choose(stage, 100, 0)
    stage.weigh(VariantB=0)
    assert stage.found() == []

    stage.settle()
    stage.weigh(VariantA=100, VariantB=0)
    assert stage.found() == ["S10"]


# One at a time


def shift(stage, candidate):
    choose(stage, 100 - candidate, candidate)
    stage.weigh(VariantA=100 - candidate, VariantB=candidate)


def test_a_second_change_before_a_read_is_caught(stage):
    shift(stage, 20)
    stage.aws.advance(minutes=15)
    shift(stage, 30)

    (violation,) = stage.violations()
    assert "no read has been able to show call" in violation.found
    assert violation.right == "wait for a read that is not older than the last change of weights"


def test_the_same_change_sent_again_is_caught(stage):
    shift(stage, 20)
    stage.aws.advance(seconds=5)
    stage.weigh(VariantA=80, VariantB=20)

    assert stage.found() == ["S10"]


def test_a_read_from_before_the_change_shows_nothing_of_it(stage):
    shift(stage, 20)
    stage.aws.advance(minutes=5)
    stage.aws.fault({"stale": 400.0}, match={"operation": "DescribeEndpoint"})
    stage.read()
    shift(stage, 30)

    assert stage.found() == ["S10"]


def test_a_change_after_a_read_that_can_show_the_last_one_is_right(stage):
    shift(stage, 20)
    stage.settle()
    shift(stage, 30)

    assert stage.found() == []


def test_a_restart_excuses_no_second_change(stage):
    shift(stage, 20)
    stage.monitor.restarted()
    stage.weigh(VariantA=80, VariantB=20)

    assert stage.found() == ["S10"]


def test_a_change_that_aws_refused_is_not_in_flight(stage):
    stage.aws.fault({"error": {"code": "ThrottlingException", "text": "no"}}, match={"write": True}, count=1)
    shift(stage, 20)
    stage.aws.advance(minutes=1)
    stage.weigh(VariantA=80, VariantB=20)

    assert stage.found() == []


def test_a_change_whose_answer_was_lost_is_in_flight(stage):
    stage.aws.fault({"drop": "after"}, match={"write": True}, count=1)
    choose(stage, 80, 20)
    with pytest.raises(Exception, match="Connection was closed"):
        stage.weigh(VariantA=80, VariantB=20)
    stage.weigh(VariantA=80, VariantB=20)

    assert stage.found() == ["S10"]


# Updates


def updating(stage, baseline, candidate, **rules):
    """Update to a config with these initial weights."""
    weights = {"VariantA": baseline, "VariantB": candidate}
    variants = [{**one, "weight": weights[one["name"]]} for one in spec()["variants"]]
    stage.create_config("second", {**spec(), "variants": variants})
    stage.update("second", **rules)
    return stage.found()


def test_an_update_that_resets_the_weights_is_caught(stage):
    assert updating(stage, 100, 0) == ["S10"]
    assert "it switches to VariantA=100.0%, VariantB=0.0%" in stage.violations()[0].found


def test_an_update_that_retains_the_weights_is_right(stage):
    assert updating(stage, 100, 0, RetainAllVariantProperties=True) == []


def test_an_update_to_the_chosen_weights_is_right(stage):
    choose(stage, 100, 0)

    assert updating(stage, 100, 0) == []


def test_a_new_endpoint_starts_as_its_config_says():
    stage = Stage()
    stage.apply(stepped())
    stage.read()
    stage.pin()
    for name in ("bert-a", "bert-b"):
        stage.create_model(name)
    stage.create_config("first", spec())
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first", Tags=tags())

    assert stage.found() == []


def test_a_resource_that_is_being_deleted_is_not_judged(stage):
    stage.delete()
    stage.weigh(VariantA=75, VariantB=25)

    assert "S10" not in stage.found()
