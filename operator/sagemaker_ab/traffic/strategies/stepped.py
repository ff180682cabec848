"""The strategy Stepped: the candidate's share grows step by step while no check fails."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE, StepHold
from sagemaker_ab.api.policies.stepped import Stepped, TrafficStep
from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, Verdict
from sagemaker_ab.traffic.evidence.accumulators import (
    Accumulators,
    harm_tests,
    margin_comparisons,
    sample_ratio_tests,
)
from sagemaker_ab.traffic.evidence.breaker import BreakerMonitor
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import ComparisonSummary, compared_guardrails, summaries_of
from sagemaker_ab.traffic.strategies.health_checks import (
    MAX_DATA_AGE_MINUTES,
    non_inferiority_evidence,
    sample_ratio_mismatch,
    stale_breaker,
    tripped_breaker,
    uncompared_guardrail,
    unreported_guardrail,
)
from sagemaker_ab.traffic.strategies.look import Look
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep, start_next_step
from sagemaker_ab.traffic.variant_roles import (
    ALL_TRAFFIC_PERCENT,
    VariantRoles,
    listed,
    require_variant,
)

_INTERVAL_ERROR_RATE: Final = 0.05
_RECENT_MINUTES: Final = 5
"""A step advances only if one of so many newest minutes has counts and verified weights."""
_VERIFIED: Final = "minutes with verified weights"
NON_INFERIORITY_THRESHOLD: Final = 20.0
"""The threshold 1/alpha of `advanceOn: NonInferior`, with alpha = 5 % for each guardrail."""


class SteppedStrategy:
    """`Strategy` documents its members."""

    def __init__(self, policy: Stepped, variants: Sequence[str]) -> None:
        self._policy = policy
        self.roles = _roles(policy, variants)
        self.metrics = tuple(guardrail.metric for guardrail in policy.guardrails)
        self.steps = len(policy.steps)

    def initial_weights(self) -> Mapping[str, int]:
        return all_traffic_to(self.roles.baseline, self.roles.variants)

    def accumulators(self) -> Accumulators:
        policy, (candidate,) = self._policy, self.roles.challengers
        return Accumulators(
            harm_tests=harm_tests(policy.guardrails, self.roles),
            margin_comparisons=margin_comparisons(self.metrics, self.roles),
            breakers=[BreakerMonitor(breaker, variant=candidate) for breaker in policy.breakers],
            sample_ratios=sample_ratio_tests(self.roles),
            warm_up_minutes=policy.warm_up_seconds // SECONDS_PER_MINUTE,
        )

    def decide(self, evidence: RunEvidence[Accumulators], context: LookContext) -> Decision:
        return _SteppedLook(self._policy, evidence, context).decide()

    def summaries(self, evidence: RunEvidence[Accumulators]) -> list[ComparisonSummary]:
        return summaries_of(compared_guardrails(evidence), error_rate=_INTERVAL_ERROR_RATE, challengers=1)


def _roles(policy: Stepped, variants: Sequence[str]) -> VariantRoles:
    given = {"baseline": policy.baseline, "candidate": policy.candidate}
    for field, name in given.items():
        if name is not None:
            require_variant(name, variants, field=f"stepped.{field}")
    baseline = policy.baseline or _other_variant(policy.candidate, variants, field="baseline")
    candidate = policy.candidate or _other_variant(policy.baseline, variants, field="candidate")
    return VariantRoles(baseline=baseline, challengers=(candidate,))


def _other_variant(name: str | None, variants: Sequence[str], *, field: str) -> str:
    others = [variant for variant in variants if variant != name]
    if len(others) != 1:
        known = listed(variants)
        raise InvalidPolicy(
            (f"traffic.stepped.{field}: is required unless there are two variants; there are {known}",)
        )
    return others[0]


def required_hold(policy: Stepped, step: int) -> StepHold | None:
    """Return the minimum duration and traffic of the step with this index, or None if it has none.

    The last step has a hold only if the policy sets one, or a bake time. A single step always has one.
    """
    hold = policy.steps[step].hold
    if step < len(policy.steps) - 1:
        return hold or StepHold()
    if hold is not None:
        duration = hold.min_duration_seconds + policy.bake_seconds
        return hold.model_copy(update={"min_duration_seconds": duration})
    if policy.bake_seconds:
        return StepHold(min_duration_seconds=policy.bake_seconds, min_requests=1)
    return StepHold() if len(policy.steps) == 1 else None


class _SteppedLook(Look[Accumulators]):
    """One look, or evaluation. It checks for a rollback, then for a hold, then the current step."""

    def __init__(self, policy: Stepped, evidence: RunEvidence[Accumulators], context: LookContext) -> None:
        super().__init__(
            evidence, context, guardrails=policy.guardrails, false_alarm_rate=policy.false_alarm_rate
        )
        self.policy = policy
        self.approved = context.approved
        self.has_deadline = context.has_deadline
        (self.candidate,) = evidence.roles.challengers
        self.start_first_step()
        self.progress = self._active_step.start_hold(self.progress, self.evidence)

    @property
    def _active_step(self) -> ActiveStep:
        return ActiveStep(percent=self._step.percent, names=(self.candidate,), now=self.now)

    def decide(self) -> Decision:
        return self._decide_rollback() or self.decide_hold() or self._decide_step()

    def _decide_rollback(self) -> Decision | None:
        trip = tripped_breaker(self.policy.breakers, self.evidence)
        if trip is not None:
            breaker, value = trip
            return self.rollback(
                DecisionReason.BREAKER_TRIPPED,
                evidence=value,
                threshold=breaker.bound,
                subject=f"{breaker.metric} of {self.candidate}",
            )
        for check in self.breached_checks("Rollback"):
            return self.rollback(DecisionReason.GUARDRAIL_BREACHED, **check.figures)
        run_seconds = (self.now - self.evidence.started) * SECONDS_PER_MINUTE
        if self.has_deadline and run_seconds >= self.policy.deadline_seconds:
            return self.rollback(DecisionReason.DEADLINE_EXCEEDED)
        if self.policy.on_no_traffic == "Rollback" and self._has_no_traffic():
            return self.rollback(DecisionReason.NO_TRAFFIC)
        if self.policy.on_sample_ratio_mismatch == "Rollback" and (
            mismatch := sample_ratio_mismatch(self.evidence)
        ):
            return self.rollback(DecisionReason.SAMPLE_RATIO_MISMATCH, **mismatch)
        return None

    def decide_hold(self) -> Decision | None:
        if self.policy.on_no_traffic == "Hold" and self._has_no_traffic():
            return self.hold(DecisionReason.NO_TRAFFIC)
        return super().decide_hold()

    def stale_guardrail(self) -> str:
        return super().stale_guardrail() if self._has_comparison() else ""

    def _decide_step(self) -> Decision:
        """Advance by at most one step, because each step needs a look of its own."""
        step = self.policy.steps[self.progress.step]
        hold = required_hold(self.policy, self.progress.step)
        if hold is not None and (
            pending := self._active_step.pending_hold(self.progress, self.evidence, hold)
        ):
            return self.undecided(pending.reason, needs=pending.needs)
        if self.now - 1 - self.evidence.totals.newest >= _RECENT_MINUTES:
            return self.undecided(DecisionReason.MISSING_DATA, subject=_VERIFIED, needs={"data": _VERIFIED})
        if hold is not None and (unseen := self._unseen()):
            return self.undecided(DecisionReason.MISSING_DATA, subject=unseen, needs={"data": unseen})
        if self._has_comparison() and (unproven := self._unproven()):
            return self.undecided(
                DecisionReason.NOT_INFERIOR_UNPROVEN,
                subject=unproven,
                needs={"evidence": NON_INFERIORITY_THRESHOLD},
            )
        if step.approval == "Required" and self.progress.step + 1 not in self.approved:
            return self.undecided(
                DecisionReason.APPROVAL_REQUIRED, needs={"approvalOfStep": self.progress.step + 1}
            )
        if self._is_last:
            return self._promote()
        self.progress = start_next_step(self.progress, now=self.now)
        if (
            self._is_last
            and required_hold(self.policy, self.progress.step) is None
            and self._step.approval == "NotRequired"
        ):
            return self._promote()
        return self.undecided(DecisionReason.STEP_ADVANCED)

    @property
    def _step(self) -> TrafficStep:
        return self.policy.steps[self.progress.step]

    @property
    def _is_last(self) -> bool:
        return self.progress.step == len(self.policy.steps) - 1

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
            if non_inferiority_evidence(guardrail, self.candidate, self.evidence) < NON_INFERIORITY_THRESHOLD:
                return f"{guardrail.metric} of {self.candidate}"
        return ""

    def _has_comparison(self) -> bool:
        """Whether the baseline has traffic, so that the candidate can be compared with it."""
        return self._step.percent < ALL_TRAFFIC_PERCENT

    def _has_no_traffic(self) -> bool:
        grace = self.policy.no_traffic_grace_seconds // SECONDS_PER_MINUTE
        since = max(self.evidence.totals.last_invocation(self.candidate), self.progress.step_since - 1)
        return self.now - 1 - since > grace

    def undecided(self, reason: DecisionReason, **figures: Any) -> Decision:
        return super().undecided(reason, **(self._nearest_to_breach() | figures))

    def _nearest_to_breach(self) -> dict[str, Any]:
        """Return the figures of the guardrail with the most evidence of harm, to display while undecided."""
        if not self.guardrail_checks:
            return {}
        return max(self.guardrail_checks, key=lambda check: check.evidence).figures

    def _promote(self) -> Decision:
        return self.decision(
            Verdict.PROMOTE, DecisionReason.STEPS_COMPLETED, winner=self.candidate, final=True
        )

    def requested_weights(self) -> Mapping[str, int]:
        percent = self._step.percent
        return {self.baseline: ALL_TRAFFIC_PERCENT - percent, self.candidate: percent}
