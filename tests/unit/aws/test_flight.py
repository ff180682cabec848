"""Callers that come while a call is under way share what becomes of it."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sagemaker_ab.aws.flight import Flight

_ROUNDS = 100


class Unavailable(Exception):
    """What the call comes to."""


def test_outcomes_are_not_kept():
    flight = Flight()

    with pytest.raises(Unavailable):
        flight.join(_unavailable)
    assert flight.join(lambda: 1) == 1
    assert flight.join(lambda: 2) == 2


@pytest.mark.parametrize(("outcome", "shared"), [("an answer", "an answer"), (Unavailable(), "Unavailable")])
def test_who_comes_meanwhile_shares_the_outcome(outcome, shared):
    """When the second caller joins is not to be seen from outside: it has to in one of many rounds."""
    assert any(_second_of_two(outcome) == shared for _ in range(_ROUNDS))


def test_who_asks_again_once_told_gets_a_call_of_its_own():
    """Wherever the first caller is in what follows its call, there is time for the second to ask twice."""
    flight, arrived, asked = Flight(), threading.Event(), threading.Event()

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
        answers = flight.join(lambda: "early"), flight.join(lambda: "its own")
        asked.set()
        return answers

    with ThreadPoolExecutor(2) as pool:
        maker = pool.submit(_traced, dawdle, lambda: flight.join(first))
        assert pool.submit(second).result(10)[1] == "its own"
        maker.result(10)


def _traced(trace, call):
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)


def _second_of_two(outcome):
    flight, arrived = Flight(), threading.Event()
    with ThreadPoolExecutor(2) as pool:

        def first():
            second = pool.submit(_told, flight, arrived)
            seconds.append(second)
            arrived.wait(10)
            threading.Event().wait(0.005)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        seconds = []
        pool.submit(flight.join, first).exception(10)
        return seconds[0].result(10)


def _told(flight, arrived):
    arrived.set()
    try:
        return flight.join(lambda: "a call of its own")
    except Unavailable as error:
        return type(error).__name__


def _unavailable():
    raise Unavailable
