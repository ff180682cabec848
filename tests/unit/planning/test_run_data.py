"""A run's data is Fresh, or one of four states says what is wrong with it."""

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.run_data import Availability, ReadMinutes, assess
from sagemaker_ab.planning.run_minutes import RunQueries
from sagemaker_ab.planning.variant_metrics import INVOCATION_5XX_ERRORS, INVOCATIONS, Query
from sagemaker_ab.traffic.counts import Counts

MIDNIGHT = 29_453_760
METRICS = (INVOCATIONS, INVOCATION_5XX_ERRORS)
QUERIES = RunQueries(endpoint_name="reviews", metrics={"A": METRICS, "B": METRICS})
HEALTHY = Counts(invocations=90, errors_5xx=0)
REFUSED = Problem(Reason.ACCESS_DENIED, "CloudWatch could not be read: denied")


def read(until=MIDNIGHT, **variants):
    """Return minutes up to `until`; of each variant the counts by how many minutes ago they are."""
    minutes = ReadMinutes(counts={}, until=until)
    counts = {(until - ago, name): each for name, by_age in variants.items() for ago, each in by_age.items()}
    return minutes.merged(QUERIES, counts, until=until)


def state(minutes, *, problem=None, age=200, serving="AB"):
    """Assess the data so many seconds after the end of the newest minute that was read."""
    now = (minutes.until + 1) * 60.0 + age
    return assess(QUERIES, minutes, serving=serving, problem=problem, now=now)


def test_data_is_fresh_if_every_metric_of_every_variant_is_there():
    data = state(read(A={0: HEALTHY}, B={0: HEALTHY}))
    assert (data.availability, data.newest, data.missing) == (Availability.FRESH, MIDNIGHT, ())


def test_a_late_minute_does_not_change_the_state():
    assert state(read(A={0: HEALTHY}, B={3: HEALTHY})).availability is Availability.FRESH


def test_data_is_stale_when_nothing_was_read_for_fifteen_minutes():
    minutes = read(A={0: HEALTHY}, B={0: HEALTHY})
    assert state(minutes, age=900).availability is Availability.FRESH
    data = state(minutes, age=901)
    assert (data.availability, data.newest, data.missing) == (Availability.STALE, MIDNIGHT, ())


@pytest.mark.parametrize("idle", [{}, {"A": {0: Counts(invocations=0)}, "B": {0: Counts(invocations=0)}}])
def test_no_invocations_of_any_variant_are_no_traffic(idle):
    assert state(read(**idle)).availability is Availability.NO_TRAFFIC


def test_traffic_that_ended_fifteen_minutes_ago_is_no_traffic():
    assert state(read(A={14: HEALTHY}, B={14: HEALTHY})).availability is Availability.FRESH
    assert state(read(A={15: HEALTHY}, B={15: HEALTHY})).availability is Availability.NO_TRAFFIC


def test_a_variant_without_data_from_the_start_is_absent():
    data = state(read(A={0: HEALTHY}))
    assert data.availability is Availability.ABSENT
    assert data.missing == (Query("reviews", "B", INVOCATIONS),)


def test_no_requests_are_expected_of_a_variant_without_a_share():
    minutes = read(B={0: HEALTHY})
    assert state(minutes).missing == (Query("reviews", "A", INVOCATIONS),)
    assert state(minutes, serving="B").availability is Availability.FRESH


def test_requests_without_errors_are_missing_data_also_of_a_variant_without_a_share():
    """Clients can send requests to a variant by its name."""
    minutes = read(A={0: Counts(invocations=1)}, B={0: HEALTHY})
    assert state(minutes, serving="B").missing == (Query("reviews", "A", INVOCATION_5XX_ERRORS),)


def test_a_variant_whose_data_ends_is_stale():
    minutes = read(until=MIDNIGHT - 20, A={0: HEALTHY}, B={0: HEALTHY})
    later = minutes.merged(QUERIES, {(MIDNIGHT, "A"): HEALTHY}, until=MIDNIGHT)
    data = state(later)
    assert data.availability is Availability.STALE
    assert data.missing == (Query("reviews", "B", INVOCATIONS),)


def test_errors_that_are_never_shown_with_requests_are_absent():
    data = state(read(A={0: HEALTHY}, B={0: Counts(invocations=10)}))
    assert data.availability is Availability.ABSENT
    assert data.missing == (Query("reviews", "B", INVOCATION_5XX_ERRORS),)


def test_errors_are_not_expected_of_a_variant_without_requests():
    assert state(read(A={0: HEALTHY}, B={0: Counts(invocations=0)})).availability is Availability.FRESH


def test_what_is_absent_is_named_before_what_is_stale():
    minutes = read(until=MIDNIGHT - 20, A={0: HEALTHY}, B={0: Counts(invocations=10)})
    later = minutes.merged(
        QUERIES,
        {(MIDNIGHT, "A"): Counts(invocations=90), (MIDNIGHT, "B"): Counts(invocations=1)},
        until=MIDNIGHT,
    )
    data = state(later)
    assert data.availability is Availability.ABSENT
    assert data.missing == (Query("reviews", "B", INVOCATION_5XX_ERRORS),)


def test_a_refusal_comes_first_with_the_words_of_aws():
    data = state(read(A={0: HEALTHY}, B={0: HEALTHY}), problem=REFUSED, age=3600)
    assert (data.availability, data.problem, data.newest) == (Availability.REFUSED, REFUSED, MIDNIGHT)


def test_minutes_before_the_first_that_is_needed_are_dropped():
    minutes = read(A={0: HEALTHY, 1: HEALTHY, 2: HEALTHY}).since(MIDNIGHT - 1)
    assert sorted(at for at, _ in minutes.counts) == [MIDNIGHT - 1, MIDNIGHT]
