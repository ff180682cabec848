"""Traffic made inside the engine by the virtual clock, and what is set of the models that serve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import edit
from sandbox.aws.engine.runtime.serving import routed, serve, targeted
from sandbox.aws.engine.runtime.store import Ailment, RuntimeStore
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.clock import Scheduled
    from sandbox.aws.engine.core import JSON, Region


HOURS, _HOUR = 24, 3600


@dataclass(slots=True)
class Flow:
    """The traffic at one endpoint: a rate for all times, or one for each hour of the day (UTC).

    `owed` is what is left of a request between two ticks.
    """

    per_minute: tuple[float, ...]
    owed: float = 0.0

    @holds("runtime.load-of-the-day")
    def rate(self, at: float) -> float:
        """Return the requests a minute at a time; between two hours it changes evenly."""
        hour, past = divmod(at / _HOUR, 1.0)
        rates = self.per_minute
        present, coming = rates[int(hour) % len(rates)], rates[(int(hour) + 1) % len(rates)]
        return present + past * (coming - present)


class TrafficStore:
    """The flows of one account and region, all made by one tick.

    A flow goes to an endpoint, by its weights, or to one variant of it, whatever they are.
    """

    def __init__(self, region: Region) -> None:
        self._region = region
        self._flows: dict[tuple[str, str | None], Flow] = {}
        self._tick_seconds = float(region.ledger.value("runtime.traffic-tick"))
        self._scheduled: Scheduled | None = None

    def set(self, endpoint: str, variant: str | None, *, per_minute: tuple[float, ...]) -> None:
        """Make so many requests a minute from now on, always or by the hour; none at 0."""
        target = (endpoint, variant)
        if max(per_minute) <= 0:
            self._flows.pop(target, None)
        elif target in self._flows:
            self._flows[target].per_minute = per_minute
        else:
            self._flows[target] = Flow(per_minute)
        self._schedule()

    def _schedule(self) -> None:
        if self._flows and self._scheduled is None:
            self._scheduled = self._region.clock.after(self._tick_seconds, self._tick)

    def _tick(self) -> None:
        self._scheduled = None
        for (name, variant), flow in self._flows.items():
            flow.owed += flow.rate(self._region.clock.now()) * self._tick_seconds / 60.0
            requests, flow.owed = divmod(flow.owed, 1.0)
            _make(self._region, name, variant, int(requests))
        self._schedule()


def _make(region: Region, name: str, target: str | None, requests: int) -> None:
    endpoint = store_of(region).endpoint(name)
    if endpoint is None or not endpoint.serving:
        return
    for _ in range(requests):
        variant = targeted(region, endpoint, target) if target else routed(region, endpoint)
        if variant is not None:
            serve(region, endpoint, variant)


@edit("traffic")
def set_traffic(region: Region, argument: Any) -> JSON:
    """`{"traffic": {"endpoint": "reviews", "ratePerMinute": 40}}`; 0 ends it.

    A list of 24 rates is for the hours of the day from midnight UTC. With a `variant`, each request names it
    as its TargetVariant.
    """
    asked = argument["ratePerMinute"]
    rates = tuple(float(rate) for rate in (asked if isinstance(asked, list) else [asked]))
    if len(rates) not in {1, HOURS}:
        raise ValueError(f"traffic has one rate, or {HOURS} for the hours of a day, not {len(rates)}")
    region.store(TrafficStore).set(argument["endpoint"], argument.get("variant"), per_minute=rates)
    return {}


@edit("profile")
def set_profile(region: Region, argument: Any) -> JSON:
    """`{"profile": {"model": "b", "accuracy": 0.97, "latencyMilliseconds": 40}}`; without figures undone."""
    model = store_of(region).model(argument["model"])
    if model is None:
        raise ValueError(f"there is no model {argument['model']}")
    figures = {key: value for key, value in argument.items() if key != "model"}
    region.store(RuntimeStore).set_profile(model, figures)
    return {}


@edit("ailment")
def set_ailment(region: Region, argument: Any) -> JSON:
    """`{"ailment": {"model": "b", "rate5xx": 0.1}}` makes a model fail; without rates it is healed."""
    rest = {key: value for key, value in argument.items() if key != "model"}
    region.store(RuntimeStore).set_ailment(argument["model"], Ailment.parse(rest))
    return {}
