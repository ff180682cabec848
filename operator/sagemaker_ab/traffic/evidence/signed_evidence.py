"""Combines the block lengths of one comparison into one evidence with a direction, and into one interval."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sagemaker_ab.traffic.evidence.block_sums import BlockSums


class SignedEvidence(NamedTuple):
    """The evidence that the true ratio differs from a null ratio, and on which side it lies.

    `direction` is 1 if the true ratio is greater, -1 if it is less, and 0 if the block lengths disagree or
    none has enough blocks. `evidence` is the least evidence of all lengths with enough blocks, an e-value:
    under the null it ever reaches 1/alpha with probability at most alpha.
    """

    direction: int
    evidence: float

    def one_sided(self, direction: int) -> float:
        """Return the evidence for this direction alone: 2E - 1, which never exceeds the exact one-sided E."""
        return 2.0 * self.evidence - 1.0 if self.direction == direction and self.evidence > 1.0 else 0.0


NO_EVIDENCE: Final = SignedEvidence(0, 0.0)


def combine(lengths: Iterable[BlockSums], ratio: float) -> SignedEvidence:
    """Return the evidence on which every length with enough blocks agrees, at the null ratio `ratio`."""
    sides = [sums.evidence_at(ratio) for sums in lengths if sums.ready]
    if not sides:
        return NO_EVIDENCE
    signs = {sign for sign, _ in sides}
    direction = signs.pop() if len(signs) == 1 else 0
    return SignedEvidence(direction, min(evidence for _, evidence in sides) if direction else 0.0)


def combined_interval(lengths: Iterable[BlockSums], threshold: float) -> tuple[float, float] | None:
    """Return the smallest interval that contains each length's interval at `threshold`.

    It contains every ratio that at least one length with enough blocks does not exclude. None if no length
    has enough blocks.
    """
    bounds = [sums.bounds(threshold) for sums in lengths if sums.ready]
    if not bounds:
        return None
    return min(low for low, _ in bounds), max(high for _, high in bounds)
