"""Scheduled actions: when their expressions are due, and what they then do to the bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.autoscaling.cron_fields import ScheduleError
from sandbox.aws.engine.autoscaling.schedules import ClockChanges, parse
from sandbox.aws.inprocess import InProcessAws

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""A Thursday."""
COMMON_CHANGES = ClockChanges()


def due(
    expression: str, number: int = 1, *, timezone: str = "", changes: ClockChanges = COMMON_CHANGES
) -> list[str]:
    """The first times after the start, in UTC."""
    schedule = parse(expression, timezone=timezone, since=START, changes=changes)
    after, found = START, list[str]()
    while len(found) < number:
        time = schedule(after)
        if time is None:
            break
        found.append(datetime.fromtimestamp(time, tz=UTC).strftime("%Y-%m-%d %H:%M"))
        after = time
    return found


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("at(2026-02-03T04:05:06)", ["2026-02-03 04:05"]),
        ("at(2025-12-31T23:59:59)", []),
        ("cron(30 8 * * ? *)", ["2026-01-01 08:30", "2026-01-02 08:30"]),
        ("cron(0/20 22-23 * * ? *)", ["2026-01-01 22:00", "2026-01-01 22:20"]),
        ("cron(0 8 ? * MON-FRI *)", ["2026-01-01 08:00", "2026-01-02 08:00", "2026-01-05 08:00"]),
        ("cron(0 8 ? * 1,7 *)", ["2026-01-03 08:00", "2026-01-04 08:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31 00:00", "2026-02-28 00:00"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 12 15 6,9 ? 2027)", ["2027-06-15 12:00", "2027-09-15 12:00"]),
        ("cron(0 0 31 2 ? *)", []),
        ("cron(0 0 1 1 ? 2020)", []),
    ],
)
@pytest.mark.ledger("autoscaling.schedule-cron")
def test_an_expression_is_due_when_it_says(expression: str, times: list[str]) -> None:
    parse("cron(0 0 * * ? *)", timezone="", since=START)
    assert due(expression, len(times) or 1) == times


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(1 minute)", ["2026-01-01 00:01", "2026-01-01 00:02"]),
        ("rate(36 hours)", ["2026-01-02 12:00", "2026-01-04 00:00"]),
        ("rate(2 days)", ["2026-01-03 00:00", "2026-01-05 00:00"]),
    ],
)
def test_a_rate_counts_from_the_time_that_is_given(expression: str, times: list[str]) -> None:
    assert due(expression, 2) == times


def test_times_are_those_of_the_zone_summer_and_winter() -> None:
    assert due("at(2026-07-01T12:00:00)", timezone="Europe/Berlin") == ["2026-07-01 10:00"]
    daily = due("cron(0 8 28-31 3 ? *)", 2, timezone="America/New_York")
    assert daily == ["2026-03-28 12:00", "2026-03-29 12:00"]
    assert due("cron(0 8 1 2 ? *)", timezone="America/New_York") == ["2026-02-01 13:00"]


@pytest.mark.ledger("autoscaling.schedule-days")
@pytest.mark.parametrize(
    ("days", "dates"),
    [
        ("L * ?", ["01-31", "02-28"]),
        ("LW * ?", ["01-30", "02-27"]),
        ("15W * ?", ["01-15", "02-16", "03-16", "04-15"]),
        ("1W * ?", ["02-02", "03-02", "04-01", "05-01", "06-01", "07-01", "08-03"]),
        ("31W * ?", ["01-30", "03-31", "05-29"]),
        ("? * L", ["01-03", "01-10"]),
        ("? * 6L", ["01-30", "02-27"]),
        ("? * FRIL", ["01-30", "02-27"]),
        ("? * 6#3", ["01-16", "02-20"]),
        ("? * MON#1", ["01-05", "02-02"]),
        ("? * 7#5", ["01-31", "05-30"]),
    ],
)
def test_days_are_told_by_their_place_in_the_month(days: str, dates: list[str]) -> None:
    assert due(f"cron(0 0 {days} *)", len(dates)) == [f"2026-{date} 00:00" for date in dates]


