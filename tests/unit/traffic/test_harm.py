"""A guardrail on a rate finds harm, whenever it begins, and does not take noise for harm."""

import pytest

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.harm import HarmTest

BREACH = 100.0
"""The threshold at a false alarm rate of 1 %."""


def harm_test(**changes):
    settings = {"baseline": "A", "challenger": "B", "metric": "ServerErrors", "goal": "Decrease", "margin": 0}
    return HarmTest(**(settings | changes))


def add_all(test, minutes, *, since=0):
    """Add the minutes. Return the number of the first minute that breached, counted from 1, or None."""
    for at, (n_a, x_a, n_b, x_b) in enumerate(minutes):
        counts = {"A": Counts(invocations=n_a, errors_5xx=x_a), "B": Counts(invocations=n_b, errors_5xx=x_b)}
        test.add(Minute(since + at, counts))
        if test.evidence >= BREACH:
            return at + 1
    return None


@pytest.mark.parametrize(("healthy", "within"), [(0, 6), (60, 9), (1440, 9), (10_080, 11)])
def test_a_fifth_of_errors_is_found_in_minutes_even_after_a_healthy_week(healthy, within):
    test = harm_test()
    assert add_all(test, [(90, 1, 10, 0)] * healthy) is None
    assert add_all(test, [(90, 1, 10, 2)] * 30, since=healthy) <= within


@pytest.mark.parametrize("healthy", [0, 60, 1440])
def test_one_minute_that_fails_entirely_is_no_harm(healthy):
    test = harm_test()
    assert add_all(test, [(90, 1, 10, 0)] * healthy) is None
    assert add_all(test, [(90, 1, 10, 10), *[(90, 1, 10, 0)] * 30], since=healthy) is None


def test_a_dead_candidate_is_found_at_the_fifth_minute_at_any_traffic():
    for scale in (1, 100, 1000):
        assert add_all(harm_test(), [(90 * scale, scale, 10 * scale, 10 * scale)] * 10) == 5


def test_before_five_minutes_with_events_there_is_no_evidence():
    test = harm_test()
    add_all(test, [(90, 0, 10, 0)] * 50 + [(90, 1, 10, 10)] * 4)
    assert test.evidence == 0.0


def test_equal_rates_leave_less_evidence_than_at_the_start():
    test = harm_test()
    assert add_all(test, [(90, 9, 10, 1)] * 300) is None
    assert 0.0 < test.evidence < 1.0


def test_an_excess_within_the_margin_is_no_harm():
    within, beyond = harm_test(margin=1.0), harm_test(margin=1.0)
    assert add_all(within, [(50, 5, 50, 10)] * 600) is None
    assert add_all(beyond, [(50, 5, 50, 20)] * 600) is not None
