"""Rows may come late, twice and in any order: the state is that of the same rows in order.

`tests/property/test_evidence_order.py` has the same with many more orders.
"""

import json
from random import Random

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow, MinuteBuffer
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, rows, stepped

POLICIES = {
    "Stepped": stepped(breakers=[{"metric": "ServerErrors", "maxRate": "0.06"}]),
    "late conversions": ab_test(attributionSeconds=600),
}
MINUTES = 90
WORLD = {"A": {"percent": 60, "errors": 0.02}, "B": {"percent": 40, "errors": 0.03}}
ROWS = list(rows(WORLD, minutes=MINUTES))


def state(run):
    return json.dumps(run.to_json(), sort_keys=True)


def in_order(policy):
    run = Run(policy, ["A", "B"], started=0)
    run.ingest(ROWS)
    return run


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_late_rows_give_the_state_of_rows_in_order(name, seed):
    policy, random = POLICIES[name], Random(seed)
    run = Run(policy, ["A", "B"], started=0)
    for row in sorted(ROWS, key=lambda row: row.at + random.uniform(0, 14)):
        run.ingest([row])
    assert state(run) == state(in_order(policy))


@pytest.mark.parametrize("name", POLICIES)
def test_revised_rows_give_the_state_of_the_last_ones(name):
    policy = POLICIES[name]
    run = Run(policy, ["A", "B"], started=0)
    for at in range(MINUTES):
        wrong = Counts(weight=50, invocations=7, errors_5xx=7, trials=7, successes=7)
        run.ingest([row._replace(counts=wrong) for row in ROWS if row.at == at])
        run.ingest([row for row in ROWS if at - 5 <= row.at <= at])
    assert state(run) == state(in_order(policy))


@pytest.mark.parametrize("name", POLICIES)
def test_a_run_that_is_restored_every_few_minutes_has_the_same_state(name):
    policy = POLICIES[name]
    run = Run(policy, ["A", "B"], started=0)
    for at in range(MINUTES):
        run.ingest(row for row in ROWS if row.at == at)
        if at % 7 == 0:
            run = Run.from_json(json.loads(json.dumps(run.to_json())), policy, ["A", "B"])
        if at % 10 == 0:
            run = Run.from_json(json.loads(json.dumps(run.checkpoint())), policy, ["A", "B"])
            run.ingest(row for row in ROWS if run.watermark < row.at <= at)
    assert state(run) == state(in_order(policy))


def test_a_row_may_be_fourteen_minutes_late_and_not_fifteen():
    buffer = MinuteBuffer(["A"], started=0, attribution=0)
    assert (buffer.newest, buffer.watermark) == (-1, -16)
    counted = Counts(invocations=1)
    assert buffer.insert([CountsRow(100, "A", counted)]) == 100
    assert buffer.insert([CountsRow(86, "A", counted), CountsRow(90, "A", counted)]) == 86
    assert buffer.insert([CountsRow(85, "A", counted)]) is None
    assert (buffer.late_dropped, buffer.watermark) == (1, 85)
    assert [minute.at for minute in buffer.minutes(after=-1, until=100)] == [86, 90, 100]
    assert [minute.at for minute in buffer.minutes(after=86, until=99)] == [90]
    buffer.discard(86)
    assert [minute.at for minute in buffer.minutes(after=-1, until=100)] == [90, 100]


def test_rows_of_other_variants_from_before_the_start_and_without_counts_are_ignored():
    buffer = MinuteBuffer(["A"], started=50, attribution=0)
    counted = Counts(invocations=1)
    ignored = [CountsRow(49, "A", counted), CountsRow(60, "C", counted), CountsRow(60, "A", Counts())]
    assert buffer.insert(ignored) is None
    assert (buffer.newest, buffer.late_dropped, buffer.open_minutes) == (-1, 0, [])
    assert buffer.insert([CountsRow(50, "A", counted)]) == 50
    assert buffer.latest_counts == {"A": counted}


def test_a_first_read_may_have_minutes_of_many_hours():
    buffer = MinuteBuffer(["A"], started=0, attribution=0)
    buffer.insert(CountsRow(at, "A", Counts(invocations=1)) for at in reversed(range(300)))
    assert [minute.at for minute in buffer.minutes(after=-1, until=299)] == list(range(300))
    assert (len(buffer.open_minutes), buffer.late_dropped) == (15, 0)