@pytest.mark.parametrize(
    ("skipped", "times"),
    [
        ("shifted", ["2026-03-28 07:30", "2026-03-29 07:30"]),
        ("end", ["2026-03-28 07:30", "2026-03-29 07:00"]),
        ("never", ["2026-03-28 07:30", "2026-03-30 06:30"]),
    ],
)
def test_a_local_time_that_does_not_exist_is_due_as_the_ledger_has_it(skipped: str, times: list[str]) -> None:
    """Clocks in New York go from 2 to 3 o'clock, at 7 UTC, on March 8; in Chicago an hour later."""
    changes = ClockChanges(skipped=skipped)
    shifted = [time.replace("-28 ", "-07 ").replace("-29 ", "-08 ").replace("-30 ", "-09 ") for time in times]
    assert due("cron(30 2 7-31 3 ? *)", 2, timezone="America/New_York", changes=changes) == shifted
    once = due("at(2026-03-08T02:30:00)", 2, timezone="America/New_York", changes=changes)
    assert once == [time for time in shifted[1:] if "-08 " in time]


@pytest.mark.parametrize(("repeated", "runs"), [("once", ["05:30"]), ("twice", ["05:30", "06:30"])])
def test_a_local_time_that_exists_twice_is_due_once_or_twice(repeated: str, runs: list[str]) -> None:
    """Clocks in New York go from 2 back to 1 o'clock, at 6 UTC, on November 1."""
    changes = ClockChanges(repeated=repeated)
    daily = due("cron(30 1 1 11 ? 2026)", 2, timezone="America/New_York", changes=changes)
    assert daily == [f"2026-11-01 {run}" for run in runs]
    once = due("at(2026-11-01T01:30:00)", 2, timezone="America/New_York", changes=changes)
    assert once == ["2026-11-01 05:30"]


BROKEN = """
every day ; at(tomorrow) ; at(2026-13-01T00:00:00) ; rate(0 hours) ; rate(1 hours) ; rate(2 hour)
cron(0 8 * * ?) ; cron(0 8 * * * *) ; cron(60 8 * * ? *) ; cron(0 24 * * ? *) ; cron(0 8 0 * ? *)
cron(0 8 ? * 6#6 *) ; cron(0 8 ? * 8#1 *) ; cron(0 8 ? * #1 *) ; cron(0 8 ? * 2#1,3#1 *) ; cron(0 8 ? * 8L *)
cron(0 8 32W * ? *) ; cron(0 8 W * ? *) ; cron(0 8 1,15W * ? *) ; cron(0 8 ? * 2W *) ; cron(0 8 5L * ? *)
cron(0 8 ? * MON-FRIL *) ; cron(5-1 8 * * ? *) ; cron(, 8 * * ? *) ; cron(*/0 8 * * ? *)
cron(0 8 ? * FUN *) ; cron() ; at() ; rate(1 week)
"""


@pytest.mark.parametrize("expression", BROKEN.strip().replace("\n", " ; ").split(" ; "))
def test_an_expression_that_cannot_be_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse(expression, timezone="", since=START)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../etc/passwd", "x" * 1_600])
def test_a_zone_that_is_not_is_refused(timezone: str) -> None:
    with pytest.raises(ScheduleError):
        parse("cron(0 8 * * ? *)", timezone=timezone, since=START)


