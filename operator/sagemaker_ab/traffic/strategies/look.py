"""What the looks of all strategies share: progress, guardrail checks, and the decision that they return.

A look is one evaluation of the evidence. It lives as long as one call of `decide`.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic

from sagemaker_ab.api.policies.common import Guardrail
from sagemaker_ab.traffic.decision import (
    Decision,
    DecisionReason,
    LookContext,
    LookOutcome,
    Verdict,
)
from sagemaker_ab.traffic.evidence.run_evidence import AccumulatorsT, RunEvidence
from sagemaker_ab.traffic.strategies.health_checks import (
    GuardrailCheck,
    check_guardrails,
    sample_ratio_mismatch,
    stale_guardrail,
)
from sagemaker_ab.traffic.strategies.shares import all_traffic_to


class Look(Generic[AccumulatorsT]):
    """One look. `progress` is what the run will remember of it.

    The guardrails share `false_alarm_rate`. A challenger that breaches one is dropped; the others are
    `remaining`.
    """

    def __init__(
        self,
        evidence: RunEvidence[AccumulatorsT],
        context: LookContext,
        *,
        guardrails: Sequence[Guardrail],
        false_alarm_rate: str,
    ) -> None:
        self.evidence = evidence
        self.now = context.now
        self.progress = context.progress
        self.baseline = evidence.roles.baseline
        self.begins_test = False
        self._guardrails = guardrails
        self.guardrail_checks = check_guardrails(
            guardrails, evidence, rate=false_alarm_rate, challengers=self.remaining
        )

    @abstractmethod
    def requested_weights(self) -> Mapping[str, int]:
        """Return the weights that a decision requests unless it names others, in percent."""

    @property
    def remaining(self) -> tuple[str, ...]:
        challengers, dropped = self.evidence.roles.challengers, self.progress.dropped
        return tuple(name for name in challengers if name not in dropped) if dropped else challengers

    def start_first_step(self) -> None:
        """Start the first step with the run, at the first look."""
        if self.progress.step_since < 0:
            self.progress = replace(self.progress, step_since=self.evidence.started)

    def breached_checks(self, reaction: str) -> list[GuardrailCheck]:
        """Return the breaches of remaining challengers that have this reaction."""
        return [
            check
            for check in self.guardrail_checks
            if check.breached
            and check.guardrail.on_breach == reaction
            and check.challenger not in self.progress.dropped
        ]

    def drop_breached(self) -> dict[str, Any]:
        """Drop each challenger in breach. Return the figures of the last breach, {} if there is none."""
        breach: dict[str, Any] = {}
        for check in self.breached_checks("Rollback"):
            if check.challenger in self.remaining:
                self.progress = replace(self.progress, dropped=(*self.progress.dropped, check.challenger))
            breach = check.figures
        return breach

    def decide_hold(self) -> Decision | None:
        """Hold the run at a breach with this reaction, a sample ratio mismatch, or missing guardrail data."""
        for check in self.breached_checks("Hold"):
            return self.hold(DecisionReason.GUARDRAIL_BREACHED, **check.figures)
        if mismatch := sample_ratio_mismatch(self.evidence):
            return self.hold(DecisionReason.SAMPLE_RATIO_MISMATCH, **mismatch)
        if stale := self.stale_guardrail():
            return self.hold(DecisionReason.MISSING_DATA, subject=stale, needs={"data": stale})
        return None

    def stale_guardrail(self) -> str:
        """Return the first guardrail without recent data, or ""."""
        return stale_guardrail(self._guardrails, self.evidence, challengers=self.remaining, now=self.now)

    def rollback(self, reason: DecisionReason, **figures: Any) -> Decision:
        """End the run with all traffic to the baseline."""
        weights = all_traffic_to(self.baseline, self.evidence.roles.variants)
        return self.decision(Verdict.ROLLBACK, reason, weights=weights, final=True, **figures)

    def hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        """Keep the weights while the cause lasts."""
        return self.decision(Verdict.HOLD, reason, **figures)

    def undecided(self, reason: DecisionReason, **figures: Any) -> Decision:
        """Say what the run waits for."""
        return self.decision(Verdict.UNDECIDED, reason, **figures)

    def decision(
        self,
        verdict: Verdict,
        reason: DecisionReason,
        *,
        weights: Mapping[str, int] | None = None,
        **figures: Any,
    ) -> Decision:
        """Return the decision of this look. `figures` are further members of its outcome."""
        requested = self.requested_weights() if weights is None else weights
        outcome = LookOutcome(verdict=verdict, reason=reason, weights=requested, **figures)
        return Decision(at=self.now, outcome=outcome, progress=self.progress, begins_test=self.begins_test)
