"""What a run decides from the minutes of its endpoint, and what it does when they are missing."""

from itertools import pairwise

import pytest

from sagemaker_ab.planning.run_data import Availability
from sagemaker_ab.planning.runs.comparisons import still_needed
from sagemaker_ab.planning.runs.figures import log10_shown, rounded_count, significant
from sagemaker_ab.planning.runs.outcome import Outcome
from tests.unit.planning.run_worlds import START, World, stepped

REQUIRED = [{"percent": 10, "hold": {"minDurationSeconds": 600}, "approval": "Required"}, {"percent": 100}]


def test_a_run_starts_with_its_first_step_and_names_it_to_the_endpoint():
    followed = World().minute()
    assert followed.record is not None
    assert followed.traffic.weights == {"A": 90, "B": 10}
    assert followed.traffic.keeps_capacity == {"A"}
    assert followed.traffic.run_tag.startswith(followed.record.run)


def test_before_the_fleet_of_the_spec_serves_no_run_starts_and_the_candidate_is_drained():
    world = World()
    world.deployed, world.changing = False, frozenset({"B"})
    followed = world.minute()
    assert followed.record is None
    assert followed.traffic.weights == {"A": 100, "B": 0}
    assert followed.traffic.drained_first == {"B"}


def test_a_good_candidate_is_promoted_and_the_baseline_keeps_its_capacity_until_it_has_no_traffic():
    world = World()
    world.until_ended()
    assert world.weights == {"A": 0.0, "B": 100.0}
    assert world.minute().traffic.keeps_capacity == frozenset()


def test_an_unread_minute_is_not_looked_at_until_it_is_read():
    world = World()
    world.minutes(12)
    before = world.decisions
    world.readable = False
    world.minutes(10)
    assert world.decisions == before
    world.readable = True
    world.minutes(10)
    assert world.decisions[-1][1] != "MissingData"


def test_after_an_outage_the_hold_of_the_step_starts_again():
    world = World()
    world.minutes(10)
    world.readable = False
    world.minutes(60)
    assert world.decisions[-1][1:] == ("MissingData", 1)
    world.readable = True
    back = world.at - START
    world.until_ended()
    advanced = next(at for at, reason, _ in world.decisions if reason == "StepAdvanced")
    assert advanced >= back + 10


@pytest.mark.parametrize("availability", [each for each in Availability if each != "Fresh"])
def test_missing_data_never_advances_a_run(availability):
    world = World()
    world.availability = availability
    world.minutes(200)
    assert {step for _, _, step in world.decisions} == {1}
    assert world.weights == {"A": 90.0, "B": 10.0}


@pytest.mark.parametrize("availability", [each for each in Availability if each != "Fresh"])
def test_missing_data_never_promotes_a_run_and_its_hold_starts_again(availability):
    world = World(stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 1200}}, {"percent": 100}]))
    world.minutes(15)
    world.availability = availability
    world.minutes(60)
    assert world.weights == {"A": 90.0, "B": 10.0}
    world.availability = Availability.FRESH
    assert world.until_ended() >= 20
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_the_requests_of_a_step_count_also_after_a_gap_in_the_data():
    world = World()
    world.minutes(9)
    world.availability = Availability.STALE
    gates = {gate.name: gate.state for gate in world.minute().status.gates}
    assert (gates["minDuration"], gates["minRequests"]) == ("Waiting", "Satisfied")


@pytest.mark.parametrize("availability", list(Availability))
def test_minutes_without_requests_never_advance_a_run(availability):
    world = World(requests=0)
    world.availability = availability
    world.minutes(200)
    assert {step for _, _, step in world.decisions} == {1}


def test_an_absent_metric_does_not_hide_harm():
    world = World()
    world.availability = Availability.ABSENT
    world.rates = {"A": 0.0, "B": 0.6}
    world.until_ended()
    assert world.follow().record.outcome is Outcome.ROLLED_BACK


def test_a_forgotten_approval_ends_at_the_deadline():
    world = World(stepped(steps=REQUIRED, deadlineSeconds=3600))
    world.until_ended()
    status = world.follow().status
    assert (status.decisions[-1].at - status.started_at).total_seconds() == 3600
    assert world.decisions[-1][1:] == ("DeadlineExceeded", 1)


