"""Serving a request: to which variant it goes, how long that takes, how it ends, and what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.metrics.minute import Served
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.engine.runtime.profiles import Profile, profile_of
from sandbox.aws.engine.runtime.routing import pick
from sandbox.aws.engine.runtime.store import RuntimeStore
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, Variant


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request went: the model's profile, its latency in microseconds, and its status.

    The status is None when the model gave no answer that could be understood.
    """

    profile: Profile
    latency: float
    status: int | None


@holds("runtime.weights")
def routed(region: Region, endpoint: Endpoint) -> Variant | None:
    """Return the variant that the next request goes to; None when no variant has any weight."""
    draw = region.store(RuntimeStore).draw(endpoint.name).random()
    index = pick(weights=[variant.current_weight for variant in endpoint.variants], draw=draw)
    return None if index is None else endpoint.variants[index]


def serve(region: Region, endpoint: Endpoint, variant: Variant, *, readable: bool = True) -> Outcome:
    """Let a variant serve a request now, and count it; a body that is not readable ends in 400."""
    store = region.store(RuntimeStore)
    draw = store.draw(endpoint.name)
    ailment = store.ailment(variant.model.name)
    profile = profile_of(variant.model)
    latency = profile.latency(draw) * ailment.latency_factor
    status = ailment.status(draw.random())
    if not readable:
        status = 400
    served = Served(
        model_latency=latency,
        overhead_latency=store.overhead_median * draw.lognormvariate(0.0, store.overhead_spread),
        status=status,
    )
    region.store(MetricsStore).record(endpoint, variant, served)
    return Outcome(profile, latency, status)
