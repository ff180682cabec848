"""What all block lengths say together."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sagemaker_ab.traffic.evidence.block_sums import Sums


class Finding(NamedTuple):
    """`direction`: 1 more, -1 less, 0 where lengths disagree or none is ready. `evidence`: their least."""

    direction: int
    evidence: float

    def one_sided(self, direction: int) -> float:
        """Return the evidence for this direction: 2E - 1, never above the exact one-sided value."""
        return 2.0 * self.evidence - 1.0 if self.direction == direction and self.evidence > 1.0 else 0.0


NOTHING: Final = Finding(0, 0.0)


def together(lengths: Iterable[Sums], ratio: float) -> Finding:
    """Return what every length that has enough blocks agrees on, at `ratio`."""
    sides = [sums.at(ratio) for sums in lengths if sums.ready]
    if not sides:
        return NOTHING
    signs = {sign for sign, _ in sides}
    direction = signs.pop() if len(signs) == 1 else 0
    return Finding(direction, min(evidence for _, evidence in sides) if direction else 0.0)


def hull(lengths: Iterable[Sums], needed: float) -> tuple[float, float] | None:
    """Return the ratios that not every ready length excludes; None where none is ready."""
    bounds = [sums.bounds(needed) for sums in lengths if sums.ready]
    if not bounds:
        return None
    return min(low for low, _ in bounds), max(high for _, high in bounds)
