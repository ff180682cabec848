"""Callers that come while a call is under way share what becomes of it."""

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
