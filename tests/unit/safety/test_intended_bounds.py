"""The intended bounds: the spec's, or those of the declared scheduled action that was due last."""

from datetime import UTC, datetime

import pytest

from sandbox.safety.intended import Held, Span, intended_bounds
from sandbox.safety.intent import intent_of
from sandbox.safety.scaling_content import declared_action
from sandbox.safety.schedules import Schedules
from tests.unit.safety.stage import Stage, fixed, scaled, spec

HOURLY = {"name": "peak", "schedule": "rate(1 hour)", "minCapacity": 3, "maxCapacity": 6}


def wanted(**changes):
    variant = scaled("VariantB", maxCapacity=5, **changes)
    metadata = {"namespace": "ml", "name": "reviews", "uid": "uid-1", "generation": 1}
    return intent_of({"metadata": metadata, "spec": spec(variant)}).variants["VariantB"]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def bounds_at(
    now,
    *actions,
    known="2026-01-01",
    held_since="2026-01-01",
    suspended=False,
    held=None,
    unknown_before=None,
):
    """The minimums and maximums that are right, when the spec is known since the start of the year."""
    variant = wanted(scheduledActions=list(actions))
    declared = {action["name"]: declared_action(action) for action in actions}
    since = dict.fromkeys(declared, at(held_since))
    span = Span(at("2026-01-01"), at(known), None if unknown_before is None else at(unknown_before))
    found = intended_bounds(
        variant,
        None,
        bounds_since=span,
        actions_since=dict.fromkeys(declared, span),
        held=[Held(at("2025-12-31")), Held(at(held_since), suspended, declared, since)]
        if held is None
        else held,
        schedules=Schedules(),
        now=at(now),
    )
    return set(found.minimums), set(found.maximums)


def action(name, schedule, *, timezone="", **bounds):
    zone = {"timezone": timezone} if timezone else {}
    return {"name": name, "schedule": schedule} | zone | bounds


MORNING = action("morning", "cron(0 8 * * ? *)", minCapacity=3, maxCapacity=6)
EVENING = action("evening", "cron(0 20 * * ? *)", minCapacity=1, maxCapacity=2)


@pytest.mark.parametrize(
    ("now", "minimums", "maximums"),
    [
        ("2026-01-01T07:59:59", {1}, {5}),
        ("2026-01-01T08:00:00", {1, 3}, {5, 6}),
        ("2026-01-01T08:04:59", {1, 3}, {5, 6}),
        ("2026-01-01T08:05:00", {3}, {6}),
        ("2026-01-01T20:01:00", {3, 1}, {6, 2}),
        ("2026-01-03T00:00:00", {1}, {2}),
    ],
)
def test_the_action_that_was_due_last_decides_and_both_are_right_for_five_minutes(now, minimums, maximums):
    assert bounds_at(now, MORNING, EVENING) == (minimums, maximums)


def test_a_target_that_a_resource_took_over_may_have_the_bounds_of_any_action():
    taken_over = {"held_since": "2025-12-31T12:00:00", "unknown_before": "2026-01-01"}
    made_since = {"held_since": "2026-01-01T01:00:00", "unknown_before": "2026-01-01"}

    assert bounds_at("2026-01-01T07:00:00", MORNING, **taken_over) == ({1, 3}, {5, 6})
    assert bounds_at("2026-01-01T07:00:00", MORNING, **made_since) == ({1}, {5})


def test_a_target_that_was_there_when_status_was_lost_may_have_the_bounds_of_any_action():
    before, loss, after = (f"2026-01-01T0{hour}:00:00" for hour in (2, 3, 4))
    put = Held(at(after), False, {"morning": declared_action(MORNING)}, {"morning": at(after)})
    registered_before = [Held(at("2025-12-31")), Held(at(before), False, {}), put]
    registered_since = [Held(at("2025-12-31")), put]
    lost = {"known": loss, "unknown_before": loss}

    assert bounds_at("2026-01-01T05:00:00", MORNING, held=registered_before, **lost) == ({1, 3}, {5, 6})
    assert bounds_at("2026-01-01T05:00:00", MORNING, held=registered_since, **lost) == ({1}, {5})