class Scheduled:
    """Actions on VariantA of "reviews", which may have one to four instances."""

    def __init__(self, sim: InProcessAws, deployer: Any) -> None:
        self.sim = sim
        self.deployer = deployer
        self.client = sim.client("application-autoscaling")
        self.client.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=4)

    def put(self, name: str = "morning", **params: Any) -> None:
        asked = {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 3}} | params
        asked = {key: value for key, value in asked.items() if value is not None}
        self.client.put_scheduled_action(ScheduledActionName=name, **VARIANT, **asked)

    def describe(self, **params: Any) -> list[dict[str, Any]]:
        found = self.client.describe_scheduled_actions(ServiceNamespace="sagemaker", **params)
        return list(found["ScheduledActions"])

    def bounds(self) -> tuple[int, int]:
        (target,) = self.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        return target["MinCapacity"], target["MaxCapacity"]

    def wanted(self) -> int:
        return int(self.deployer.variants()["VariantA"]["DesiredInstanceCount"])

    def activities(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self.client.describe_scaling_activities(**VARIANT)["ScalingActivities"][::-1])


@pytest.fixture
def played() -> Mapping[str, int]:
    """The variants that are played; a test may parametrize them."""
    return {}


@pytest.fixture
def calm_sim(sim_seed: int, played: Mapping[str, int]) -> InProcessAws:
    """Actions run to the second, a start time is no time of its own, and what has run stays listed.

    A rate counts from its start time or from when it was put.
    """
    common = {
        "autoscaling.scheduled-late": 0,
        "autoscaling.schedule-rate": 0,
        "autoscaling.schedule-start": 1,
        "autoscaling.scheduled-once-stays": 0,
        "autoscaling.scheduled-timezone": 0,
    }
    chosen = common | dict(played)
    return InProcessAws(seed=sim_seed, stale_reads=False, lost_answers=False, variants=chosen)


@pytest.fixture
def scheduled(calm_sim: InProcessAws, in_service: Any) -> Scheduled:
    return Scheduled(calm_sim, in_service)


@pytest.mark.ledger("autoscaling.scheduled-run", "autoscaling.scheduled-cause")
@pytest.mark.ledger("autoscaling.scheduled-description", "autoscaling.scheduled-message")
def test_a_due_action_sets_the_bounds_and_pulls_the_count_inside(scheduled: Scheduled) -> None:
    scheduled.put()
    scheduled.sim.advance(minutes=59)
    assert (scheduled.bounds(), scheduled.wanted()) == ((1, 4), 1)
    scheduled.sim.advance(minutes=1)
    assert (scheduled.bounds(), scheduled.wanted()) == ((3, 4), 3)
    first, second = scheduled.activities()
    assert (first["Cause"], first["StatusMessage"], first["StatusCode"]) == (
        "scheduled action name morning was triggered",
        "Successfully set min capacity to 3 and max capacity to 4",
        "Successful",
    )
    assert (second["Cause"], second["StatusCode"]) == ("minimum capacity was set to 3", "InProgress")
    scheduled.sim.advance(minutes=10)
    assert scheduled.activities()[-1]["StatusCode"] == "Successful"
    scheduled.sim.advance(minutes=50)
    assert len(scheduled.activities()) == 3


def test_an_action_at_a_time_runs_once_and_takes_instances_away(scheduled: Scheduled) -> None:
    scheduled.sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 4}})
    at = datetime.fromtimestamp(scheduled.sim.engine.clock.now() + 600, tz=UTC)
    scheduled.put(
        Schedule=f"at({at:%Y-%m-%dT%H:%M:%S})", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2}
    )
    scheduled.sim.advance(minutes=11)
    assert (scheduled.bounds(), scheduled.wanted()) == ((1, 2), 2)
    assert scheduled.activities()[-1]["Cause"] == "maximum capacity was set to 2"
    scheduled.client.register_scalable_target(**VARIANT, MaxCapacity=4)
    scheduled.sim.advance(minutes=24 * 60)
    assert scheduled.bounds() == (1, 4)


def test_a_suspended_schedule_does_nothing_and_goes_on_when_resumed(scheduled: Scheduled) -> None:
    scheduled.put()
    for suspended, bounds in ((True, (1, 4)), (False, (3, 4))):
        scheduled.client.register_scalable_target(
            **VARIANT, SuspendedState={"ScheduledScalingSuspended": suspended}
        )
        scheduled.sim.advance(minutes=61)
        assert scheduled.bounds() == bounds


