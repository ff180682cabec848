"""The strategy ABTest: a fixed allocation, and a winner once it is proven at every block length.

A verdict is given between the minimum and the maximum duration. A ramp-up may lead to the allocation.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from sagemaker_ab.api.policies.ab_test import ABTest, RampStep
from sagemaker_ab.api.policies.common import LATENCY, SECONDS_PER_MINUTE
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, Verdict
from sagemaker_ab.traffic.evidence.accumulators import (
    Accumulators,
    comparison,
    harm_tests,
    margin_comparisons,
    sample_ratio_tests,
)
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import (
    ComparisonSummary,
    compared_guardrails,
    compared_pairs,
    harm_summaries,
    summaries_of,
)
from sagemaker_ab.traffic.strategies.health_checks import MAX_DATA_AGE_MINUTES, uncompared_guardrail
from sagemaker_ab.traffic.strategies.hypothesis import Conclusion, HypothesisTest
from sagemaker_ab.traffic.strategies.look import Look
from sagemaker_ab.traffic.strategies.shares import all_traffic_to, round_to_percents
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep, start_next_step
from sagemaker_ab.traffic.variant_roles import (
    ALL_TRAFFIC_PERCENT,
    VariantRoles,
    out_of_bounds,
    require_variant,
    roles_with_baseline,
)


class ABTestStrategy:
    """`Strategy` documents its members."""

    steps = 0

    def __init__(self, policy: ABTest, variants: Sequence[str]) -> None:
        self._policy = policy
        self.roles = _roles(policy, variants)
        guardrails = [guardrail.metric for guardrail in policy.guardrails]
        self.metrics = tuple(dict.fromkeys([policy.hypothesis.metric, *guardrails]))

    def initial_weights(self) -> Mapping[str, int]:
        return requested_weights(self._policy, self.roles, step=0, dropped=())

    def accumulators(self) -> Accumulators:
        policy, metric = self._policy, self._policy.hypothesis.metric
        latencies = [each.metric for each in policy.guardrails if each.metric == LATENCY]
        return Accumulators(
            # Comparisons between challengers decide which one is best.
            comparisons={(a, b): comparison(metric, a, b) for a, b in combinations(self.roles.variants, 2)},
            harm_tests=harm_tests(policy.guardrails, self.roles),
            margin_comparisons=margin_comparisons(latencies, self.roles),
            sample_ratios=(
                sample_ratio_tests(self.roles) if policy.on_sample_ratio_mismatch != "Ignore" else {}
            ),
            warm_up_minutes=policy.warm_up_seconds // SECONDS_PER_MINUTE,
            attribution_minutes=policy.attribution_seconds // SECONDS_PER_MINUTE,
        )

    def decide(self, evidence: RunEvidence[Accumulators], context: LookContext) -> Decision:
        return _ABTestLook(self._policy, evidence, context).decide()

    def summaries(self, evidence: RunEvidence[Accumulators]) -> list[ComparisonSummary]:
        compared = summaries_of(
            compared_pairs(self._policy.hypothesis.metric, evidence) | compared_guardrails(evidence),
            error_rate=float(self._policy.error_rates.false_winner),
            challengers=len(self.roles.challengers),
        )
        return [*compared, *harm_summaries(evidence)]


def _roles(policy: ABTest, variants: Sequence[str]) -> VariantRoles:
    names = [share.variant for share in policy.allocation] if policy.allocation else list(variants)
    for index, name in enumerate(names):
        require_variant(name, variants, field=f"abTest.allocation[{index}].variant")
    require_variant(policy.baseline, variants, field="abTest.baseline")
    roles = roles_with_baseline(policy.baseline, names)
    if policy.ramp_up and not policy.allocation:
        _require_ramp_below_even_split(policy.ramp_up.steps, len(names))
    return roles


def _require_ramp_below_even_split(steps: Sequence[RampStep], count: int) -> None:
    """Reject a ramp-up whose last step exceeds the challengers' share of an even split."""
    share = ALL_TRAFFIC_PERCENT * (count - 1) // count
    if steps[-1].percent > share:
        field = f"abTest.rampUp.steps[{len(steps) - 1}].percent"
        raise out_of_bounds(field, steps[-1].percent, f"at most {share}", variants=count)


def _ramp(policy: ABTest) -> Sequence[RampStep]:
    return policy.ramp_up.steps if policy.ramp_up else ()


def requested_weights(
    policy: ABTest, roles: VariantRoles, *, step: int, dropped: Sequence[str]
) -> Mapping[str, int]:
    """Return the weights of a ramp-up's step, after the last one of the allocation, without the dropped."""
    ramp = _ramp(policy)
    declared = {share.variant: float(share.percent) for share in policy.allocation or ()}
    shares = declared or dict.fromkeys(roles.variants, 1.0)
    if declared and not dropped and step >= len(ramp):
        return {share.variant: share.percent for share in policy.allocation or ()}
    for name in dropped:
        shares[name] = 0.0
    if step < len(ramp):
        percent = ramp[step].percent
        challengers = sum(share for name, share in shares.items() if name != roles.baseline)
        shares = {name: share * percent / challengers for name, share in shares.items()}
        shares[roles.baseline] = float(ALL_TRAFFIC_PERCENT - percent)
    return round_to_percents(shares)