def test_a_bound_that_the_last_action_does_not_name_is_that_of_the_one_before():
    only_least = action("evening", "cron(0 20 * * ? *)", minCapacity=2)
    assert bounds_at("2026-01-01T22:00:00", MORNING, only_least) == ({2}, {6})


def test_an_action_that_was_due_before_the_operator_knew_the_spec_may_count_or_not():
    assert bounds_at("2026-01-01T09:00:00", MORNING, known="2026-01-01T08:30:00") == ({1, 3}, {5, 6})


def test_an_action_that_aws_did_not_hold_when_it_was_due_may_count_or_not():
    assert bounds_at("2026-01-01T09:00:00", MORNING, held_since="2026-01-01T08:30:00") == ({1, 3}, {5, 6})


def test_an_action_that_was_due_while_suspended_may_count_or_not():
    assert bounds_at("2026-01-01T09:00:00", MORNING, suspended=True) == ({1, 3}, {5, 6})


def test_a_local_time_that_clocks_skip_or_repeat_may_count_or_not():
    """Clocks in New York skip 2:30 on March 8, and repeat 1:30 on November 1."""
    skipped = action("once", "at(2026-03-08T02:30:00)", timezone="America/New_York", minCapacity=3)
    assert bounds_at("2026-03-09", skipped) == ({1, 3}, {5})
    repeated = action("once", "at(2026-11-01T01:30:00)", timezone="America/New_York", minCapacity=3)
    assert bounds_at("2026-11-02", repeated) == ({3}, {5})


def test_the_start_of_an_action_that_recurs_may_count_or_not():
    starting = MORNING | {"startTime": "2026-01-01T10:00:00Z"}
    assert bounds_at("2026-01-01T12:00:00", starting) == ({1, 3}, {5, 6})
    assert bounds_at("2026-01-02T12:00:00", starting) == ({3}, {6})


def test_an_action_that_has_ended_is_not_due_any_more():
    ended = EVENING | {"endTime": "2026-01-01T12:00:00Z"}
    assert bounds_at("2026-01-01T23:00:00", MORNING, ended) == ({3}, {6})


STEADY = action("steady", "rate(2 hours)", minCapacity=2, maxCapacity=4)


@pytest.mark.parametrize(
    ("now", "minimums", "maximums"),
    [
        ("2026-01-01T00:00:00", {1}, {5}),
        ("2026-01-01T00:00:01", {1, 2}, {5, 4}),
        ("2026-01-01T02:05:59", {1, 2}, {5, 4}),
        ("2026-01-01T02:06:00", {2}, {4}),
        ("2026-01-01T09:00:00", {2, 3}, {4, 6}),
        ("2026-01-01T10:05:00", {2, 3}, {4, 6}),
        ("2026-01-01T10:05:01", {2}, {4}),
    ],
)
def test_an_action_at_a_rate_surely_ran_within_its_last_period_and_may_run_at_any_time(
    now, minimums, maximums
):
    """From when a rate counts is not known, so another action within its period may have come after it."""
    assert bounds_at(now, MORNING, STEADY) == (minimums, maximums)


@pytest.mark.parametrize(
    ("now", "minimums"),
    [
        ("2026-01-01T01:00:00", {1}),
        ("2026-01-01T03:00:00", {1, 2}),
        ("2026-01-01T04:05:00", {2}),
        ("2026-01-01T09:00:00", {3}),
    ],
)
def test_an_action_at_a_rate_runs_between_its_start_and_its_end(now, minimums):
    between = STEADY | {"startTime": "2026-01-01T02:00:00Z", "endTime": "2026-01-01T06:00:00Z"}
    assert bounds_at(now, MORNING, between)[0] == minimums