@pytest.mark.ledger("autoscaling.scheduled-crossing")
@pytest.mark.parametrize("sim_seed", range(3))
def test_a_bound_beyond_the_other_moves_it_or_is_ignored(scheduled: Scheduled) -> None:
    scheduled.put(ScalableTargetAction={"MinCapacity": 6})
    scheduled.sim.advance(minutes=61)
    moves = scheduled.sim.engine.ledger.value("autoscaling.scheduled-crossing") == "moves"
    assert scheduled.bounds() == ((6, 6) if moves else (1, 4))


@pytest.mark.ledger("autoscaling.schedule-span")
def test_start_and_end_bound_the_times(scheduled: Scheduled) -> None:
    now = scheduled.sim.engine.clock.now()
    scheduled.put(StartTime=now + 7_200, EndTime=now + 4 * 3_600)
    runs = []
    for _ in range(8):
        scheduled.sim.advance(minutes=60)
        runs.append(sum("scheduled action" in activity["Cause"] for activity in scheduled.activities()))
    assert runs == [0, 0, 1, 2, 2, 2, 2, 2]


@pytest.mark.ledger("autoscaling.schedule-rate")
@pytest.mark.parametrize(
    ("played", "start", "runs"),
    [
        ({"autoscaling.schedule-rate": 0}, None, [120, 240]),
        ({"autoscaling.schedule-rate": 0}, 90, [210, 330]),
        ({"autoscaling.schedule-rate": 1}, None, [95, 215]),
        ({"autoscaling.schedule-rate": 1}, 90, [95, 215]),
        ({"autoscaling.schedule-rate": 1}, 100, [215, 335]),
    ],
)
def test_a_rate_counts_from_its_start_or_its_put_or_from_the_epoch(
    scheduled: Scheduled, start: int | None, runs: list[int]
) -> None:
    """An action every two hours is put at 00:25; start and runs are minutes after that."""
    scheduled.sim.advance(minutes=(START + 25 * 60 - scheduled.sim.engine.clock.now()) / 60)
    begin = scheduled.sim.engine.clock.now()
    scheduled.put(Schedule="rate(2 hours)", StartTime=None if start is None else begin + 60 * start)
    scheduled.sim.advance(minutes=360)
    times = [one["StartTime"].timestamp() for one in scheduled.activities() if "scheduled" in one["Cause"]]
    assert [(time - begin) / 60 for time in times][:2] == runs


@pytest.mark.ledger("autoscaling.schedule-start")
@pytest.mark.parametrize("played", [{"autoscaling.schedule-start": 0}])
def test_an_action_that_recurs_may_be_due_at_its_start_time_too(scheduled: Scheduled) -> None:
    now = scheduled.sim.engine.clock.now()
    scheduled.put(Schedule="cron(0 0 1 1 ? 2030)", StartTime=now + 7_200)
    scheduled.sim.advance(minutes=119)
    assert scheduled.bounds() == (1, 4)
    scheduled.sim.advance(minutes=1)
    assert scheduled.bounds() == (3, 4)


@pytest.mark.ledger("autoscaling.scheduled-late")
@pytest.mark.parametrize("played", [{"autoscaling.scheduled-late": 1}])
def test_an_action_may_run_up_to_a_minute_late_and_keeps_to_its_schedule(scheduled: Scheduled) -> None:
    begin = scheduled.sim.engine.clock.now()
    scheduled.put()
    scheduled.sim.advance(minutes=48 * 60 + 1)
    runs = [one["StartTime"].timestamp() - begin for one in scheduled.activities() if "sched" in one["Cause"]]
    delays = [run - 3_600 * (number + 1) for number, run in enumerate(runs)]
    assert len(runs) == 48
    assert min(delays) >= 0
    assert 30 < max(delays) <= 60