class _ABTestLook(Look[Accumulators]):
    """One look: first breaches, then holds, then the ramp-up, then the hypothesis."""

    def __init__(self, policy: ABTest, evidence: RunEvidence[Accumulators], context: LookContext) -> None:
        super().__init__(
            evidence,
            context,
            guardrails=policy.guardrails,
            false_alarm_rate=policy.error_rates.false_alarm,
        )
        self.policy = policy
        self.progress_before = self.progress
        self.start_first_step()

    @property
    def _is_ramping(self) -> bool:
        return self.progress.step < len(_ramp(self.policy))

    def decide(self) -> Decision:
        return (
            self._decide_breach() or self.decide_hold() or self._decide_ramp_up() or self._decide_hypothesis()
        )

    def _decide_breach(self) -> Decision | None:
        """Drop each challenger in breach. The run ends with a rollback once none remains."""
        breach = self.drop_breached()
        if not self.remaining:
            return self.rollback(DecisionReason.GUARDRAIL_BREACHED, **breach)
        if breach and not self._is_over:
            return self.undecided(DecisionReason.GUARDRAIL_BREACHED, **breach)
        return None

    def _decide_ramp_up(self) -> Decision | None:
        """Advance the steps of the ramp-up. After the last one the test begins, and discards their data."""
        if not self._is_ramping:
            return None
        if self._is_over:
            return self.undecided(DecisionReason.MAXIMUM_DURATION, final=True)
        step = _ramp(self.policy)[self.progress.step]
        active = ActiveStep(percent=step.percent, names=self.remaining, now=self.now)
        self.progress = active.start_hold(self.progress, self.evidence)
        pending = active.pending_hold(self.progress, self.evidence, step.hold)
        if pending is not None:
            return self.undecided(DecisionReason.RAMPING_UP, needs=pending.needs)
        since = self.progress.held_since
        uncompared = uncompared_guardrail(
            self.policy.guardrails, self.evidence, challengers=self.remaining, since=since
        )
        if uncompared:
            return self.undecided(DecisionReason.MISSING_DATA, subject=uncompared, needs={"data": uncompared})
        self.progress = start_next_step(self.progress, now=self.now)
        self.begins_test = self.progress.step == len(_ramp(self.policy))
        return self.undecided(DecisionReason.STEP_ADVANCED)

    def _decide_hypothesis(self) -> Decision:
        if self.now < self.evidence.tested_since:
            left = (self.evidence.tested_since - self.now) * SECONDS_PER_MINUTE
            return self.undecided(DecisionReason.WARMING_UP, needs={"seconds": left})
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
            return self.undecided(DecisionReason.MAXIMUM_DURATION, final=True, **figures)
        if not fresh:
            return self.undecided(DecisionReason.MISSING_DATA, needs={"data": self._stalest}, **figures)
        if conclusion is not None:
            return self.undecided(
                DecisionReason.MINIMUM_DURATION, needs={"seconds": remaining_seconds}, **figures
            )
        needs = {"evidence": test.threshold}
        if remaining_seconds > 0:
            needs["seconds"] = remaining_seconds
        return self.undecided(DecisionReason.EVIDENCE_TOO_LOW, needs=needs, **figures)

    @property
    def _elapsed_seconds(self) -> int:
        return (self.now - self.evidence.tested_since) * SECONDS_PER_MINUTE

    @property
    def _is_over(self) -> bool:
        """Whether the maximum duration is over. It starts with the test, or when the ramp-up should end."""
        if not self._is_ramping:
            return self._elapsed_seconds >= self.policy.max_duration_seconds
        planned = sum(step.hold.min_duration_seconds for step in _ramp(self.policy)) // SECONDS_PER_MINUTE
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
        return self.decision(
            Verdict.NO_DIFFERENCE if conclusion.winner is None else Verdict.WINNER,
            conclusion.reason,
            winner=conclusion.winner,
            weights=weights,
            final=True,
            **(figures | conclusion.figures),
        )

    def hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        """Give no verdict while the cause lasts. The run ends undecided at the maximum duration."""
        if self._is_over:
            return self.undecided(DecisionReason.MAXIMUM_DURATION, final=True, **figures)
        return super().hold(reason, **figures)

    def requested_weights(self) -> Mapping[str, int]:
        if self.progress is self.progress_before and self.progress.weights:
            return self.progress.weights
        step, dropped = self.progress.step, self.progress.dropped
        return requested_weights(self.policy, self.evidence.roles, step=step, dropped=dropped)
