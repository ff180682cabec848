"""A slice of the calibration: every row once or a few times, `decide` itself on seeded histories.

The rates are proven by `make calibrate`; here each row must run, and what few runs can show must hold.
"""

import pytest

from calibration.__main__ import every_row
from calibration.pages import Result, page

ROWS = every_row("quick")


def is_plausible(measure, outcomes):
    """Of a few runs one may err, and a quantile be twice its bound or half."""
    value = measure.figure(outcomes)
    if measure.bound is None:
        return True
    if measure.name.endswith("%"):
        return value * len(outcomes) <= 100
    return value >= measure.bound / 2 if measure.at_least else value <= measure.bound * 2


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_slice_of_each_row_is_as_the_bounds_promise(row):
    outcomes = [row.trial(seed, row.settings) for seed in range(row.runs["slice"])]
    assert [measure.name for measure in row.measures if not is_plausible(measure, outcomes)] == []


def test_the_page_marks_what_is_missed():
    (row,) = [row for row in ROWS if row.key == "false-winners-between-equals--even"]
    results = [Result(row, [{"winner": "B", "reason": "Proven", "minutes": 9}] * 20)]
    assert results[0].missed == ["False winners between equals, even: false % 100, bound 5"]
    assert "| even | 20 | 100 (20 of 20, below 100.0; ≤ 5) **missed** |" in page(results, profile="quick")
