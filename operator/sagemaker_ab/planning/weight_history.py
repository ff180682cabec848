"""The weights that an endpoint verifiably had, and for how long.

A minute counts as evidence only with weights that held throughout it. Weights are verified by reads that find
the endpoint InService with each current weight equal to its desired weight. Between two such reads with the
same weights and the same LastModifiedTime, the weights held. A change that is undone between two reads shows
only in LastModifiedTime. That weight changes move it is an assumption.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Final, Self

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.observed import EndpointStatus, ObservedEndpoint
from sagemaker_ab.planning.run_minutes import CountsByMinute
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

MOST_STRETCHES: Final = 50
"""The stretches of one run that are kept. The oldest are dropped, with what they say of their minutes."""

Weights = Mapping[str, float]

_NO_COUNTS: Final = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightObservation:
    """One read of an endpoint. Times are seconds on AWS's clock.

    The read was sent at `began` and answered at `ended`. `modified` is the endpoint's LastModifiedTime.
    """

    began: float
    ended: float
    current: Weights
    desired: Weights
    in_service: bool
    modified: float

    @classmethod
    def of(cls, endpoint: ObservedEndpoint, *, began: float, ended: float, deployed: bool = True) -> Self:
        """Return the weights that were read. They verify nothing while another fleet serves."""
        return cls(
            began=began,
            ended=ended,
            current={variant.name: variant.current_weight for variant in endpoint.variants},
            desired={variant.name: variant.desired_weight for variant in endpoint.variants},
            in_service=deployed and endpoint.status is EndpointStatus.IN_SERVICE,
            modified=endpoint.last_modified,
        )

    @property
    def settled(self) -> bool:
        """Whether no weight is changing."""
        return self.in_service and self.current == self.desired


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightStretch:
    """Weights that were in force from `since` to `until`, in whole seconds within what was verified."""

    since: int
    until: int
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightHistory:
    """Stretches of verified weights of these variants, in order of time. Between them a weight moved.

    `modified` is the LastModifiedTime of the newest stretch; None if the next read begins another one. Reads
    that began before `trusted_from` may not show the operator's newest call yet, and are ignored.
    """

    variants: tuple[str, ...]
    stretches: tuple[WeightStretch, ...] = ()
    modified: float | None = None
    trusted_from: float = 0.0

    def observed(self, read: WeightObservation) -> Self:
        """Add a read. It may lag behind AWS, so it verifies the time up to 30 seconds before it began."""
        newest = self.stretches[-1] if self.stretches else None
        if read.began < self.trusted_from or (newest is not None and read.ended <= newest.since):
            return self
        if not read.settled or not set(self.variants) <= read.current.keys():
            return replace(self, modified=None)
        weights = tuple(read.current[name] for name in self.variants)
        until = floor(read.began - SETTLING_SECONDS)
        if newest is None or newest.weights != weights or self.modified != read.modified:
            begun = WeightStretch(since=ceil(read.ended), until=ceil(read.ended), weights=weights)
            stretches = (*self.stretches, begun)[-MOST_STRETCHES:]
            return replace(self, stretches=stretches, modified=read.modified)
        if until <= newest.until:
            return self
        return replace(self, stretches=(*self.stretches[:-1], replace(newest, until=until)))

    def call_sent(self, at: float) -> Self:
        """Record that the operator sent a change of weights, whatever becomes of it."""
        return replace(self, modified=None, trusted_from=at + SETTLING_SECONDS)

    def cut(self, now: float) -> Self:
        """Forget what is later than `now`, because AWS's answers had a wrong date. Another stretch begins."""
        known = [
            replace(each, until=min(each.until, floor(now))) for each in self.stretches if each.since <= now
        ]
        trusted_from = min(self.trusted_from, now + SETTLING_SECONDS)
        return replace(self, stretches=tuple(known), modified=None, trusted_from=trusted_from)

    def weights_in(self, minute: int) -> dict[str, float] | None:
        """Return the weights that held throughout a minute; None if that is not verified."""
        start = minute * SECONDS_PER_MINUTE
        for stretch in self.stretches:
            if stretch.since <= start and start + SECONDS_PER_MINUTE <= stretch.until:
                return dict(zip(self.variants, stretch.weights, strict=True))
        return None

    @property
    def serving(self) -> frozenset[str]:
        """The variants that had a share when the weights were last verified; all before the first time."""
        if not self.stretches:
            return frozenset(self.variants)
        newest = zip(self.variants, self.stretches[-1].weights, strict=True)
        return frozenset(name for name, weight in newest if weight)

    def to_json(self) -> dict[str, Any]:
        """Return the state: each stretch as since, until and the weight of each variant."""
        return {
            "variants": list(self.variants),
            "stretches": [[each.since, each.until, *each.weights] for each in self.stretches],
            "modified": self.modified,
            "trustedFrom": self.trusted_from,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Return the history that `to_json` saved."""
        return cls(
            variants=tuple(state["variants"]),
            stretches=tuple(
                WeightStretch(since=since, until=until, weights=tuple(weights))
                for since, until, *weights in state["stretches"]
            ),
            modified=state["modified"],
            trusted_from=state["trustedFrom"],
        )


def rows_of(counts: CountsByMinute, history: WeightHistory) -> Iterator[CountsRow]:
    """Yield the counts with their weights, in order of time, for `Run.ingest`.

    A minute with verified weights has a row of every variant; one without requests has its weight alone. In
    other minutes, the counts have no weights.
    """
    for at in sorted({at for at, _ in counts}):
        weights = history.weights_in(at)
        for variant in history.variants:
            found = counts.get((at, variant))
            if weights is not None:
                yield CountsRow(at, variant, (found or _NO_COUNTS)._replace(weight=weights[variant]))
            elif found is not None:
                yield CountsRow(at, variant, found._replace(verified=False))
