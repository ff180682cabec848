"""Traffic made inside the engine: so many requests a minute at an endpoint, by the virtual clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import edit
from sandbox.aws.engine.runtime.serving import routed, serve
from sandbox.aws.engine.runtime.store import Ailment, RuntimeStore
from sandbox.aws.engine.sagemaker.store import store_of

if TYPE_CHECKING:
    from sandbox.aws.clock import Scheduled
    from sandbox.aws.engine.core import JSON, Region


@dataclass(slots=True)
class Flow:
    """The traffic at one endpoint; `owed` is what is left of a request between two ticks."""

    per_minute: float
    owed: float = 0.0


class TrafficStore:
    """The flows of one account and region, all made by one tick."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._flows: dict[str, Flow] = {}
        self._tick_seconds = float(region.ledger.value("runtime.traffic-tick"))
        self._scheduled: Scheduled | None = None

    def set(self, endpoint: str, *, per_minute: float) -> None:
        """Make so many requests a minute at an endpoint from now on; none at 0."""
        if per_minute <= 0:
            self._flows.pop(endpoint, None)
        elif endpoint in self._flows:
            self._flows[endpoint].per_minute = per_minute
        else:
            self._flows[endpoint] = Flow(per_minute)
        self._schedule()

    def _schedule(self) -> None:
        if self._flows and self._scheduled is None:
            self._scheduled = self._region.clock.after(self._tick_seconds, self._tick)

    def _tick(self) -> None:
        self._scheduled = None
        for name, flow in self._flows.items():
            flow.owed += flow.per_minute * self._tick_seconds / 60.0
            requests, flow.owed = divmod(flow.owed, 1.0)
            _make(self._region, name, int(requests))
        self._schedule()


def _make(region: Region, name: str, requests: int) -> None:
    endpoint = store_of(region).endpoint(name)
    if endpoint is None or not endpoint.serving:
        return
    for _ in range(requests):
        variant = routed(region, endpoint)
        if variant is not None:
            serve(region, endpoint, variant)


@edit("traffic")
def set_traffic(region: Region, argument: Any) -> JSON:
    """`{"traffic": {"endpoint": "reviews", "ratePerMinute": 40}}`; 0 ends it."""
    region.store(TrafficStore).set(argument["endpoint"], per_minute=float(argument["ratePerMinute"]))
    return {}


@edit("ailment")
def set_ailment(region: Region, argument: Any) -> JSON:
    """`{"ailment": {"model": "b", "rate5xx": 0.1}}` makes a model fail; without rates it is healed."""
    rest = {key: value for key, value in argument.items() if key != "model"}
    region.store(RuntimeStore).set_ailment(argument["model"], Ailment.parse(rest))
    return {}
