"""Callers that come while a call is under way share what becomes of it."""

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sagemaker_ab.aws.singleflight import SingleFlight


class Unavailable(Exception):
    """What the call comes to."""


def test_outcomes_are_not_kept():
    flight = SingleFlight()

    with pytest.raises(Unavailable):
        flight.run(_unavailable)
    assert flight.run(lambda: 1) == 1
    assert flight.run(lambda: 2) == 2


def test_who_comes_meanwhile_shares_the_answer(waited_for):
    assert _second_of_two(lambda: "an answer", waited_for) == "an answer"


def test_who_comes_meanwhile_shares_the_failure(waited_for):
    with pytest.raises(Unavailable):
        _second_of_two(_unavailable, waited_for)


@pytest.fixture
def waited_for(monkeypatch):
    """Set once somebody waits for the outcome of another's call."""
    waited_for = threading.Event()

    class Watched(Future):
        def result(self, timeout=None):
            waited_for.set()
            return super().result(timeout)

    monkeypatch.setattr("sagemaker_ab.aws.singleflight.Future", Watched)
    return waited_for


def test_who_asks_again_once_told_gets_a_call_of_its_own():
    """Wherever the first caller is in what follows its call, there is time for the second to ask twice."""
    flight, arrived, asked = SingleFlight(), threading.Event(), threading.Event()

    def first():
        arrived.wait(10)
        return "shared"

    def dawdle(frame, event, argument):
        del frame, event, argument
        if arrived.is_set():
            asked.wait(0.05)
        return dawdle

    def second():
        arrived.set()
        answers = flight.run(lambda: "early"), flight.run(lambda: "its own")
        asked.set()
        return answers

    with ThreadPoolExecutor(2) as pool:
        maker = pool.submit(_traced, dawdle, lambda: flight.run(first))
        assert pool.submit(second).result(10)[1] == "its own"
        maker.result(10)


def _traced(trace, call):
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)


def _second_of_two(outcome, waited_for):
    """What the second caller gets of a call that ends only once it waits for it."""
    flight, seconds = SingleFlight(), []

    def first():
        seconds.append(pool.submit(flight.run, lambda: "a call of its own"))
        assert waited_for.wait(10)
        return outcome()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(flight.run, first).exception(10)
        return seconds[0].result(10)


def _unavailable():
    raise Unavailable