@pytest.mark.parametrize(
    "pause",
    [
        Held(at("2026-01-01T04:00:00"), True, {"steady": declared_action(STEADY)}, {"steady": 0.0}),
        Held(at("2026-01-01T04:00:00"), False, {"steady": declared_action(STEADY | {"minCapacity": 4})}, {}),
        Held(at("2026-01-01T04:00:00")),
    ],
    ids=["suspended", "changed", "gone"],
)
def test_a_rate_surely_ran_in_a_whole_period_only_in_which_aws_held_the_action(pause):
    """It surely ran after 1:55, with the other action at 2:00, and for the next time from 4:11 on."""
    declared = {"steady": declared_action(STEADY)}
    begin = Held(at("2026-01-01"), False, declared, {"steady": 0.0})
    again = Held(at("2026-01-01T04:10:00"), False, declared, {"steady": at("2026-01-01T04:10:00")})
    two = action("two", "cron(0 2 * * ? *)", minCapacity=3)

    def found(now):
        with_two = [
            Held(
                one.time,
                one.suspended,
                one.actions and {**one.actions, "two": declared_action(two)},
                one.since,
            )
            for one in (begin, pause, again)
        ]
        return bounds_at(now, STEADY, two, held=with_two)[0]

    assert found("2026-01-01T06:10:00") == {2, 3}
    assert found("2026-01-01T06:16:00") == {2}


def test_a_rate_that_was_put_anew_may_count_from_then():
    declared = {"steady": declared_action(STEADY)}
    held = [
        Held(at("2026-01-01"), False, declared, {"steady": at("2026-01-01")}),
        Held(at("2026-01-01T01:00:00"), False, declared, {"steady": at("2026-01-01T01:00:00")}),
    ]

    assert bounds_at("2026-01-01T03:00:00", STEADY, held=held) == ({1, 2}, {5, 4})
    assert bounds_at("2026-01-01T03:06:00", STEADY, held=held) == ({2}, {4})


@pytest.fixture
def peak() -> Stage:
    """VariantB, which had 1 to 4 instances, has 3 to 6 since its scheduled action ran an hour ago."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", scheduledActions=[HOURLY])))
    stage.write_status()
    stage.schedule("VariantB", "peak", "rate(1 hour)", minimum=3, maximum=6)
    stage.poll(minutes=66)
    return stage


def test_bounds_of_the_schedule_may_be_called_ready(peak):
    peak.write_status(ready=True)

    assert peak.found_at_rest() == []


def test_a_registration_that_fights_the_schedule_is_caught(peak):
    peak.register("VariantB", minimum=1, maximum=4)

    least, most = peak.violations()
    assert least.rule == most.rule == "S3"
    assert "the minimum of VariantB becomes 1" in least.found
    assert "intends 3 now" in least.found
    assert "the maximum of VariantB becomes 4" in most.found


def test_the_bounds_of_the_spec_while_the_schedule_is_in_effect_are_caught(peak):
    """Somebody puts the spec's bounds, which are not intended now."""
    peak.somebody("RegisterScalableTarget", **variant_b(), MinCapacity=1, MaxCapacity=4)
    peak.read()
    peak.write_status(ready=True)

    (violation,) = peak.violations()
    assert violation.rule == "S6"
    assert "VariantB scales between 1 and 4, not 3 to 6" in violation.found


def test_drift_from_the_schedule_may_be_repaired(peak):
    peak.somebody("RegisterScalableTarget", **variant_b(), MinCapacity=1, MaxCapacity=4)
    peak.read()
    peak.register("VariantB", minimum=3, maximum=6)

    assert peak.found() == []


def test_more_traffic_on_fewer_instances_than_the_schedule_intends_is_caught(peak):
    peak.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantB": 2}})
    peak.read()
    peak.apply(spec(fixed("VariantA", weight=10), scaled("VariantB", scheduledActions=[HOURLY], weight=90)))
    peak.weigh(VariantA=10, VariantB=90)

    (violation,) = peak.violations()
    assert violation.rule == "S1"
    assert "intends 3" in violation.found


def test_other_bounds_in_the_spec_are_right_at_once(peak):
    peak.apply(spec(fixed("VariantA"), scaled("VariantB", minimum=2, scheduledActions=[HOURLY])))
    peak.register("VariantB", minimum=2, maximum=4)

    assert peak.found() == []


