"""The record of what a spec has declared for a variant: what it keeps, and when it lets parts go."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.desired_scaling import alarm_name
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedTarget
from sagemaker_ab.planning.scaling_records import ActionRecord, follow_scaling
from tests.unit.planning.worlds import AUTOSCALING, recorded, spec, want, with_variant, world

SCALED = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))
FIXED = want(spec())
DECLARED = ["invocations"]


def earlier():
    """The record of a spec that declared a step policy, a scheduled action and a suspension besides."""
    record = recorded(SCALED)["VariantB"]
    more = replace(
        record,
        policies=record.policies | {"burst"},
        actions={"peak": ActionRecord("earlier", record.since)},
        suspended=frozenset({"ScheduledScalingSuspended"}),
    )
    return {"VariantB": more}


def target() -> ObservedTarget:
    return world(SCALED).targets["VariantB"]


def with_earlier_parts() -> ObservedTarget:
    """A target that still has what the record has."""
    declared = target()
    return replace(
        declared,
        policies={**declared.policies, "burst": declared.policies["invocations"]},
        scheduled_actions={"peak": ObservedAction({})},
        suspended={"ScheduledScalingSuspended": True, "DynamicScalingInSuspended": True},
    )


def follow(live, *, wanted=SCALED, released=None, settled=True, alarms=()):
    """Return the names of the policies, actions and suspensions in VariantB's record; None without one."""
    observed = replace(
        world(SCALED),
        targets={"VariantB": live} if live else {},
        alarms=None if alarms is None else {name: {} for name in alarms},
    )
    saved = {"VariantB": released} if released else {}
    found = follow_scaling(earlier(), wanted, observed, saved, settled=settled).get("VariantB")
    return found and (sorted(found.policies), sorted(found.actions), sorted(found.suspended))


EVERYTHING = (["burst", "invocations"], ["peak"], ["ScheduledScalingSuspended"])


def test_parts_of_an_earlier_spec_are_recorded_as_long_as_aws_holds_them():
    assert follow(with_earlier_parts()) == EVERYTHING
    assert follow(target()) == (DECLARED, [], [])


def test_parts_of_a_released_target_stay_recorded_because_they_come_back():
    assert follow(None, released=with_earlier_parts()) == EVERYTHING
    assert follow(target(), released=with_earlier_parts()) == EVERYTHING


def test_a_read_that_may_be_stale_drops_nothing():
    assert follow(target(), settled=False) == EVERYTHING
    assert follow(None, settled=False) == EVERYTHING
    assert follow(None, wanted=FIXED, settled=False) == EVERYTHING


def test_a_policy_is_recorded_until_its_alarm_is_gone():
    alarm = alarm_name(SCALED.alarm_prefix, "VariantB", "burst")

    assert follow(target(), alarms=[alarm]) == (["burst", "invocations"], [], [])
    assert follow(target(), alarms=["another"]) == (DECLARED, [], [])


def test_policies_stay_recorded_while_their_alarms_cannot_be_read():
    assert follow(target(), alarms=None) == (["burst", "invocations"], [], [])


@pytest.mark.parametrize(
    ("remains", "kept"),
    [
        ({"live": target()}, True),
        ({"live": None, "released": target()}, True),
        ({"live": None, "alarms": [alarm_name(SCALED.alarm_prefix, "VariantB", "burst")]}, True),
        ({"live": None, "alarms": None}, True),
        ({"live": None}, False),
    ],
)
def test_the_record_of_a_variant_that_no_longer_autoscales_goes_with_the_last_of_it(remains, kept):
    assert (follow(wanted=FIXED, **remains) is not None) is kept
