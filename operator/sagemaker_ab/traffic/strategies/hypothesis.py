"""The hypothesis test of an A/B test: which variant is proven better, among all that remain."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sagemaker_ab.api.policies.ab_test import Hypothesis
from sagemaker_ab.api.policies.common import default_goal
from sagemaker_ab.traffic.decision import DecisionReason
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What is proven: a winner, or None if all differences lie within the minimum effect."""

    winner: str | None
    reason: DecisionReason
    figures: dict[str, Any] = field(default_factory=dict)


class HypothesisTest:
    """The comparisons of the remaining challengers with the baseline, at the current evidence.

    The challengers share the false winner rate alpha (Bonferroni): each has the threshold (K - 1)/alpha for K
    variants, also after some were dropped.
    """

    def __init__(
        self,
        evidence: RunEvidence[Any],
        *,
        hypothesis: Hypothesis,
        false_winner: float,
        remaining: Sequence[str],
    ) -> None:
        self._evidence = evidence
        self._hypothesis = hypothesis
        self._baseline = evidence.roles.baseline
        self._remaining = remaining
        self._better = 1 if (hypothesis.goal or default_goal(hypothesis.metric)) == "Increase" else -1
        self.threshold = len(evidence.roles.challengers) / false_winner
        null_ratio = 1.0 - self._better * hypothesis.margin / 100
        two_sided = hypothesis.expect == "Different"
        self._directions: dict[str, int] = {}
        self._e_values: dict[str, float] = {}
        for name in remaining:
            signed = evidence.comparisons[self._baseline, name].evidence_at(null_ratio)
            self._directions[name] = signed.direction
            self._e_values[name] = signed.evidence if two_sided else signed.one_sided(self._better)

    def conclusion(self) -> Conclusion | None:
        """Return what is proven now, or None."""
        significant = [name for name, e_value in self._e_values.items() if e_value >= self.threshold]
        if significant:
            better = [name for name in significant if self._directions[name] == self._better]
            if better:
                return self._best(better)
            if self._hypothesis.expect == "Different" and len(significant) == len(self._remaining):
                return Conclusion(winner=self._baseline, reason=DecisionReason.PROVEN)
        if self._all_within_minimum_effect():
            return Conclusion(winner=None, reason=DecisionReason.WITHIN_MINIMUM_EFFECT)
        return None

    def figures(self) -> dict[str, Any]:
        """Return evidence, threshold and subject of the challenger with the most evidence."""
        return self._figures_of(max(self._remaining, key=self._e_values.__getitem__))

    def _figures_of(self, name: str) -> dict[str, Any]:
        return {
            "evidence": self._e_values[name],
            "threshold": self.threshold,
            "subject": f"{self._hypothesis.metric} of {name} over {self._baseline}",
        }

    def _best(self, better: Sequence[str]) -> Conclusion:
        """Return the challenger with the best estimate; the reason says if it is proven over the others."""
        best = max(better, key=lambda name: self._better * self._estimate(name))
        over_all = all(self._proven_better(best, other) for other in self._remaining if other != best)
        if self._hypothesis.expect == "NonInferior":
            reason = DecisionReason.NOT_INFERIOR
        else:
            reason = DecisionReason.PROVEN if over_all else DecisionReason.BEST_OF_SEVERAL
        return Conclusion(winner=best, reason=reason, figures=self._figures_of(best))

    def _estimate(self, name: str) -> float:
        return self._evidence.comparisons[self._baseline, name].estimate or 0.0

    def _proven_better(self, name: str, other: str) -> bool:
        comparisons = self._evidence.comparisons
        direct = comparisons.get((other, name))
        signed = (direct or comparisons[name, other]).evidence_at()
        better = self._better if direct else -self._better
        return signed.direction == better and signed.evidence >= self.threshold

    def _all_within_minimum_effect(self) -> bool:
        effect = self._hypothesis.minimum_effect_percent
        if effect is None:
            return False
        for name in self._remaining:
            interval = self._evidence.comparisons[self._baseline, name].interval(self.threshold)
            if interval is None or interval[0] <= 1 - effect / 100 or interval[1] >= 1 + effect / 100:
                return False
        return True
