"""The record of what a spec has declared for a variant: what it keeps, and when it lets parts go."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.scaling_status import MOST_RECORDED, MOST_VARIANTS
from sagemaker_ab.planning.desired_scaling import STEP_SCALING, alarm_name
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.scaling_records import (
    ActionRecord,
    follow_scaling,
    record_scaling,
    scaling_records_of,
)
from tests.unit.planning.worlds import AUTOSCALING, NOW, recorded, spec, want, with_variant, world

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
    records = follow_scaling(earlier(), wanted, observed, saved, settled=settled)
    found = records.get("VariantB")
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


@pytest.mark.parametrize(
    ("alarm", "names"),
    [
        ("ours", ["burst", *DECLARED]),
        ("ours, of another policy", DECLARED),
        ("somebody else's", DECLARED),
    ],
)
@pytest.mark.parametrize("records", [None, recorded(SCALED)], ids=["lost", "begun anew"])
def test_a_step_policy_that_our_alarm_fires_needs_no_record(alarm, names, records):
    live = replace(
        target(), policies={**target().policies, "burst": ObservedPolicy(STEP_SCALING, {}, arn="arn:burst")}
    )
    name = "theirs" if alarm == "somebody else's" else alarm_name(SCALED.alarm_prefix, "VariantB", "burst")
    action = "arn:other" if alarm == "ours, of another policy" else "arn:burst"
    observed = replace(world(SCALED), targets={"VariantB": live}, alarms={name: {"AlarmActions": [action]}})
    found = follow_scaling(records, SCALED, observed, {}, settled=True)
    assert sorted(found["VariantB"].policies) == names


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


# What the spec declares

POLICY = AUTOSCALING["policies"][0]
MORE = {
    "name": "more",
    "type": "TargetTrackingScaling",
    "targetTrackingScaling": {
        "predefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        "targetValue": 5,
    },
}
NOON = {"name": "noon", "schedule": "cron(0 12 * * ? *)", "minCapacity": 2}
SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def scaling(**changes):
    return want(with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, **changes}))


RICH = scaling(
    policies=[POLICY, MORE],
    scheduledActions=[NOON],
    suspended={"scaleIn": True, "scheduled": False},
)


def followed(records, wanted, observed=None):
    return follow_scaling(records, wanted, observed or world(wanted), {}, settled=False)


def only(records):
    (record,) = records.values()
    return record


@pytest.fixture
def before():
    return followed({}, RICH, replace(world(RICH), targets={}))


def test_a_record_reads_back_from_status_as_it_was_written(before):
    written = [record_scaling(name, record) for name, record in before.items()]

    assert scaling_records_of(written) == before


def test_what_the_spec_resumes_itself_is_not_remembered_as_suspended(before):
    resumed = scaling(suspended={"scaleIn": False})

    assert only(followed(before, resumed, replace(world(resumed), targets={}))).suspended == set()


def test_bounds_and_actions_count_since_they_changed(before):
    later = NOW + 1000
    wider = scaling(maxCapacity=9, scheduledActions=[NOON])
    moved = scaling(scheduledActions=[{**NOON, "minCapacity": 3}])

    record = only(followed(before, wider, replace(world(wider), now=later)))
    assert (record.since, record.actions["noon"].since) == (later, NOW)
    record = only(followed(before, moved, replace(world(moved), now=later)))
    assert (record.since, record.actions["noon"].since) == (NOW, later)


def test_a_target_with_other_bounds_than_the_spec_shows_that_a_record_was_lost_with_status():
    plain = scaling()
    other = {"VariantB": replace(world(plain).targets["VariantB"], max_capacity=7)}
    observed = replace(world(plain), targets=other)

    assert only(followed(None, plain, observed)).lost
    assert not only(followed(None, plain)).lost


def test_while_status_is_kept_a_target_with_other_bounds_is_somebody_elses_work():
    plain = scaling()
    other = {"VariantB": replace(world(plain).targets["VariantB"], max_capacity=7)}

    record = only(followed({}, plain, replace(world(plain), targets=other)))
    assert (record.lost, record.since) == (False, NOW)


def test_a_record_takes_no_more_names_than_status_and_never_drops_declared_ones():
    records = {}
    for round_ in range(5):
        actions = [{**NOON, "name": f"{round_}-{number}"} for number in range(20)]
        wanted = scaling(scheduledActions=actions)
        records = followed(records, wanted, replace(world(wanted), targets={}))

    names = set(only(records).actions)
    assert len(names) == MOST_RECORDED
    assert names >= {action["name"] for action in actions}
    assert record_scaling("VariantB", only(records))


def renamed(name):
    """The usual endpoint, whose scaling variant has another name."""
    variants = [
        {**each, "name": name} if each["name"] == "VariantB" else each for each in SCALING["variants"]
    ]
    return want({**SCALING, "variants": variants})


def test_a_variant_renamed_at_each_release_fits_into_status_although_alarms_cannot_be_read():
    records = recorded(want(SCALING))
    for release in range(30):
        wanted = renamed(f"release-{release}")
        records = followed(records, wanted, replace(world(wanted), alarms=None, now=NOW + 1 + release))

    assert len(records) == MOST_VARIANTS
    assert {"release-29", "release-28"} <= records.keys()
    assert "VariantB" not in records
