"""Compares two variants in one metric, in blocks of several lengths.

The metrics differ in how a minute contributes to the blocks. A subclass has this part. What follows from the
closed blocks is the same for all: the evidence on which every length agrees, and the confidence interval.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sagemaker_ab.traffic.counts import Minute
from sagemaker_ab.traffic.evidence.block_sums import BlockSums
from sagemaker_ab.traffic.evidence.signed_evidence import SignedEvidence, combine, combined_interval


class Blocks(Protocol):
    """The blocks of one length."""

    closed: BlockSums


@dataclass(slots=True, kw_only=True)
class ComparisonState:
    """What every comparison has added.

    `last_seen` is the last minute that counted, in minutes since 1970-01-01 UTC, -1 before the first.
    `peak_evidence` is the greatest evidence against a ratio of 1 at any time so far. `totals` are trials and
    amount of the baseline, then of the challenger.
    """

    last_seen: float = -1.0
    peak_evidence: float = 0.0
    totals: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


StateT = TypeVar("StateT", bound=ComparisonState)


class BlockComparison(ABC, Generic[StateT]):
    """The ratio of challenger to baseline. Above 1 the challenger has more events or is slower."""

    __slots__ = ("_a", "_b", "_evidence", "_state")

    def __init__(self, state: StateT, *, baseline: str, challenger: str) -> None:
        self._a, self._b = baseline, challenger
        self.state = state

    @property
    def state(self) -> StateT:
        """Everything that was added."""
        return self._state

    @state.setter
    def state(self, state: StateT) -> None:
        self._state = state
        # The evidence at a ratio of 1, None until it is computed again.
        self._evidence: SignedEvidence | None = None

    @abstractmethod
    def add(self, minute: Minute) -> None:
        """Add one minute."""

    @property
    @abstractmethod
    def estimate(self) -> float | None:
        """The point estimate of the ratio. None before there are events of the baseline."""

    @property
    @abstractmethod
    def _lengths(self) -> Sequence[Blocks]:
        """The blocks of each length, the shortest first."""

    def _update_evidence(self) -> None:
        """Compute the evidence again, because a block has closed."""
        self._evidence = None
        self._state.peak_evidence = max(self._state.peak_evidence, self.evidence_at().evidence)

    @property
    def last_seen(self) -> float:
        """The last minute that counted, in minutes since 1970-01-01 UTC. -1 before the first."""
        return self._state.last_seen

    def evidence_at(self, ratio: float = 1.0) -> SignedEvidence:
        """Return the evidence that the true ratio differs from `ratio`, with its direction."""
        if ratio != 1.0:
            return combine((length.closed for length in self._lengths), ratio)
        if self._evidence is None:
            self._evidence = combine((length.closed for length in self._lengths), 1.0)
        return self._evidence

    def interval(self, threshold: float) -> tuple[float, float] | None:
        """Return the confidence interval of the ratio: what evidence of `threshold` does not exclude.

        At a threshold of 1/alpha the intervals of all times form a confidence sequence of coverage 1 - alpha.
        None before there are enough blocks; an end without a bound is 0 or inf.
        """
        return combined_interval((length.closed for length in self._lengths), threshold)

    @property
    def values(self) -> tuple[float | None, float | None]:
        """Baseline's and challenger's rate, or average latency in microseconds, pooled over time.

        For display only: no verdict uses pooled values.
        """
        trials_a, amount_a, trials_b, amount_b = self._state.totals
        return (amount_a / trials_a if trials_a else None), (amount_b / trials_b if trials_b else None)

    @property
    def p(self) -> float:
        """The anytime-valid p-value of a ratio of 1: one over the peak evidence, at most 1."""
        peak = self._state.peak_evidence
        return min(1.0, 1.0 / peak) if peak > 0.0 else 1.0


Comparison = BlockComparison[Any]
"""A comparison in any metric."""
