"""A minute has verified weights only if they held throughout it, however reads lag and weights move."""

from bisect import bisect_right
from dataclasses import dataclass
from json import dumps, loads

from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.planning.weight_history import (
    MOST_STRETCHES,
    WeightHistory,
    WeightObservation,
    rows_of,
)
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

MIDNIGHT = 29_453_760
START = MIDNIGHT * 60.0
CHOICES = ({"A": 90.0, "B": 10.0}, {"A": 50.0, "B": 50.0}, {"A": 100.0, "B": 0.0})
EMPTY = WeightHistory(variants=("A", "B"))


@dataclass(frozen=True)
class State:
    since: float
    current: dict
    desired: dict
    in_service: bool
    modified: float


class Endpoint:
    """An endpoint whose weights change at some times. A change takes a while, or no time at all.

    If `modified_moves` is false, LastModifiedTime does not show changes. Then all of them are the operator's
    own calls, because nobody could know of others that are undone between two reads.
    """

    def __init__(self, changes, *, modified_moves):
        self.states = [State(0.0, CHOICES[0], CHOICES[0], in_service=True, modified=0.0)]
        self.own_calls = []
        time = START
        for gap, duration, choice in changes:
            time += gap
            before, wanted = self.states[-1].current, CHOICES[choice]
            modified = time if modified_moves else 0.0
            if not modified_moves:
                self.own_calls.append(time)
            if duration:
                self.states.append(State(time, before, wanted, in_service=False, modified=modified))
            self.states.append(State(time + duration, wanted, wanted, in_service=True, modified=modified))
            time += duration

    def at(self, time):
        return self.states[bisect_right([each.since for each in self.states], time) - 1]

    def held(self, minute):
        """Return the weights that held throughout a minute, or None."""
        start = minute * 60.0
        during = [each for each in self.states if start < each.since < start + 60] + [self.at(start)]
        weights = {tuple(each.current.items()) for each in during}
        settled = all(each.in_service and each.current == each.desired for each in during)
        return dict(next(iter(weights))) if len(weights) == 1 and settled else None


tens = st.integers(1, 20).map(lambda number: 10 * number)
endpoints = st.builds(
    Endpoint,
    st.lists(st.tuples(tens, st.sampled_from([0, 20, 60]), st.integers(0, 2)), max_size=8),
    modified_moves=st.booleans(),
)
reads = st.lists(
    st.tuples(st.sampled_from([5, 10, 30, 60]), st.sampled_from([0, 3]), st.sampled_from([0, 10, 25, 30])),
    min_size=10,
    max_size=50,
)


def observations(endpoint, reads):
    """Yield reads that show the endpoint as it was up to 30 seconds before."""
    time = START - 120.0
    for gap, takes, lag in reads:
        time += gap
        shown = endpoint.at(time + takes - lag)
        yield WeightObservation(
            began=time,
            ended=time + takes,
            current=shown.current,
            desired=shown.desired,
            in_service=shown.in_service,
            modified=shown.modified,
        )
        time += takes


def histories(endpoint, reads):
    """Yield the history after each read, with the operator's own calls recorded in between."""
    history, calls = EMPTY, list(endpoint.own_calls)
    for read in observations(endpoint, reads):
        while calls and calls[0] <= read.ended:
            history = history.call_sent(calls.pop(0))
        history = history.observed(read)
        yield history


def minutes(history):
    """Return the verified weights of each minute around the time of the test."""
    found = {minute: history.weights_in(minute) for minute in range(MIDNIGHT - 5, MIDNIGHT + 160)}
    return {minute: weights for minute, weights in found.items() if weights is not None}


@settings(max_examples=200)
@given(endpoint=endpoints, reads=reads)
def test_verified_weights_held_throughout_the_minute(endpoint, reads):
    for history in histories(endpoint, reads):
        for minute, weights in minutes(history).items():
            assert weights == endpoint.held(minute)


@given(endpoint=endpoints, reads=reads)
def test_a_verified_minute_stays_verified(endpoint, reads):
    known = {}
    for history in histories(endpoint, reads):
        found = minutes(history)
        assert known.items() <= found.items()
        known = found


@given(endpoint=endpoints, reads=reads)
def test_the_same_read_changes_nothing_the_second_time(endpoint, reads):
    history = EMPTY
    for read in observations(endpoint, reads):
        history = history.observed(read)
        assert history.observed(read) == history


@given(endpoint=endpoints, reads=reads)
def test_the_history_survives_json(endpoint, reads):
    *_, history = histories(endpoint, reads)
    assert WeightHistory.from_json(loads(dumps(history.to_json()))) == history


