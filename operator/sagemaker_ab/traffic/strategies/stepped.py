"""The strategy Stepped: the candidate's share grows step by step while no check fails."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE, StepHold
from sagemaker_ab.api.policies.stepped import Stepped, TrafficStep
from sagemaker_ab.traffic.decision import (
    Decision,
    DecisionReason,
    LookContext,
    LookOutcome,
    Verdict,
)
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.health_checks import (
    MAX_DATA_AGE_MINUTES,
    GuardrailCheck,
    check_guardrails,
    non_inferiority_evidence,
    sample_ratio_mismatch,
    stale_breaker,
    stale_guardrail,
    tripped_breaker,
    uncompared_guardrail,
    unreported_guardrail,
)
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep, start_next_step
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_NON_INFERIORITY_THRESHOLD: Final = 20.0
"""The threshold 1/alpha of `advanceOn: NonInferior`, with alpha = 5 % for each guardrail."""


def decide_stepped(policy: Stepped, evidence: RunEvidence, context: LookContext) -> Decision:
    """Evaluate a run that has not ended, and return the decision."""
    return _SteppedLook(policy, evidence, context).decide()


class _SteppedLook:
    """One look, or evaluation. It checks for a rollback, then for a hold, then the current step."""

    def __init__(self, policy: Stepped, evidence: RunEvidence, context: LookContext) -> None:
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.approved = context.approved
        self.baseline, (self.candidate,) = evidence.roles.baseline, evidence.roles.challengers
        self.progress = context.progress
        if self.progress.step_since < 0:
            self.progress = replace(self.progress, step_since=evidence.started)
        self.progress = self._active_step.start_hold(self.progress, self.evidence)
        self.guardrail_checks = check_guardrails(
            policy.guardrails, evidence, rate=policy.false_alarm_rate, challengers=(self.candidate,)
        )

    @property
    def _active_step(self) -> ActiveStep:
        return ActiveStep(percent=self._step.percent, names=(self.candidate,), now=self.now)

    def decide(self) -> Decision:
        return self._decide_rollback() or self._decide_hold() or self._decide_step()

    def _decide_rollback(self) -> Decision | None:
        trip = tripped_breaker(self.policy.breakers, self.evidence)
        if trip is not None:
            breaker, value = trip
            return self._rollback(
                DecisionReason.BREAKER_TRIPPED,
                evidence=value,
                threshold=breaker.bound,
                subject=f"{breaker.metric} of {self.candidate}",
            )
        for check in self._breached_checks("Rollback"):
            return self._rollback(DecisionReason.GUARDRAIL_BREACHED, **check.figures)
        if (self.now - self.evidence.started) * SECONDS_PER_MINUTE >= self.policy.deadline_seconds:
            return self._rollback(DecisionReason.DEADLINE_EXCEEDED)
        if self.policy.on_no_traffic == "Rollback" and self._has_no_traffic():
            return self._rollback(DecisionReason.NO_TRAFFIC)
        if self.policy.on_sample_ratio_mismatch == "Rollback" and (
            mismatch := sample_ratio_mismatch(self.evidence)
        ):
            return self._rollback(DecisionReason.SAMPLE_RATIO_MISMATCH, **mismatch)
        return None

    def _decide_hold(self) -> Decision | None:
        if self.policy.on_no_traffic == "Hold" and self._has_no_traffic():
            return self._hold(DecisionReason.NO_TRAFFIC)
        for check in self._breached_checks("Hold"):
            return self._hold(DecisionReason.GUARDRAIL_BREACHED, **check.figures)
        if self.policy.on_sample_ratio_mismatch == "Hold" and (
            mismatch := sample_ratio_mismatch(self.evidence)
        ):
            return self._hold(DecisionReason.SAMPLE_RATIO_MISMATCH, **mismatch)
        if self._has_comparison() and (stale := self._stale_guardrail()):
            return self._hold(DecisionReason.MISSING_DATA, subject=stale, needs={"data": stale})
        return None

    def _stale_guardrail(self) -> str:
        return stale_guardrail(
            self.policy.guardrails, self.evidence, challengers=(self.candidate,), now=self.now
        )

    def _decide_step(self) -> Decision:
        """Advance by at most one step, because each step needs a look of its own."""
        step = self.policy.steps[self.progress.step]
        hold = self._required_hold()
        if hold is not None and (
            pending := self._active_step.pending_hold(self.progress, self.evidence, hold)
        ):
            return self._undecided(pending.reason, needs=pending.needs)
        if hold is not None and (unseen := self._unseen()):
            return self._undecided(DecisionReason.MISSING_DATA, subject=unseen, needs={"data": unseen})
        if self._has_comparison() and (unproven := self._unproven()):
            return self._undecided(
                DecisionReason.NOT_INFERIOR_UNPROVEN,
                subject=unproven,
                needs={"evidence": _NON_INFERIORITY_THRESHOLD},
            )
        if step.approval == "Required" and self.progress.step + 1 not in self.approved:
            return self._undecided(
                DecisionReason.APPROVAL_REQUIRED, needs={"approvalOfStep": self.progress.step + 1}
            )
        if self._is_last:
            return self._decision(Verdict.PROMOTE, DecisionReason.STEPS_COMPLETED, winner=self.candidate)
        self.progress = start_next_step(self.progress, now=self.now)
        if self._is_last and self._required_hold() is None and self._step.approval == "NotRequired":
            return self._decision(Verdict.PROMOTE, DecisionReason.STEPS_COMPLETED, winner=self.candidate)
        return self._undecided(DecisionReason.STEP_ADVANCED)

    @property
    def _step(self) -> TrafficStep:
        return self.policy.steps[self.progress.step]

    @property
    def _is_last(self) -> bool:
        return self.progress.step == len(self.policy.steps) - 1

    def _required_hold(self) -> StepHold | None:
        """Return the minimum duration and traffic of the current step, or None if it has none.

        The last step has a hold only if the policy sets one, or a bake time. A single step always has one.
        """
        hold = self._step.hold
        if not self._is_last:
            return hold or StepHold()
        bake = self.policy.bake_seconds
        if hold is not None:
            return hold.model_copy(update={"min_duration_seconds": hold.min_duration_seconds + bake})
        if bake:
            return StepHold(min_duration_seconds=bake, min_requests=1)
        return StepHold() if len(self.policy.steps) == 1 else None

    def _unseen(self) -> str:
        """Return the name of a guardrail or a breaker without data during this step, or ""."""
        names, since = (self.candidate,), self.progress.held_since
        if self._has_comparison():
            unseen = uncompared_guardrail(
                self.policy.guardrails, self.evidence, challengers=names, since=since
            )
        else:
            unseen = unreported_guardrail(self.policy.guardrails, self.evidence, variant=self.candidate)
        oldest = max(since, self.now - MAX_DATA_AGE_MINUTES)
        return unseen or stale_breaker(
            self.policy.breakers, self.evidence, variant=self.candidate, oldest=oldest
        )

    def _unproven(self) -> str:
        """Return the name of a guardrail whose margin must be proven and is not, or ""."""
        if self.policy.advance_on != "NonInferior":
            return ""
        for guardrail in self.policy.guardrails:
            if (
                non_inferiority_evidence(guardrail, self.candidate, self.evidence)
                < _NON_INFERIORITY_THRESHOLD
            ):
                return f"{guardrail.metric} of {self.candidate}"
        return ""

    def _has_comparison(self) -> bool:
        """Whether the baseline has traffic, so that the candidate can be compared with it."""
        return self._step.percent < ALL_TRAFFIC_PERCENT

    def _breached_checks(self, reaction: str) -> list[GuardrailCheck]:
        return [
            check
            for check in self.guardrail_checks
            if check.breached and check.guardrail.on_breach == reaction
        ]

    def _has_no_traffic(self) -> bool:
        grace = self.policy.no_traffic_grace_seconds // SECONDS_PER_MINUTE
        since = max(self.evidence.totals.last_invocation[self.candidate], self.progress.step_since - 1)
        return self.now - 1 - since > grace

    def _rollback(self, reason: DecisionReason, **figures: Any) -> Decision:
        weights = all_traffic_to(self.baseline, self.evidence.roles.variants)
        return self._decision(Verdict.ROLLBACK, reason, weights=weights, **figures)

    def _hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        return self._decision(Verdict.HOLD, reason, **figures)

    def _undecided(self, reason: DecisionReason, **figures: Any) -> Decision:
        return self._decision(Verdict.UNDECIDED, reason, **(self._nearest_to_breach() | figures))

    def _nearest_to_breach(self) -> dict[str, Any]:
        """Return the figures of the guardrail with the most evidence of harm, to display while undecided."""
        if not self.guardrail_checks:
            return {}
        return max(self.guardrail_checks, key=lambda check: check.evidence).figures

    def _decision(
        self,
        verdict: Verdict,
        reason: DecisionReason,
        *,
        weights: Mapping[str, int] | None = None,
        **figures: Any,
    ) -> Decision:
        percent = self._step.percent
        requested = {self.baseline: ALL_TRAFFIC_PERCENT - percent, self.candidate: percent}
        outcome = LookOutcome(
            verdict=verdict,
            reason=reason,
            weights=requested if weights is None else weights,
            final=verdict in {Verdict.PROMOTE, Verdict.ROLLBACK},
            **figures,
        )
        return Decision(at=self.now, outcome=outcome, progress=self.progress)
