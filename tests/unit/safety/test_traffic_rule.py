"""S1: no call raises a variant's share while its in-service instances are fewer than intended."""

import pytest

from tests.unit.safety.stage import Stage, fixed, scaled, scheduled, spec, target


def test_weights_that_go_before_the_instances_are_caught(stage):
    stage.apply(spec(fixed("VariantA", weight=0), scaled("VariantB", weight=100, minimum=4)))
    stage.weigh(VariantA=0, VariantB=100)

    (violation,) = stage.violations()
    assert violation.rule == "S1"
    assert "UpdateEndpointWeightsAndCapacities" in violation.subject
    assert "VariantB goes from 50.0% to 100.0% of the traffic on 1 instance(s)" in violation.found
    assert "intends 4" in violation.found
    assert "until 4 instances of VariantB are in service" in violation.right


def test_weights_and_instances_asked_for_in_one_call_are_caught(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    changes = [
        {"VariantName": "VariantA", "DesiredWeight": 100, "DesiredInstanceCount": 2},
        {"VariantName": "VariantB", "DesiredWeight": 0},
    ]
    stage.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=changes
    )

    assert stage.found() == ["S1"]


def test_weights_that_follow_the_instances_are_right(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    stage.count("VariantA", 2)
    stage.settle()
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == []


def test_a_lowered_weight_raises_the_others_share(stage):
    stage.apply(spec(fixed("VariantA", count=2), scaled("VariantB", weight=0)))
    stage.weigh(VariantB=0)

    assert "VariantA goes from 50.0% to 100.0%" in stage.violations()[0].found


def test_a_share_that_stays_needs_no_instances(stage):
    stage.apply(spec(fixed("VariantA", count=4, weight=1), scaled("VariantB", weight=1)))
    stage.weigh(VariantA=1, VariantB=1)

    assert stage.found() == []


def test_a_refused_call_moves_nothing(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    stage.aws.fault({"error": {"code": "ValidationException", "text": "no"}}, match={"write": True})
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.refused
    assert stage.found() == []


def test_a_lost_answer_excuses_nothing(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    stage.aws.fault({"drop": "after"}, match={"write": True})
    with pytest.raises(Exception, match="Connection was closed"):
        stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == ["S1"]


def forced(generation):
    return {"force_weights": generation}


def test_a_person_may_force_the_weights_of_a_generation(stage):
    wanted = spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0))
    stage.apply(wanted, **forced("2"))
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == []


def test_forcing_another_generation_does_nothing(stage):
    wanted = spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0))
    stage.apply(wanted, **forced("1"))
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == ["S1"]


GROWN = spec(fixed("VariantA", weight=90, count=4), scaled("VariantB", weight=10))
TAKES_NEW_WEIGHTS = {
    "RetainAllVariantProperties": True,
    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
}


def test_an_update_that_retains_the_counts_and_takes_new_weights_is_caught(stage):
    stage.apply(GROWN)
    stage.create_config("second", GROWN)
    stage.update("second", **TAKES_NEW_WEIGHTS)

    (violation,) = stage.violations()
    assert "VariantA goes from 50.0% to 90.0% of the traffic on 1 instance(s)" in violation.found


def test_an_update_that_brings_the_counts_along_is_right(stage):
    stage.apply(GROWN)
    stage.create_config("second", GROWN)
    stage.update("second")

    assert stage.found() == []


def test_an_update_that_retains_weights_and_counts_is_right(stage):
    stage.apply(GROWN)
    stage.create_config("second", GROWN)
    stage.update("second", RetainAllVariantProperties=True)

    assert stage.found() == []


def test_retained_weights_stand_beside_a_new_variants_own(stage):
    """The new variant's 50 beside the retained 50 and 50 is a third, and its two instances are one."""
    wanted = spec(fixed("VariantA"), scaled("VariantB"), fixed("VariantC", count=2))
    stage.apply(wanted)
    stage.create_config("second", wanted, VariantC=1)
    stage.update("second", RetainAllVariantProperties=True)

    (violation,) = stage.violations()
    assert "VariantC goes from 0.0% to 33.3%" in violation.found


def test_a_creation_moves_no_traffic():
    stage = Stage()
    stage.apply(spec(fixed("VariantA", count=4), scaled("VariantB", minimum=3)))
    stage.read()
    stage.pin()
    for name in ("bert-a", "bert-b"):
        stage.create_model(name)
    stage.create_config("first", stage.resource["spec"], VariantA=1, VariantB=1)
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first")

    assert stage.found() == []


def test_what_others_do_after_the_read_cannot_be_known(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    stage.count("VariantA", 2)
    stage.settle()
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 1}})
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == []


def test_what_others_did_before_the_read_can_be_known(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    stage.count("VariantA", 2)
    stage.settle()
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 1}})
    stage.read()
    stage.weigh(VariantA=100, VariantB=0)

    assert stage.found() == ["S1"]


def test_a_read_from_before_the_operators_own_change_excuses_nothing(stage):
    stage.apply(spec(fixed("VariantA", count=2), scaled("VariantB")))
    stage.count("VariantA", 2)
    stage.settle()
    stage.count("VariantA", 1)
    stage.aws.advance(minutes=5)
    stage.aws.fault({"stale": 20.0}, match={"operation": "DescribeEndpoint"})
    stage.weigh(VariantA=100, VariantB=0)

    assert "S1" in stage.found()


def test_what_others_do_by_hand_is_not_judged(stage):
    stage.apply(spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0)))
    person = stage.aws.client("sagemaker", access_key="AKIASANDBOXPERSON")
    changes = [{"VariantName": "VariantA", "DesiredWeight": 100}]
    person.update_endpoint_weights_and_capacities(EndpointName="reviews", DesiredWeightsAndCapacities=changes)

    assert stage.found() == []


def moved_to_another_type(*, theirs: bool) -> Stage:
    """An update that gives VariantB more traffic on one instance, after its target was released.

    The spec intends three instances, unless an action of somebody else has set the bounds.
    """
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", minimum=3)))
    if theirs:
        action = scheduled("VariantB", "theirs", "rate(1 hour)", minimum=1, maximum=4)
        stage.somebody("PutScheduledAction", **action)
        stage.poll(minutes=61)
    stage.somebody("RegisterScalableTarget", **target("VariantB"), MinCapacity=1, MaxCapacity=4)
    stage.aws.advance(minutes=15)
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantB": 1}})
    stage.settle()
    moved = spec(
        fixed("VariantA"), scaled("VariantB", minimum=3, weight=90) | {"instanceType": "ml.c5.large"}
    )
    stage.apply(moved)
    stage.read()
    stage.create_config("second", moved, VariantB=1)
    stage.deregister("VariantB")
    stage.update("second")
    return stage


def test_bounds_that_a_foreign_action_had_set_are_intended_until_a_release_is_restored():
    assert "S1" not in moved_to_another_type(theirs=True).found()
    assert "S1" in moved_to_another_type(theirs=False).found()
