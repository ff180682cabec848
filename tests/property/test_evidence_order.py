"""The same counts give the same evidence in any order and batches, with revisions and after restarts."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES, CountsRow
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

POLICIES = {
    "ABTest": ab_test(
        guardrails=[
            {"metric": "ServerErrors", "noWorseThanPercent": 10},
            {"metric": "Latency", "noWorseThanPercent": 10},
        ]
    ),
    "late conversions": ab_test(attributionSeconds=1800),
    "ramp-up": ab_test(rampUp={"steps": [{"percent": 20, "hold": {"minDurationSeconds": 1200}}]}),
    "Stepped": stepped(
        guardrails=[
            {"metric": "ServerErrors", "noWorseThanPercent": 0},
            {"metric": "Successes", "noWorseThanPercent": 5},
            {"metric": "Latency", "noWorseThanPercent": 10, "onBreach": "Hold"},
        ],
        breakers=[{"metric": "ServerErrors", "maxRate": "0.06"}],
    ),
    "Bandit": bandit(updateSeconds=600, stop={}),
}
MINUTES = 180
"""Enough for evidence from blocks of ten minutes."""

WORLD = {
    "A": {"percent": 60, "errors": 0.02, "micros": 50_000},
    "B": {"percent": 40, "errors": 0.03, "micros": 52_000, "rate": 0.12},
}
ROWS = list(rows(WORLD, minutes=MINUTES))


@pytest.fixture(params=POLICIES, ids=str)
def policy(request):
    return POLICIES[request.param]


def run_of(policy, batches):
    run = Run(policy, ["A", "B"], started=0)
    for batch in batches:
        run.ingest(batch)
    return run


def state(run):
    return json.dumps(run.to_json(), sort_keys=True)


def open_minutes(policy):
    """Return the allowed lateness in minutes, including the attribution window."""
    return OPEN_MINUTES + getattr(policy, "attribution_seconds", 0) // 60


def shuffled(seed, policy):
    """Yield the rows in batches of any size, shuffled so that none exceeds the allowed lateness."""
    random = Random(seed)
    late = sorted(ROWS, key=lambda row: row.at + random.uniform(0, open_minutes(policy) - 1))
    while late:
        size = random.randint(1, 40)
        yield late[:size]
        late = late[size:]


@given(seed=st.integers(0, 10**9))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", POLICIES)
def test_order_and_batches_do_not_change_the_state(name, seed):
    policy = POLICIES[name]
    assert state(run_of(policy, shuffled(seed, policy))) == state(run_of(policy, [ROWS]))


@given(seed=st.integers(0, 10**9))
@settings(max_examples=8, deadline=None)
@pytest.mark.parametrize("name", POLICIES)
def test_a_revised_row_replaces_the_earlier_row(name, seed):
    policy, random = POLICIES[name], Random(seed)
    run = Run(policy, ["A", "B"], started=0)
    for row in ROWS:
        if random.random() < 0.1:
            run.ingest([row._replace(counts=Counts(weight=50, invocations=7, trials=7, successes=3))])
        run.ingest([row])
        if random.random() < 0.1:
            sent = [earlier for earlier in ROWS if row.at - open_minutes(policy) < earlier.at < row.at]
            run.ingest(random.sample(sent, min(4, len(sent))))
    assert state(run) == state(run_of(policy, [ROWS]))


@given(stop=st.integers(1, MINUTES - 1))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", POLICIES)
def test_a_restored_run_continues_as_if_it_had_not_been_interrupted(name, stop):
    policy = POLICIES[name]
    whole = Run(policy, ["A", "B"], started=0)
    stopped = Run(policy, ["A", "B"], started=0)
    for at in range(MINUTES):
        taken = [row for row in ROWS if row.at == at]
        whole.ingest(taken)
        stopped.ingest(taken)
        assert stopped.look(at + 1) == whole.look(at + 1)
        if at == stop:
            stopped = Run.from_json(json.loads(json.dumps(stopped.to_json())), policy, ["A", "B"])
    assert state(stopped) == state(whole)


@given(stop=st.integers(1, MINUTES - 1))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", POLICIES)
def test_a_checkpoint_and_the_rows_after_its_watermark_continue_the_run_bit_for_bit(name, stop):
    policy = POLICIES[name]
    whole = Run(policy, ["A", "B"], started=0)
    stopped = Run(policy, ["A", "B"], started=0)
    for at in range(MINUTES):
        taken = [row for row in ROWS if row.at == at]
        whole.ingest(taken)
        stopped.ingest(taken)
        assert stopped.look(at + 1) == whole.look(at + 1)
        if at == stop:
            saved = json.loads(json.dumps(stopped.checkpoint()))
            stopped = Run.from_json(saved, policy, ["A", "B"])
            stopped.ingest(row for row in ROWS if stopped.watermark < row.at <= at)
    assert state(stopped) == state(whole)


def test_a_checkpoint_has_no_minute_after_its_watermark(policy):
    run = run_of(policy, [ROWS])
    assert run.watermark == MINUTES - 1 - open_minutes(policy)
    checkpoint = run.checkpoint()
    again = Run.from_json(checkpoint, policy, ["A", "B"])
    assert (again.watermark, again.evidence.buffer.latest_counts) == (run.watermark, {})
    evidence = run.to_json()["evidence"]
    del evidence["minutes"]
    assert evidence == checkpoint["evidence"]


def test_after_a_checkpoint_nothing_positive_is_decided_until_the_rows_are_back(policy):
    """Without the newest minutes the evidence is the older one, and data counts as missing when it is old."""
    run = run_of(policy, [ROWS])
    again = Run.from_json(run.checkpoint(), policy, ["A", "B"])
    assert again.look(MINUTES + 60).outcome.verdict not in {Verdict.PROMOTE, Verdict.WINNER}


@given(at=st.integers(0, MINUTES), one=st.sampled_from(["A", "B", ""]))
@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("name", POLICIES)
def test_a_minute_without_data_leaves_the_evidence_bit_for_bit_unchanged(name, at, one):
    """Neither a missing minute nor a minute without numbers changes it."""
    policy = POLICIES[name]
    without = [row for row in ROWS if row.at != at]
    empty = [CountsRow(at, variant, Counts()) for variant in ("A", "B") if variant != one]
    sums = [
        run_of(policy, [batch]).to_json()["evidence"]["sums"]
        for batch in (without, sorted([*without, *empty]))
    ]
    assert sums[0] == sums[1]


def test_a_row_beyond_the_allowed_lateness_is_counted_and_changes_nothing(policy):
    run = run_of(policy, [ROWS])
    before = run.to_json()["evidence"]["sums"]
    late = [row for row in ROWS if row.at == MINUTES - 1 - open_minutes(policy)]
    run.ingest([row._replace(counts=Counts(invocations=1)) for row in late])
    assert run.evidence.buffer.late_dropped == len(late)
    assert run.to_json()["evidence"]["sums"] == before