@pytest.mark.ledger("autoscaling.schedule-skipped", "autoscaling.schedule-repeated")
@pytest.mark.parametrize(
    ("played", "runs"),
    [
        ({"autoscaling.schedule-skipped": 0, "autoscaling.schedule-repeated": 0}, [2, 2]),
        ({"autoscaling.schedule-skipped": 1, "autoscaling.schedule-repeated": 1}, [2, 3]),
        ({"autoscaling.schedule-skipped": 2, "autoscaling.schedule-repeated": 1}, [1, 3]),
    ],
)
def test_an_action_runs_through_changes_of_clocks(scheduled: Scheduled, runs: list[int]) -> None:
    """Of the two days in March, as of those in November, the second has no such time, or has it twice."""
    scheduled.put("march", Schedule="cron(30 2 7-8 3 ? 2026)", Timezone="America/New_York")
    scheduled.put("november", Schedule="cron(30 1 1-2 11 ? 2026)", Timezone="America/New_York")
    found = []
    for name, end in (("march", (2026, 3, 10)), ("november", (2026, 11, 4))):
        until = datetime(*end, tzinfo=UTC).timestamp()
        scheduled.sim.advance(minutes=(until - scheduled.sim.engine.clock.now()) / 60)
        causes = [activity["Cause"] for activity in scheduled.activities()]
        found.append(causes.count(f"scheduled action name {name} was triggered"))
    assert found == runs


@pytest.mark.ledger("autoscaling.schedule-past")
@pytest.mark.parametrize("played", [{"autoscaling.schedule-past": 0}, {"autoscaling.schedule-past": 1}])
def test_an_action_whose_time_is_past_is_refused_or_never_runs(scheduled: Scheduled, refused: Any) -> None:
    past = {"Schedule": "at(2025-12-31T00:00:00)"}
    if scheduled.sim.engine.ledger.value("autoscaling.schedule-past") == "refuse":
        assert refused(scheduled.put, **past)[0] == "ValidationException"
        assert not scheduled.describe()
    else:
        scheduled.put(**past)
        assert [one["ScheduledActionName"] for one in scheduled.describe()] == ["morning"]
    scheduled.sim.advance(minutes=60)
    assert scheduled.bounds() == (1, 4)


@pytest.mark.ledger("autoscaling.scheduled-once-stays")
@pytest.mark.parametrize(
    ("played", "names"),
    [
        ({"autoscaling.scheduled-once-stays": 0}, ["morning"]),
        ({"autoscaling.scheduled-once-stays": 1}, []),
    ],
)
def test_an_action_that_has_run_at_its_only_time_stays_listed_or_not(
    scheduled: Scheduled, names: list[str]
) -> None:
    at = datetime.fromtimestamp(scheduled.sim.engine.clock.now() + 600, tz=UTC)
    scheduled.put(Schedule=f"at({at:%Y-%m-%dT%H:%M:%S})")
    assert len(scheduled.describe()) == 1
    scheduled.sim.advance(minutes=11)
    assert [action["ScheduledActionName"] for action in scheduled.describe()] == names
    assert scheduled.bounds() == (3, 4)


@pytest.mark.ledger("autoscaling.scheduled-timezone")
@pytest.mark.parametrize(
    ("played", "zone"),
    [
        ({"autoscaling.scheduled-timezone": 0}, "Europe/Berlin"),
        ({"autoscaling.scheduled-timezone": 1}, None),
    ],
)
def test_an_update_without_a_time_zone_keeps_or_resets_it(scheduled: Scheduled, zone: str | None) -> None:
    scheduled.put(Schedule="cron(0 8 * * ? *)", Timezone="Europe/Berlin")
    scheduled.put(Schedule="cron(0 9 * * ? *)")
    (action,) = scheduled.describe()
    assert action.get("Timezone") == zone