def recreated(*actions) -> Stage:
    """The resource was deleted without its endpoint, and one with these actions takes over."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", scheduledActions=[HOURLY])))
    stage.schedule("VariantB", "peak", "rate(1 hour)", minimum=3, maximum=6)
    stage.poll(minutes=66)
    stage.delete()
    stage.release_finalizer()
    metadata = {"namespace": "ml", "name": "reviews", "uid": "uid-2", "generation": 0}
    stage.resource = {"metadata": metadata, "status": {}}
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", scheduledActions=list(actions))))
    stage.read()
    stage.write_status(ready=True)
    return stage


def test_bounds_that_a_declared_action_set_before_the_resource_was_created_may_be_called_ready():
    assert "S6" not in recreated(HOURLY).found()


def test_bounds_that_another_action_set_before_the_resource_was_created_are_caught():
    assert "S6" in recreated(HOURLY | {"minCapacity": 2}).found()


def test_bounds_that_nobody_asked_for_are_caught(stage):
    stage.register("VariantB", minimum=1, maximum=9)

    (violation,) = stage.violations()
    assert violation.right == "set the maximum that is intended now, 4"


def test_an_action_of_which_aws_never_held_anything_counts_or_not():
    assert bounds_at("2026-01-01T12:00:00", MORNING, held=[]) == ({1, 3}, {5, 6})


def variant_b():
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/reviews/variant/VariantB",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def foreign_peak(**changes) -> Stage:
    """Somebody's scheduled action has set 3 to 6 instances, and is gone again."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", **changes)))
    stage.write_status()
    action = {"MinCapacity": 3, "MaxCapacity": 6}
    theirs = {"ScheduledActionName": "theirs", "Schedule": "rate(1 hour)", "ScalableTargetAction": action}
    stage.somebody("PutScheduledAction", **variant_b(), **theirs)
    stage.poll(minutes=61)
    stage.somebody("DeleteScheduledAction", **variant_b(), ScheduledActionName="theirs")
    stage.settle()
    stage.write_status(ready=True)
    return stage


def test_bounds_that_a_foreign_action_has_set_may_be_called_ready():
    assert foreign_peak().found() == []


@pytest.mark.parametrize(("minimum", "found"), [(3, []), (2, ["S6"])])
def test_bounds_that_a_foreign_action_may_have_set_at_a_rate_may_be_called_ready(minimum, found):
    """Somebody sets the bounds, and the rate has not run yet: when a rate runs is not known."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB")))
    bounds = {"MinCapacity": 3}
    theirs = {"ScheduledActionName": "theirs", "Schedule": "rate(9 hours)", "ScalableTargetAction": bounds}
    stage.somebody("PutScheduledAction", **variant_b(), **theirs)
    stage.somebody("RegisterScalableTarget", **variant_b(), MinCapacity=minimum)
    stage.settle()
    stage.write_status(ready=True)

    assert stage.found() == found


def test_bounds_that_a_foreign_action_has_set_are_caught_where_foreign_scaling_is_removed():
    stage = foreign_peak(foreignScaling="Remove")

    assert "VariantB scales between 3 and 6, not 1 to 4" in stage.violations()[-1].found


@pytest.mark.parametrize(("minutes", "found"), [(70, []), (10, ["S6"])])
def test_bounds_of_a_foreign_action_that_was_due_while_suspended_may_be_called_ready(minutes, found):
    """Somebody sets the bounds. AWS does not show that the action was suspended when it was due."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB")))
    suspended = {"ScheduledScalingSuspended": True}
    stage.somebody("RegisterScalableTarget", **variant_b(), SuspendedState=suspended)
    theirs = {"Schedule": "cron(0 1 * * ? *)", "ScalableTargetAction": {"MinCapacity": 3}}
    stage.somebody("PutScheduledAction", **variant_b(), ScheduledActionName="theirs", **theirs)
    stage.poll(minutes=minutes)
    stage.somebody("RegisterScalableTarget", **variant_b(), MinCapacity=3)
    stage.settle()
    stage.write_status(ready=True)

    assert stage.found() == found
