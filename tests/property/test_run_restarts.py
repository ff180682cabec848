"""The same minutes give the same decisions, however often the process ends, and status stays bounded."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.runs.record import RunRecord
from tests.unit.planning.run_worlds import World, stepped

MINUTES = 60
LONGEST = 8 * 1024
GUARDRAILS = [
    {"metric": metric, "noWorseThanPercent": 50}
    for metric in ("ServerErrors", "ClientErrors", "ModelErrors", "Latency")
]
minutes = st.integers(0, MINUTES - 1)
rates = st.floats(0.0, 0.3)
BREAKERS = [{"metric": metric} for metric in ("ServerErrors", "ClientErrors", "ModelErrors")]


def play(*, bad, since, restarts=frozenset(), unread=frozenset()):
    """Return the world after the run; a process that reads nothing ends only once that is in status."""
    world, record = World(), None
    for number in range(MINUTES):
        if number >= since:
            world.rates["B"] = bad
        world.readable = number not in unread
        if number in restarts and (world.readable or (record and record.interrupted)):
            world.restart()
        record = world.minute().record
        assert RunRecord.from_status(TrafficStatus.model_validate(world.written)) == record
    return world


@settings(deadline=None, max_examples=30)
@given(bad=rates, since=minutes, restarts=st.frozensets(minutes, max_size=8))
def test_a_process_that_ends_changes_no_decision(bad, since, restarts):
    undisturbed = play(bad=bad, since=since)
    disturbed = play(bad=bad, since=since, restarts=restarts)
    assert disturbed.decisions == undisturbed.decisions
    assert disturbed.weights == undisturbed.weights


@st.composite
def outages(draw):
    """Return minutes in which CloudWatch cannot be read, at a stretch."""
    first = draw(minutes)
    return frozenset(range(first, first + draw(st.integers(0, 40))))


@settings(deadline=None, max_examples=60)
@given(bad=rates, since=minutes, restarts=st.frozensets(minutes, max_size=8), unread=outages())
def test_a_process_that_ends_in_an_outage_changes_no_decision(bad, since, restarts, unread):
    undisturbed = play(bad=bad, since=since, unread=unread)
    disturbed = play(bad=bad, since=since, unread=unread, restarts=restarts)
    assert disturbed.decisions == undisturbed.decisions
    assert disturbed.weights == undisturbed.weights


@settings(deadline=None, max_examples=30)
@given(bad=rates, since=minutes, unread=st.frozensets(minutes, max_size=40))
def test_minutes_that_are_read_late_do_not_let_a_run_skip_a_step(bad, since, unread):
    world = play(bad=bad, since=since, unread=unread)
    steps = [step for _, _, step in world.decisions]
    assert all(later - earlier in {0, 1} for earlier, later in pairwise(steps))


def test_status_keeps_fifty_changes_of_weights_in_8_kilobytes():
    """By hand: each is repaired, so that it makes two stretches of verified weights."""
    world = World(stepped(guardrails=GUARDRAILS, breakers=BREAKERS), requests=10**9)
    world.rates = {"A": 0.1, "B": 0.1}
    for number in range(60):
        world.weights, world.modified = {"A": 97.5, "B": 2.5}, world.at * 60.0 - number / 7
        record = world.minutes(2).record
    assert len(record.history.stretches) == 50
    assert max(world.sizes) <= LONGEST


@settings(deadline=None, max_examples=15)
@given(rates=st.tuples(rates, rates), requests=st.integers(0, 10**9))
def test_status_stays_below_8_kilobytes(rates, requests):
    world = World(stepped(guardrails=GUARDRAILS, breakers=BREAKERS), requests=requests)
    world.rates = dict(zip("AB", rates, strict=True))
    world.minutes(40)
    assert max(world.sizes) <= LONGEST
