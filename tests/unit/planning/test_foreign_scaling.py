"""What the spec does not declare of a scalable target: what is removed of it, and what is left alone."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.desired_scaling import DesiredPolicy
from sagemaker_ab.planning.foreign_scaling import Undeclared, describe_foreign, to_remove, undeclared
from sagemaker_ab.planning.intended_bounds import LATE_SECONDS
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy
from sagemaker_ab.planning.scaling_records import ActionRecord
from tests.unit.planning.schedule_worlds import BEGIN, DECLARED, HOUR, held, record, scaling_of
from tests.unit.planning.worlds import AUTOSCALING, recorded, spec, want, with_variant, world

DAILY = {"Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 2}}
POLICY = ObservedPolicy("StepScaling", {})
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
NOTHING = Undeclared(frozenset(), frozenset(), frozenset())

SCALING = scaling_of(
    {"ours": DAILY},
    policies=(DesiredPolicy("ours", "StepScaling", {}),),
    declared_suspended={"DynamicScalingInSuspended": False},
)
TARGET = replace(
    held(DECLARED, {"ours": DAILY, "theirs": DAILY, "earlier": DAILY}, **dict.fromkeys(SUSPENSIONS, True)),
    policies={"ours": POLICY, "theirs": POLICY, "earlier": POLICY},
)
"""It has what the spec declares, what an earlier spec declared, and what somebody else made."""


def parts(*names, suspended=()):
    return Undeclared(frozenset(names), frozenset(names), frozenset(suspended))


def test_what_the_spec_does_not_name_is_undeclared_whoever_made_it():
    assert undeclared(SCALING, TARGET) == parts("theirs", "earlier", suspended=SUSPENSIONS[1:])


def test_a_member_of_the_suspended_state_that_is_false_is_not_undeclared():
    resumed = replace(TARGET, suspended=dict.fromkeys(SUSPENSIONS, False))

    assert undeclared(SCALING, resumed).suspended == frozenset()


def test_what_an_earlier_spec_declared_is_removed():
    earlier = record(
        {"ours": DAILY, "earlier": DAILY},
        policies=frozenset({"ours", "earlier"}),
        suspended=frozenset(SUSPENSIONS[:2]),
    )

    assert to_remove(SCALING, TARGET, earlier) == parts("earlier", suspended=SUSPENSIONS[1:2])


def test_nothing_is_removed_without_a_record_of_earlier_specs():
    assert to_remove(SCALING, TARGET, None) == NOTHING
    assert to_remove(SCALING, TARGET, record({})) == NOTHING


@pytest.mark.parametrize("known", [None, record({})], ids=["without a record", "with a record"])
def test_all_that_is_undeclared_is_removed_if_the_spec_asks_for_it(known):
    removing = replace(SCALING, removes_foreign=True)

    assert to_remove(removing, TARGET, known) == parts("theirs", "earlier", suspended=SUSPENSIONS[1:])


# As the condition describes it

AUTOSCALED = {"instanceCount": None, "autoscaling": AUTOSCALING}
BOTH = want(with_variant(with_variant(spec(), "VariantA", **AUTOSCALED), "VariantB", **AUTOSCALED))


def described(records=None, now=None, **targets):
    """What is said of two variants that scale, with these changes of their targets."""
    observed = world(BOTH)
    changed = {name: replace(observed.targets[name], **changes) for name, changes in targets.items()}
    observed = replace(observed, targets={**observed.targets, **changed}, now=now or observed.now)
    return list(describe_foreign(BOTH, observed, recorded(BOTH) if records is None else records))


def test_of_targets_as_the_spec_has_them_nothing_is_said():
    assert described() == []
    assert described({}) == []


def test_each_variant_with_foreign_parts_is_named_with_them_in_order():
    found = described(
        VariantA={"policies": {**world(BOTH).targets["VariantA"].policies, "b": POLICY, "a": POLICY}},
        VariantB={
            "scheduled_actions": {"peak": ObservedAction(DAILY), "low": ObservedAction(DAILY)},
            "suspended": {**dict.fromkeys(SUSPENSIONS, True), "Other": True},
        },
    )

    first, second = found
    assert first == "VariantA: scaling policy a, scaling policy b"
    assert second == (
        "VariantB: scheduled action low, scheduled action peak, scaling in is suspended, scaling out is"
        " suspended, Other is set, scheduled scaling is suspended"
    )


def test_what_is_removed_is_not_called_foreign():
    records = {name: replace(each, policies=frozenset({"earlier"})) for name, each in recorded(BOTH).items()}

    assert described(records, VariantB={"policies": {"earlier": POLICY, "theirs": POLICY}}) == [
        "VariantB: scaling policy theirs"
    ]


def test_a_variant_without_autoscaling_or_without_a_target_has_nothing_foreign():
    fixed = want(with_variant(spec(), "VariantA", **AUTOSCALED))
    observed = replace(world(BOTH), targets={"VariantB": replace(TARGET)})

    assert list(describe_foreign(fixed, observed, {})) == []


@pytest.mark.parametrize(
    ("bounds", "in_effect"),
    [((2, 4), ", whose bounds are in effect (2 to 4)"), ((1, 4), "")],
    ids=["they hold", "they do not hold"],
)
def test_a_foreign_action_whose_bounds_are_in_effect_says_so(bounds, in_effect):
    noon = BEGIN + 12 * HOUR
    records = {name: replace(each, since=BEGIN) for name, each in recorded(BOTH).items()}
    minimum, maximum = bounds

    found = described(
        records,
        now=noon,
        VariantB={
            "min_capacity": minimum,
            "max_capacity": maximum,
            "scheduled_actions": {"peak": ObservedAction(DAILY, BEGIN)},
        },
    )

    assert found == [f"VariantB: scheduled action peak{in_effect}"]


def test_of_several_foreign_actions_only_those_in_effect_say_so():
    noon = BEGIN + 12 * HOUR
    records = {name: replace(each, since=BEGIN) for name, each in recorded(BOTH).items()}
    other = {**DAILY, "ScalableTargetAction": {"MinCapacity": 3}}

    found = described(
        records,
        now=noon,
        VariantB={
            "min_capacity": 2,
            "scheduled_actions": {
                "peak": ObservedAction(DAILY, BEGIN),
                "other": ObservedAction(other, BEGIN),
            },
        },
    )

    assert found == [
        "VariantB: scheduled action other, scheduled action peak, whose bounds are in effect (2 to 4)"
    ]


def test_without_a_record_no_action_is_said_to_be_in_effect():
    found = described(
        {},
        now=BEGIN + 12 * HOUR,
        VariantB={"min_capacity": 2, "scheduled_actions": {"peak": ObservedAction(DAILY, BEGIN)}},
    )

    assert found == ["VariantB: scheduled action peak"]


def test_an_action_of_an_earlier_spec_is_removed_and_not_described():
    records = {
        name: replace(each, actions={"earlier": ActionRecord("", BEGIN - LATE_SECONDS)})
        for name, each in recorded(BOTH).items()
    }

    assert described(records, VariantB={"scheduled_actions": {"earlier": ObservedAction(DAILY)}}) == []
