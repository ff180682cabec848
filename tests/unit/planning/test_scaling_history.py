"""Instance counts and bounds over time, derived from traffic, activities and the live endpoint."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_ab.planning.charts import PERIOD, Point, last_minutes
from sagemaker_ab.planning.scaling_history import (
    Activity,
    LiveVariant,
    SpecBounds,
    bounds_over_time,
    counts_from_activities,
    counts_from_traffic,
)

TIME_RANGE = last_minutes(6, before=datetime(2026, 11, 25, 15, 50, 42, tzinfo=UTC))
START = TIME_RANGE.start


def at(minute):
    return START + minute * PERIOD


def values(points):
    """One value for each minute of TIME_RANGE, None for a minute that is not known."""
    known = {point.at: point.value for point in points}
    return [known.get(at(minute)) for minute in range(6)]


def count(value, *, ended, status="Successful"):
    """The activity of setting a count; it takes a minute."""
    return Activity(
        description=f"Setting desired instance count to {value}.",
        status=status,
        started=at(ended - 1),
        ended=at(ended),
    )


def bounds(low, high, *, minute):
    return Activity(
        description=f"Setting min capacity to {low} and max capacity to {high}",
        status="Successful",
        started=at(minute),
    )


def counts(*activities, **live):
    return values(counts_from_activities(activities, live=LiveVariant(**live), time_range=TIME_RANGE))


def series(*numbers):
    return [Point(at=at(minute), value=value) for minute, value in enumerate(numbers) if value is not None]


def test_requests_divided_by_requests_per_instance_are_the_instances():
    found = counts_from_traffic(series(60, 90, None, 40, 0), series(60, 30, 10, None, 0))

    assert values(found) == [1, 3, None, None, None, None]


def test_a_minute_in_which_the_count_changed_has_a_fraction():
    assert values(counts_from_traffic(series(60), series(45)))[0] == 1.33


def test_a_count_holds_from_the_end_of_its_activity_until_the_next():
    assert counts(count(4, ended=3.5), count(2, ended=1), current=4) == [None, 2, 2, 4, 4, 4]


def test_a_count_of_before_holds_at_the_start():
    assert counts(count(2, ended=-600), count(3, ended=4), current=3) == [2, 2, 2, 2, 3, 3]


@pytest.mark.parametrize("status", ["Failed", "Unfulfilled", "InProgress", "Overridden"])
def test_only_successful_activities_count(status):
    assert counts(count(9, ended=2, status=status), count(2, ended=0), current=2) == [2] * 6


def test_a_last_count_that_the_endpoint_no_longer_has_is_not_extended():
    """Something changed the count that is no scaling activity, nobody knows when."""
    assert counts(count(2, ended=2), current=5) == [None, None, 2, None, None, 5]


def test_the_live_count_holds_since_the_endpoint_was_modified():
    assert counts(count(2, ended=1), current=5, unchanged_since=at(3)) == [None, 2, 2, 5, 5, 5]


def test_an_endpoint_modified_before_its_last_activity_says_nothing_of_its_counts():
    assert counts(count(2, ended=3), current=2, unchanged_since=at(1)) == [None, None, None, 2, 2, 2]


def test_without_activities_and_without_an_endpoint_nothing_is_known():
    assert counts() == [None] * 6


def test_activities_with_other_words_are_left_out():
    other = Activity(description="Something new", status="Successful", started=at(1), ended=at(1))

    assert counts(other, current=1) == [None] * 5 + [1]


def test_bounds_are_those_of_the_spec_until_a_scheduled_action_runs():
    low, high = bounds_over_time(
        [bounds(2, 6, minute=3)],
        spec=SpecBounds(1, 4, since=START - timedelta(days=9)),
        live=LiveVariant(minimum=2, maximum=6),
        time_range=TIME_RANGE,
    )

    assert values(low) == [1, 1, 1, 2, 2, 2]
    assert values(high) == [4, 4, 4, 6, 6, 6]


def test_bounds_before_the_spec_got_its_own_are_those_of_the_action_that_ran_last():
    low, high = bounds_over_time(
        [bounds(2, 6, minute=-60)],
        spec=SpecBounds(1, 4, since=at(2)),
        live=LiveVariant(minimum=1, maximum=4),
        time_range=TIME_RANGE,
    )

    assert values(low) == [2, 2, 1, 1, 1, 1]
    assert values(high) == [6, 6, 4, 4, 4, 4]


def test_bounds_of_an_older_operator_are_known_for_the_last_minute_only():
    low, high = bounds_over_time([], spec=None, live=LiveVariant(minimum=1, maximum=4), time_range=TIME_RANGE)

    assert values(low) == [None] * 5 + [1]
    assert values(high) == [None] * 5 + [4]


def test_bounds_changed_by_hand_are_shown_as_they_are_now():
    low, _ = bounds_over_time(
        [],
        spec=SpecBounds(1, 4, since=at(-60)),
        live=LiveVariant(minimum=3, maximum=4),
        time_range=TIME_RANGE,
    )

    assert values(low) == [None] * 5 + [3]
