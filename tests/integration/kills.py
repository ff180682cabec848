"""Kills the operator, which runs in this process, at every write of a change: before its effect, or after."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from tests.property.in_process import InProcessOperator


class Killed(BaseException):
    """Ends a reconcile as SIGKILL ends a process: nothing of it runs any more."""


def killed_at_each_write(
    prepared: Callable[[], InProcessOperator], change: Callable[[InProcessOperator], None], *, seed: int
) -> Iterator[InProcessOperator]:
    """Play a change once for each moment at which to kill the operator, and yield it started anew.

    The moments are each write of the change before its effect, and each after it. A seed plays every second
    one, and two seeds play all. The change ends when the resource is ready or waits for a person.
    """
    for number in count(1):
        operator = prepared()
        when = ("before", "after")[(number + seed) % 2]
        if not _killed_at(operator, number, when, change):
            assert number > 1
            return
        operator.crash()
        yield operator


def _killed_at(
    operator: InProcessOperator, number: int, when: str, change: Callable[[InProcessOperator], None]
) -> bool:
    """Kill the operator at a write of the change; return False if there are fewer writes."""
    gateway: Any = operator.sim.gateway
    receive, perform = gateway.receive, gateway.perform
    number += len(operator.writes())

    def killing_before(request: Any) -> Any:
        exchange = receive(request)
        if when == "before" and exchange.record.write_number == number:
            exchange.abandon()
            raise Killed
        return exchange

    def killing_after(exchange: Any) -> Any:
        answer = perform(exchange)
        if when == "after" and exchange.record.write_number == number:
            exchange.lose()
            raise Killed
        return answer

    gateway.receive, gateway.perform = killing_before, killing_after
    change(operator)
    try:
        operator.settle_or_stall()
    except Killed:
        return True
    finally:
        gateway.receive, gateway.perform = receive, perform
    return False