def test_the_share_of_a_candidate_that_autoscales_at_most_doubles_in_ten_minutes():
    world = World()
    world.autoscaled = frozenset({"B"})
    shares = []
    for _ in range(120):
        world.minute()
        shares.append((world.at, world.weights["B"]))
    assert shares[-1][1] == 100
    changes = [(at, b) for (_, a), (at, b) in pairwise(shares) if a != b]
    assert [share for _, share in changes] == [20, 40, 50, 100]
    assert all(later - earlier >= 10 for (earlier, _), (later, _) in pairwise(changes))


def test_a_rollback_is_not_slowed_down():
    world = World()
    world.autoscaled = frozenset({"A", "B"})
    world.minutes(8)
    world.rates["B"] = 0.6
    world.until_ended()
    followed = world.follow()
    assert world.weights == {"A": 100.0, "B": 0.0}
    assert "rolled back" in followed.traffic.overrides_capacity


def test_a_decision_that_is_repeated_keeps_its_time_and_has_the_newest_message():
    world = World()
    world.minutes(8)
    world.readable, world.availability = False, Availability.ABSENT
    world.minutes(30)
    first = world.follow().status.decisions[-1]
    assert (first.reason, first.message) == ("MissingData", "CloudWatch has never shown ")
    world.availability = Availability.STALE
    world.minutes(5)
    newest = world.follow().status.decisions[-1]
    assert (newest.at, newest.reason) == (first.at, "MissingData")
    assert newest.message == "The newest minute that was read is older than 15 minutes"


def test_a_quiet_run_is_not_written():
    world = World(requests=0)
    world.minutes(60)
    written = world.writes
    world.minutes(600)
    assert world.writes == written


def test_a_long_step_is_written_at_most_every_five_minutes():
    steps = [{"percent": 10, "hold": {"minDurationSeconds": 43_200}}, {"percent": 100}]
    world = World(stepped(steps=steps))
    world.rates = {"A": 0.01, "B": 0.01}
    world.minutes(60)
    written = world.writes
    world.minutes(600)
    assert world.writes - written <= 120


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.0, "0"), (0.0123, "0.012"), (0.1, "0.1"), (1234.5, "1200"), (0.999, "1"), (-0.0456, "-0.046")],
)
def test_numbers_are_shown_with_two_significant_digits(number, shown):
    assert significant(number) == shown


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (99, 99), (101, 100), (1999, 1900), (23_456, 23_000)])
def test_counts_are_rounded_down(count, shown):
    assert rounded_count(count) == shown


@pytest.mark.parametrize(("evidence", "shown"), [(0.0, "-9.0"), (1.0, "0.0"), (0.99, "0.0"), (150.0, "2.2")])
def test_evidence_is_shown_as_a_power_of_ten(evidence, shown):
    assert log10_shown(evidence) == shown


def test_the_requests_still_needed_shrink_as_the_evidence_grows():
    assert still_needed(20.0, 20.0, 100.0) == (0, 0)
    assert still_needed(1.0, 20.0, 100.0) is None
    assert still_needed(4.0, 20.0, 0.0) is None
    (half, most), (later, _) = still_needed(2.0, 20.0, 1000.0), still_needed(10.0, 20.0, 1000.0)
    assert later < half < most
    # sqrt(2·ln 20) / sqrt(2·ln 10) is 1.1406, and its square 1.3010.
    assert later == 302


@pytest.mark.parametrize("restart", [False, True])
def test_a_wrong_date_does_not_blind_a_run_once_the_date_is_right(restart):
    """AWS's answers are two hours ahead for five minutes."""
    world = World()
    world.minutes(8)
    right = world.at
    for minute in range(5):
        world.at = right + 120 + minute
        world.follow()
    world.at = right
    world.rates = {"A": 0.0, "B": 1.0}
    if restart:
        world.restart()
    assert world.until_ended() <= 10
    assert world.follow().record.outcome is Outcome.ROLLED_BACK


def test_after_a_wrong_date_the_time_of_the_step_counts_again():
    world = World()
    world.minutes(8)
    right = world.at
    world.at = right + 120
    world.follow()
    world.at = right
    assert world.until_ended() <= 45
    assert world.follow().record.outcome is Outcome.PROMOTED
