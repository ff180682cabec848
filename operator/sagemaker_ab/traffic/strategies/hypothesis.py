"""Who is proven better, by the comparisons of all variants that remain."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sagemaker_ab.api.policies.ab_test import Hypothesis
from sagemaker_ab.api.policies.common import default_goal
from sagemaker_ab.traffic.decision import DecisionReason
from sagemaker_ab.traffic.evidence.run_evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A winner, or None where all are proven to be as good as the same."""

    winner: str | None
    reason: DecisionReason
    figures: dict[str, Any] = field(default_factory=dict)


class Contest:
    """The comparisons as they stand; the rate of false winners is split over the challengers."""

    def __init__(
        self, evidence: Evidence, *, hypothesis: Hypothesis, false_winner: float, remaining: Sequence[str]
    ) -> None:
        self._evidence = evidence
        self._hypothesis = hypothesis
        self._baseline = evidence.roles.baseline
        self._remaining = remaining
        self._better = 1 if (hypothesis.goal or default_goal(hypothesis.metric)) == "Increase" else -1
        self.needed = len(evidence.roles.challengers) / false_winner
        margin = (hypothesis.margin_percent or 0) / 100
        ratio = 1.0 - self._better * margin
        different = hypothesis.expect == "Different"
        self._directions: dict[str, int] = {}
        self._figures: dict[str, float] = {}
        for name in remaining:
            finding = evidence.comparisons[self._baseline, name].finding(ratio)
            self._directions[name] = finding.direction
            self._figures[name] = finding.evidence if different else finding.one_sided(self._better)

    def judgement(self) -> Judgement | None:
        """Return what is proven now, or None."""
        clear = [name for name, figure in self._figures.items() if figure >= self.needed]
        if clear:
            proven = [name for name in clear if self._directions[name] == self._better]
            if proven:
                return self._best(proven)
            if self._hypothesis.expect == "Different" and len(clear) == len(self._remaining):
                return Judgement(winner=self._baseline, reason=DecisionReason.PROVEN)
        if self._all_within_minimum_effect():
            return Judgement(winner=None, reason=DecisionReason.WITHIN_MINIMUM_EFFECT)
        return None

    def figures(self) -> dict[str, Any]:
        """Return evidence, threshold and subject of the challenger that is nearest to a verdict."""
        return self._figures_of(max(self._remaining, key=self._figures.__getitem__))

    def _figures_of(self, name: str) -> dict[str, Any]:
        return {
            "evidence": self._figures[name],
            "threshold": self.needed,
            "subject": f"{self._hypothesis.metric} of {name} over {self._baseline}",
        }

    def _best(self, proven: Sequence[str]) -> Judgement:
        """Name the best of the proven; it is proven best only if it is so over the other challengers too."""
        best = max(proven, key=lambda name: self._better * self._estimate(name))
        over_all = all(self._beats(best, other) for other in self._remaining if other != best)
        if self._hypothesis.expect == "NonInferior":
            reason = DecisionReason.NOT_INFERIOR
        else:
            reason = DecisionReason.PROVEN if over_all else DecisionReason.BEST_OF_SEVERAL
        return Judgement(winner=best, reason=reason, figures=self._figures_of(best))

    def _estimate(self, name: str) -> float:
        return self._evidence.comparisons[self._baseline, name].estimate or 0.0

    def _beats(self, name: str, other: str) -> bool:
        comparisons = self._evidence.comparisons
        direct = comparisons.get((other, name))
        finding = (direct or comparisons[name, other]).finding()
        better = self._better if direct else -self._better
        return finding.direction == better and finding.evidence >= self.needed

    def _all_within_minimum_effect(self) -> bool:
        effect = self._hypothesis.minimum_effect_percent
        if effect is None:
            return False
        for name in self._remaining:
            interval = self._evidence.comparisons[self._baseline, name].interval(self.needed)
            if interval is None or interval[0] <= 1 - effect / 100 or interval[1] >= 1 + effect / 100:
                return False
        return True
