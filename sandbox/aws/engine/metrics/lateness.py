"""Which minutes can be read later than usual: a few by chance, and more on command."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import inf
from typing import TYPE_CHECKING
from zlib import crc32

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.metrics.series import VariantSeries
    from sandbox.aws.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later than usual a minute can be read, and whether half of it is shown until then."""

    seconds: float
    half: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """Minutes that start in [since, until) are late; endpoint and variant take ``*``."""

    endpoint: str
    variant: str
    since: float
    until: float
    lateness: Lateness

    def fits(self, series: VariantSeries, start: int) -> bool:
        return (
            self.since <= start < self.until
            and fnmatchcase(series.endpoint, self.endpoint)
            and fnmatchcase(series.variant, self.variant)
        )


_ON_TIME = Lateness(0.0, half=False)


@dataclass(slots=True)
class LateMinutes:
    """Says of each minute how late it is. The same seed makes the same minutes late."""

    seed: int
    share: float
    by_chance: Lateness
    _orders: list[_Order] = field(default_factory=list)

    @classmethod
    def by_ledger(cls, ledger: Ledger) -> LateMinutes:
        half = ledger.value("metrics.partial-minutes") == "half"
        by_chance = Lateness(float(ledger.value("metrics.late-seconds")), half)
        return cls(ledger.seed, float(ledger.value("metrics.late-minutes")), by_chance)

    @holds("metrics.late-on-command")
    def order(self, endpoint: str, variant: str, lateness: Lateness, *, now: float) -> None:
        """Let the minutes that start from now on be so late; it replaces an order for the same names."""
        names = (endpoint, variant)
        self._orders = [
            replace(order, until=min(order.until, now)) if (order.endpoint, order.variant) == names else order
            for order in self._orders
        ]
        if lateness.seconds:
            self._orders.append(
                _Order(endpoint=endpoint, variant=variant, since=now, until=inf, lateness=lateness)
            )

    def of(self, series: VariantSeries, start: int) -> Lateness:
        """Return the lateness of the minute that starts there."""
        ordered = [order.lateness for order in self._orders if order.fits(series, start)]
        if ordered:
            return ordered[-1]
        chance = crc32(f"{self.seed}/{series.endpoint}/{series.variant}/{start}".encode()) / 2**32
        return self.by_chance if chance < self.share else _ON_TIME