def settled(seconds, weights=CHOICES[0], *, modified=0.0):
    at = START + seconds
    return WeightObservation(
        began=at, ended=at, current=weights, desired=weights, in_service=True, modified=modified
    )


def history_of(*reads):
    history = EMPTY
    for read in reads:
        history = history.observed(read)
    return history


def test_two_equal_reads_verify_the_minutes_between_them_but_for_the_last_half_minute():
    history = history_of(settled(0), settled(149))
    assert minutes(history) == {MIDNIGHT: CHOICES[0]}
    assert minutes(history.observed(settled(150))) == {MIDNIGHT: CHOICES[0], MIDNIGHT + 1: CHOICES[0]}


def test_nothing_is_verified_before_the_end_of_the_first_read():
    assert minutes(history_of(settled(10), settled(150))) == {MIDNIGHT + 1: CHOICES[0]}


def test_a_gap_without_reads_is_verified_if_the_endpoint_was_not_modified():
    assert len(minutes(history_of(settled(0), settled(3630)))) == 60
    assert minutes(history_of(settled(0), settled(3630, modified=START + 60))) == {}


def test_a_call_of_the_operator_ends_a_stretch_although_reads_still_show_the_old_weights():
    history = history_of(settled(0), settled(100)).call_sent(START + 101)
    for second in (105, 120, 130):
        history = history.observed(settled(second))
    assert minutes(history) == {MIDNIGHT: CHOICES[0]}
    history = history.observed(settled(180, modified=START + 102)).observed(
        settled(270, modified=START + 102)
    )
    assert minutes(history) == {MIDNIGHT: CHOICES[0], MIDNIGHT + 3: CHOICES[0]}


def test_a_call_that_aws_rolls_back_verifies_no_minute_of_it():
    history = history_of(settled(0), settled(90)).call_sent(START + 91)
    lagging, rolled_back, later = settled(95), settled(215), settled(330)
    for read in (lagging, rolled_back, later):
        history = history.observed(read)
    assert [minute - MIDNIGHT for minute in minutes(history)] == [0, 4]


def test_an_endpoint_that_is_not_in_service_ends_a_stretch():
    updating = WeightObservation(
        began=START + 100,
        ended=START + 100,
        current=CHOICES[0],
        desired=CHOICES[0],
        in_service=False,
        modified=0.0,
    )
    assert minutes(history_of(settled(0), updating, settled(600))) == {}


def test_a_variant_that_is_missing_verifies_nothing():
    alone = {"A": 90.0}
    assert history_of(settled(0, alone), settled(600, alone)).stretches == ()


def test_at_most_fifty_stretches_are_kept_and_the_oldest_are_dropped():
    history = EMPTY
    for number in range(60):
        weights = {"A": 100.0 - number, "B": float(number)}
        for second in (0, 90):
            history = history.observed(settled(120 * number + second, weights, modified=float(number)))
    assert len(history.stretches) == MOST_STRETCHES == 50
    assert len(dumps(history.to_json())) < 3000
    assert [minute - MIDNIGHT for minute in minutes(history)] == list(range(20, 120, 2))


def test_times_are_kept_as_whole_seconds_within_what_was_verified():
    (stretch,) = history_of(settled(0.2), settled(150.9)).stretches
    assert (stretch.since, stretch.until) == (START + 1, START + 120)
    assert "." not in dumps([stretch.since, stretch.until])


def test_a_variant_without_requests_has_its_weight_in_a_minute_of_another():
    history = history_of(settled(0), settled(90))
    assert list(rows_of({(MIDNIGHT, "B"): Counts(invocations=1)}, history)) == [
        CountsRow(MIDNIGHT, "A", Counts(weight=90.0)),
        CountsRow(MIDNIGHT, "B", Counts(weight=10.0, invocations=1)),
    ]


def test_the_variants_of_the_newest_verified_weights_that_have_a_share_serve():
    assert EMPTY.serving == {"A", "B"}
    history = history_of(settled(0), settled(90), settled(120, {"A": 0.0, "B": 100.0}))
    assert history.serving == {"B"}


def test_counts_have_weights_only_in_minutes_with_verified_weights():
    history = history_of(settled(0), settled(90))
    counts = {
        (MIDNIGHT + 1, "A"): Counts(invocations=7),
        (MIDNIGHT, "B"): Counts(invocations=1),
        (MIDNIGHT, "A"): Counts(invocations=9),
        (MIDNIGHT, "C"): Counts(invocations=5),
    }
    assert list(rows_of(counts, history)) == [
        CountsRow(MIDNIGHT, "A", Counts(weight=90.0, invocations=9)),
        CountsRow(MIDNIGHT, "B", Counts(weight=10.0, invocations=1)),
        CountsRow(MIDNIGHT + 1, "A", Counts(invocations=7, verified=False)),
    ]