@pytest.mark.ledger("autoscaling.scheduled-update")
def test_an_action_reads_back_and_an_update_keeps_all_but_the_times(scheduled: Scheduled) -> None:
    now = scheduled.sim.engine.clock.now()
    scheduled.put(Schedule="cron(0 8 * * ? *)", Timezone="Europe/Berlin", StartTime=now + 60)
    (action,) = scheduled.describe()
    arn = action["ScheduledActionARN"]
    assert arn.startswith("arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:")
    assert arn.endswith(":resource/sagemaker/endpoint/reviews/variant/VariantA:scheduledActionName/morning")
    assert (action["Timezone"], action["StartTime"].timestamp()) == ("Europe/Berlin", now + 60)
    scheduled.put(Schedule=None, ScalableTargetAction={"MaxCapacity": 9})
    (action,) = scheduled.describe(ScheduledActionNames=["morning"])
    assert (action["Schedule"], action["ScalableTargetAction"]) == ("cron(0 8 * * ? *)", {"MaxCapacity": 9})
    assert (action["ScheduledActionARN"], "StartTime" in action) == (arn, False)
    assert not scheduled.describe(ScheduledActionNames=["other"])
    state = scheduled.sim.state()["123456789012/us-east-1"]["scalableTargets"][VARIANT["ResourceId"]]
    assert state["scheduledActions"]["morning"]["MaxCapacity"] == 9


@pytest.mark.ledger("autoscaling.scheduled-missing")
def test_deleted_and_changed_actions_run_no_more(scheduled: Scheduled, refused: Any) -> None:
    delete = scheduled.client.delete_scheduled_action
    scheduled.put("gone")
    scheduled.put("changed")
    delete(ScheduledActionName="gone", **VARIANT)
    scheduled.put("changed", Schedule="rate(9 hours)")
    scheduled.sim.advance(minutes=70)
    assert not scheduled.activities()
    assert refused(delete, ScheduledActionName="gone", **VARIANT)[0] == "ObjectNotFoundException"
    scheduled.client.deregister_scalable_target(**VARIANT)
    assert not scheduled.describe()
    scheduled.sim.advance(minutes=10 * 60)
    assert not scheduled.activities()
    assert refused(scheduled.put)[0] == "ObjectNotFoundException"


@pytest.mark.ledger("autoscaling.schedule")
@pytest.mark.parametrize(
    "params",
    [
        {"Schedule": "often"},
        {"Schedule": None},
        {"ScalableTargetAction": None},
        {"ScalableTargetAction": {}},
        {"Timezone": "Mars/Olympus", "Schedule": "cron(0 8 * * ? *)"},
        {"StartTime": START + 7_200, "EndTime": START + 3_600},
    ],
)
def test_an_action_that_cannot_be_is_refused_and_not_put(
    scheduled: Scheduled, refused: Any, params: dict[str, Any]
) -> None:
    assert refused(scheduled.put, **params)[0] == "ValidationException"
    assert not scheduled.describe()


@pytest.mark.ledger("autoscaling.capacity-order", "autoscaling.min-one")
def test_the_bounds_of_an_action_are_in_order_and_above_zero(scheduled: Scheduled, refused: Any) -> None:
    for bounds in ({"MinCapacity": 5, "MaxCapacity": 2}, {"MinCapacity": 0}):
        assert refused(scheduled.put, ScalableTargetAction=bounds)[0] == "ValidationException"


@pytest.mark.ledger("autoscaling.scheduled-per-target", "autoscaling.too-many-scheduled")
def test_a_target_has_two_hundred_actions_in_pages_of_fifty(scheduled: Scheduled, refused: Any) -> None:
    for number in range(200):
        scheduled.put(f"action-{number}")
    assert refused(scheduled.put)[0] == "LimitExceededException"
    scheduled.put("action-7", Schedule="rate(2 hours)")
    paginator = scheduled.client.get_paginator("describe_scheduled_actions")
    pages = [len(page["ScheduledActions"]) for page in paginator.paginate(ServiceNamespace="sagemaker")]
    assert pages == [50, 50, 50, 50]
