"""A slice of the calibration: every row once or a few times, `decide` itself on seeded histories.

The rates are proven by `make calibrate`; here each row must run, and what few runs can show must hold.
"""

import pytest

from bench.calibration.__main__ import DOCS, every_row
from bench.calibration.pages import Result, page, published_lines

ROWS = every_row("quick")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_slice_of_each_row_is_as_the_bounds_promise(row):
    outcomes = [row.trial(seed, row.settings) for seed in range(row.runs["slice"])]
    assert Result(row, outcomes, few=True).missed == []


def false_winners(*, hits, tries, few):
    (row,) = [row for row in ROWS if row.key == "false-winners-between-equals--even"]
    named = {"winner": "B", "reason": "Proven", "minutes": 9}
    none = {"winner": None, "reason": "MaximumDuration", "minutes": None}
    return Result(row, [named] * hits + [none] * (tries - hits), few=few)


def test_the_published_page_is_whole():
    """Of the full profile, with every row that there is, and none missed."""
    published = (DOCS / "calibration.md").read_text()
    assert "profile full" in published
    assert "**missed**" not in published
    lines = published_lines(published)
    for row in every_row("full"):
        assert lines[row.table, row.name].startswith(f"| {row.name} | {row.runs['full']} | ")


def test_the_page_marks_what_is_missed_and_names_what_is_not_measured():
    result = false_winners(hits=20, tries=20, few=False)
    assert result.missed == ["False winners between equals, even: false % 100, bound 5"]
    text = page(ROWS[:2], [result], profile="full")
    assert "| even | 20 | 100 (20 of 20, below 100.0; ≤ 5) **missed** |" in text
    assert "Not measured yet: False winners between equals, weights follow the data." in text


def test_a_row_that_was_measured_with_earlier_sources_keeps_its_line_and_is_marked():
    first = page(ROWS[:1], [false_winners(hits=1, tries=20, few=True)], profile="full")
    kept = page(ROWS[:1], [], profile="full", kept=published_lines(first))
    again = page(ROWS[:1], [], profile="full", kept=published_lines(kept))

    assert "‡" not in first
    assert "| even ‡ | 20 | 5 (1 of 20" in kept
    assert "Rows with ‡ were measured with earlier sources." in kept
    assert again == kept


def test_in_full_the_estimate_is_held_to_the_bound():
    assert false_winners(hits=25, tries=500, few=False).missed == []
    assert false_winners(hits=26, tries=500, few=False).missed != []


def test_with_few_runs_a_bound_is_missed_only_beyond_the_lower_limit():
    """17 of 200, 8.5 %: were the truth 5 %, that many come up in 3 % of draws; 15 in 8 %."""
    assert false_winners(hits=15, tries=200, few=True).missed == []
    assert false_winners(hits=17, tries=200, few=True).missed != []


def test_a_quantile_of_few_runs_is_missed_only_beyond_the_order_statistic_of_its_limit():
    (row,) = [row for row in ROWS if row.key == "speed--1-%-×2-100-min"]
    late = [{"minutes": 230}] * 100 + [{"minutes": 250}] * 50
    assert Result(row, late, few=False).missed == ["Speed, 1 % ×2, 100/min: 80th min 250, bound 240"]
    assert Result(row, late, few=True).missed != []
    nearly = [{"minutes": 230}] * 115 + [{"minutes": 250}] * 35
    assert Result(row, nearly, few=False).missed != []
    assert Result(row, nearly, few=True).missed == []
