"""Serving a request: to which variant it goes, how long that takes, how it ends, and what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.happenings import InvocationFailed, announce
from sandbox.aws.engine.metrics.minute import Served
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.engine.runtime.routing import pick
from sandbox.aws.engine.runtime.store import RuntimeStore
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, Variant
    from sandbox.aws.engine.runtime.profiles import Profile

_OK = 200
ORDERED_TO_FAIL = "the model failed as it was told to"


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
    variants = endpoint.variants
    weights = [variant.current_weight for variant in variants]
    if endpoint.shifting:
        variants, weights = _both_fleets(endpoint)
    index = pick(weights=weights, draw=draw)
    return None if index is None else variants[index]


@holds("sm.guardrails.traffic")
def _both_fleets(endpoint: Endpoint) -> tuple[tuple[Variant, ...], list[float]]:
    """Return the variants of the old and the new fleet, and the part of the traffic that each takes."""
    old, coming = endpoint.variants, endpoint.pending.variants if endpoint.pending else ()
    weights = [part * (1.0 - endpoint.shifted(one.name)) for one, part in zip(old, _parts(old), strict=True)]
    weights += [part * endpoint.shifted(one.name) for one, part in zip(coming, _parts(coming), strict=True)]
    return (*old, *coming), weights


def _parts(variants: Sequence[Variant]) -> list[float]:
    total = sum(variant.current_weight for variant in variants) or 1.0
    return [variant.current_weight / total for variant in variants]


def targeted(region: Region, endpoint: Endpoint, name: str) -> Variant | None:
    """Return the variant that a request to this one goes to, of whichever fleet; None if there is none."""
    coming = endpoint.pending.variant(name) if endpoint.pending else None
    if coming is None or not coming.current_instance_count:
        return endpoint.variant(name)
    draw = region.store(RuntimeStore).draw(endpoint.name).random()
    return coming if draw < endpoint.shifted(name) else endpoint.variant(name)


def serve(region: Region, endpoint: Endpoint, variant: Variant, *, complaint: str = "") -> Outcome:
    """Let a variant serve a request now, and count it; a complaint of its body makes it end in 400."""
    store = region.store(RuntimeStore)
    draw = store.draw(endpoint.name)
    ailment = store.ailment(variant.model.name)
    profile = store.profile(variant.model)
    latency = profile.latency(draw) * ailment.latency_factor
    status = ailment.status(draw.random())
    if complaint:
        status = 400
    served = Served(
        model_latency=latency,
        overhead_latency=store.overhead_median * draw.lognormvariate(0.0, store.overhead_spread),
        status=status,
    )
    region.store(MetricsStore).record(endpoint, variant, served)
    if status != _OK:
        announce(InvocationFailed(region, endpoint, variant, status, complaint or ORDERED_TO_FAIL))
    return Outcome(profile, latency, status)
