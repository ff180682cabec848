"""The strategy ABTest: a fixed allocation, and a winner once it is proven at every block length.

A verdict is given between the minimum and the maximum duration. A ramp-up may lead to the allocation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sagemaker_ab.api.policies.ab_test import ABTest, RampStep
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.health_checks import (
    MAX_DATA_AGE_MINUTES,
    GuardrailCheck,
    check_guardrails,
    sample_ratio_mismatch,
    stale_guardrail,
    uncompared_guardrail,
)
from sagemaker_ab.traffic.strategies.hypothesis import Conclusion, HypothesisTest
from sagemaker_ab.traffic.strategies.shares import all_traffic_to, round_to_percents
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep, start_next_step
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT


def decide_ab_test(policy: ABTest, evidence: RunEvidence, context: LookContext) -> Decision:
    """Return the decision of a look at a run that has not ended."""
    return _ABTestLook(policy, evidence, context).decide()


class _ABTestLook:
    """One look: first breaches, then holds, then the ramp-up, then the hypothesis."""

    def __init__(self, policy: ABTest, evidence: RunEvidence, context: LookContext) -> None:
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.baseline = evidence.roles.baseline
        self.progress = self.progress_before = context.progress
        if self.progress.step_since < 0:
            self.progress = replace(self.progress, step_since=evidence.started)
        self.begins_test = False
        self.guardrail_checks = check_guardrails(
            policy.guardrails, evidence, rate=policy.error_rates.false_alarm, challengers=self.remaining
        )

    @property
    def remaining(self) -> tuple[str, ...]:
        challengers, dropped = self.evidence.roles.challengers, self.progress.dropped
        return tuple(name for name in challengers if name not in dropped) if dropped else challengers

    @property
    def _ramp(self) -> Sequence[RampStep]:
        return self.policy.ramp_up.steps if self.policy.ramp_up else ()

    @property
    def _is_ramping(self) -> bool:
        return self.progress.step < len(self._ramp)

    def decide(self) -> Decision:
        return (
            self._decide_breach()
            or self._decide_hold()
            or self._decide_ramp_up()
            or self._decide_hypothesis()
        )

    def _decide_breach(self) -> Decision | None:
        """Drop each challenger in breach. The run ends with a rollback once none remains."""
        breach: dict[str, Any] = {}
        for check in self._breached_checks("Rollback"):
            if check.challenger in self.remaining:
                self.progress = replace(self.progress, dropped=(*self.progress.dropped, check.challenger))
            breach = check.figures
        if self.remaining and (not breach or self._is_over):
            return None
        if self.remaining:
            return self._undecided(DecisionReason.GUARDRAIL_BREACHED, **breach)
        weights = all_traffic_to(self.baseline, self.evidence.roles.variants)
        return self._decision(
            Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED, weights=weights, final=True, **breach
        )

    def _decide_hold(self) -> Decision | None:
        for check in self._breached_checks("Hold"):
            return self._hold(DecisionReason.GUARDRAIL_BREACHED, **check.figures)
        if self.policy.on_sample_ratio_mismatch == "Hold" and (
            mismatch := sample_ratio_mismatch(self.evidence)
        ):
            return self._hold(DecisionReason.SAMPLE_RATIO_MISMATCH, **mismatch)
        stale = stale_guardrail(
            self.policy.guardrails, self.evidence, challengers=self.remaining, now=self.now
        )
        if stale:
            return self._hold(DecisionReason.MISSING_DATA, subject=stale, needs={"data": stale})
        return None

    def _breached_checks(self, reaction: str) -> list[GuardrailCheck]:
        return [
            check
            for check in self.guardrail_checks
            if check.breached
            and check.guardrail.on_breach == reaction
            and check.challenger not in self.progress.dropped
        ]

    def _decide_ramp_up(self) -> Decision | None:
        """Advance the steps of the ramp-up. After the last one the test begins, and discards their data."""
        if not self._is_ramping:
            return None
        if self._is_over:
            return self._undecided(DecisionReason.MAXIMUM_DURATION, final=True)
        step = self._ramp[self.progress.step]
        active = ActiveStep(percent=step.percent, names=self.remaining, now=self.now)
        self.progress = active.start_hold(self.progress, self.evidence)
        pending = active.pending_hold(self.progress, self.evidence, step.hold)
        if pending is not None:
            return self._undecided(DecisionReason.RAMPING_UP, needs=pending.needs)
        since = self.progress.held_since
        uncompared = uncompared_guardrail(
            self.policy.guardrails, self.evidence, challengers=self.remaining, since=since
        )
        if uncompared:
            return self._undecided(
                DecisionReason.MISSING_DATA, subject=uncompared, needs={"data": uncompared}
            )
        self.progress = start_next_step(self.progress, now=self.now)
        self.begins_test = self.progress.step == len(self._ramp)
        return self._undecided(DecisionReason.STEP_ADVANCED)

    def _decide_hypothesis(self) -> Decision:
        if self.now < self.evidence.tested_since:
            left = (self.evidence.tested_since - self.now) * SECONDS_PER_MINUTE
            return self._undecided(DecisionReason.WARMING_UP, needs={"seconds": left})
        test = HypothesisTest(
            self.evidence,
            hypothesis=self.policy.hypothesis,
            false_winner=float(self.policy.error_rates.false_winner),
            remaining=self.remaining,
        )
        fresh = self._is_fresh
        conclusion = test.conclusion() if fresh else None
        remaining_seconds = self.policy.min_duration_seconds - self._elapsed_seconds
        figures = test.figures()
        if conclusion is not None and remaining_seconds <= 0:
            return self._conclude(conclusion, figures)
        if self._is_over:
            return self._undecided(DecisionReason.MAXIMUM_DURATION, final=True, **figures)
        if not fresh:
            return self._undecided(DecisionReason.MISSING_DATA, needs={"data": self._stalest}, **figures)
        if conclusion is not None:
            return self._undecided(
                DecisionReason.MINIMUM_DURATION, needs={"seconds": remaining_seconds}, **figures
            )
        needs = {"evidence": test.threshold}
        if remaining_seconds > 0:
            needs["seconds"] = remaining_seconds
        return self._undecided(DecisionReason.EVIDENCE_TOO_LOW, needs=needs, **figures)

    @property
    def _elapsed_seconds(self) -> int:
        return (self.now - self.evidence.tested_since) * SECONDS_PER_MINUTE

    @property
    def _is_over(self) -> bool:
        """Whether the maximum duration is over. It starts with the test, or when the ramp-up should end."""
        if not self._is_ramping:
            return self._elapsed_seconds >= self.policy.max_duration_seconds
        planned = sum(step.hold.min_duration_seconds for step in self._ramp) // SECONDS_PER_MINUTE
        since = max(self.evidence.started + planned, self.evidence.guarded_since)
        return (self.now - since) * SECONDS_PER_MINUTE >= self.policy.max_duration_seconds

    @property
    def _is_fresh(self) -> bool:
        """Whether every remaining challenger was compared recently."""
        oldest = self.now - MAX_DATA_AGE_MINUTES - self.evidence.attribution_minutes
        return min(map(self._last_compared, self.remaining)) >= oldest

    @property
    def _stalest(self) -> str:
        return f"{self.policy.hypothesis.metric} of {min(self.remaining, key=self._last_compared)}"

    def _last_compared(self, name: str) -> float:
        return self.evidence.comparisons[self.baseline, name].last_seen

    def _conclude(self, conclusion: Conclusion, figures: dict[str, Any]) -> Decision:
        weights = None
        if conclusion.winner is not None and self.policy.on_winner == "Promote":
            weights = all_traffic_to(conclusion.winner, self.evidence.roles.variants)
        return self._decision(
            Verdict.NO_DIFFERENCE if conclusion.winner is None else Verdict.WINNER,
            conclusion.reason,
            winner=conclusion.winner,
            weights=weights,
            final=True,
            **(figures | conclusion.figures),
        )

    def _hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        """Hold the run: no verdict while the cause lasts. It ends undecided at the maximum duration."""
        if self._is_over:
            return self._undecided(DecisionReason.MAXIMUM_DURATION, final=True, **figures)
        return self._decision(Verdict.HOLD, reason, **figures)

    def _undecided(self, reason: DecisionReason, **figures: Any) -> Decision:
        return self._decision(Verdict.UNDECIDED, reason, **figures)

    def _decision(
        self,
        verdict: Verdict,
        reason: DecisionReason,
        *,
        weights: Mapping[str, int] | None = None,
        **figures: Any,
    ) -> Decision:
        requested = self._requested_weights() if weights is None else weights
        outcome = LookOutcome(verdict=verdict, reason=reason, weights=requested, **figures)
        return Decision(at=self.now, outcome=outcome, progress=self.progress, begins_test=self.begins_test)

    def _requested_weights(self) -> Mapping[str, int]:
        """The weights of the allocation, or of the step in a ramp-up, without the dropped challengers."""
        if self.progress is self.progress_before and self.progress.weights:
            return self.progress.weights
        variants = self.evidence.roles.variants
        declared = {share.variant: float(share.percent) for share in self.policy.allocation or ()}
        shares = declared or dict.fromkeys(variants, 1.0)
        if declared and not self.progress.dropped and self.progress.step >= len(self._ramp):
            return {share.variant: share.percent for share in self.policy.allocation or ()}
        for name in self.progress.dropped:
            shares[name] = 0.0
        if self.progress.step < len(self._ramp):
            percent = self._ramp[self.progress.step].percent
            challengers = sum(share for name, share in shares.items() if name != self.baseline)
            shares = {name: share * percent / challengers for name, share in shares.items()}
            shares[self.baseline] = float(ALL_TRAFFIC_PERCENT - percent)
        return round_to_percents(shares)
