"""The strategy Bandit: batched Thompson sampling from the stratified posterior, within bounds.

At each update a variant's target is its floor, plus a part of the free traffic in proportion to the
probability that it is the best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import exp
from random import Random
from typing import Any, Final

from sagemaker_ab.api.policies.bandit import Bandit, StoppingRule
from sagemaker_ab.api.policies.common import LATENCY, SECONDS_PER_MINUTE, default_goal
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, Verdict
from sagemaker_ab.traffic.evidence.accumulator import Accumulator
from sagemaker_ab.traffic.evidence.accumulators import (
    Accumulators,
    comparison,
    harm_tests,
    margin_comparisons,
)
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import ComparisonSummary, compared_pairs, harm_summaries, summaries_of
from sagemaker_ab.traffic.strategies.health_checks import MAX_DATA_AGE_MINUTES
from sagemaker_ab.traffic.strategies.look import Look
from sagemaker_ab.traffic.strategies.shares import all_traffic_to, round_to_percents
from sagemaker_ab.traffic.strategies.thompson import probabilities_of_best, under_ceiling
from sagemaker_ab.traffic.variant_roles import (
    ALL_TRAFFIC_PERCENT,
    VariantRoles,
    out_of_bounds,
    require_variant,
    roles_with_baseline,
)

# The normal quantile of 95 % two-sided intervals.
_CREDIBLE_QUANTILE: Final = 1.96


@dataclass(slots=True, kw_only=True)
class BanditAccumulators(Accumulators):
    """Those of every strategy, and what the bandit has learned."""

    posterior: Posterior

    def testing(self) -> dict[str, Accumulator]:
        return {**super(BanditAccumulators, self).testing(), "posterior": self.posterior}


class BanditStrategy:
    """`Strategy` documents its members. Without a declared baseline, the first variant is the baseline."""

    steps = 0

    def __init__(self, policy: Bandit, variants: Sequence[str]) -> None:
        self._policy = policy
        self.roles = _roles(policy, variants)
        guardrails = [guardrail.metric for guardrail in policy.guardrails]
        self.metrics = tuple(dict.fromkeys([policy.metric, *guardrails]))

    def initial_weights(self) -> Mapping[str, int]:
        return _even_split(self.roles.variants, self.roles.variants)

    def accumulators(self) -> BanditAccumulators:
        policy = self._policy
        latencies = [each.metric for each in policy.guardrails if each.metric == LATENCY]
        pairs = combinations(self.roles.variants, 2) if policy.stop else ()
        return BanditAccumulators(
            comparisons={(a, b): comparison(policy.metric, a, b) for a, b in pairs},
            harm_tests=harm_tests(policy.guardrails, self.roles),
            margin_comparisons=margin_comparisons(latencies, self.roles),
            posterior=Posterior(
                self.roles.variants,
                metric=policy.metric,
                period_minutes=policy.update_seconds // SECONDS_PER_MINUTE,
                half_life_minutes=policy.half_life_seconds / SECONDS_PER_MINUTE,
            ),
            attribution_minutes=policy.attribution_seconds // SECONDS_PER_MINUTE,
        )

    def decide(self, evidence: RunEvidence[BanditAccumulators], context: LookContext) -> Decision:
        return _BanditLook(self._policy, evidence, context).decide()

    def summaries(self, evidence: RunEvidence[BanditAccumulators]) -> list[ComparisonSummary]:
        """Return the comparisons of the stopping rule, then the guardrails on rates.

        A bandit without a stopping rule compares nothing. Its summaries have the posterior's ratios with 95 %
        credible intervals, each of which holds only at its own time.
        """
        stop = self._policy.stop
        if stop is None:
            return [*self._learned(evidence.accumulators.posterior), *harm_summaries(evidence)]
        compared = summaries_of(
            compared_pairs(self._policy.metric, evidence),
            error_rate=float(stop.false_winner),
            challengers=len(self.roles.challengers),
        )
        return [*compared, *harm_summaries(evidence)]

    def _learned(self, posterior: Posterior) -> list[ComparisonSummary]:
        summaries = []
        for index, challenger in enumerate(self.roles.challengers, start=1):
            log_ratio, deviation = posterior.contrast(index)
            half_width = _CREDIBLE_QUANTILE * deviation
            summaries.append(
                ComparisonSummary(
                    metric=self._policy.metric,
                    baseline=self.roles.baseline,
                    challenger=challenger,
                    values=(None, None),
                    ratio=exp(log_ratio),
                    interval=(exp(log_ratio - half_width), exp(log_ratio + half_width)),
                )
            )
        return summaries


def _roles(policy: Bandit, variants: Sequence[str]) -> VariantRoles:
    baseline = policy.baseline or variants[0]
    require_variant(baseline, variants, field="bandit.baseline")
    count = len(variants)
    if policy.floor_percent * count > ALL_TRAFFIC_PERCENT:
        allowed = f"at most {ALL_TRAFFIC_PERCENT // count}"
        raise out_of_bounds("bandit.floorPercent", policy.floor_percent, allowed, variants=count)
    if policy.ceiling_percent * count < ALL_TRAFFIC_PERCENT:
        allowed = f"at least {-(-ALL_TRAFFIC_PERCENT // count)}"
        raise out_of_bounds("bandit.ceilingPercent", policy.ceiling_percent, allowed, variants=count)
    return roles_with_baseline(baseline, variants)


def _even_split(variants: Sequence[str], among: Sequence[str]) -> dict[str, int]:
    return round_to_percents({name: float(name in among) for name in variants})


class _BanditLook(Look[BanditAccumulators]):
    """One look: exclude variants in breach, stop at a proven winner, else update weights once a period."""

    def __init__(
        self, policy: Bandit, evidence: RunEvidence[BanditAccumulators], context: LookContext
    ) -> None:
        super().__init__(
            evidence, context, guardrails=policy.guardrails, false_alarm_rate=policy.false_alarm_rate
        )
        self.policy = policy
        self.posterior = evidence.accumulators.posterior
        self.better = 1 if (policy.goal or default_goal(policy.metric)) == "Increase" else -1

    @property
    def _competing(self) -> tuple[str, ...]:
        """The variants that are not excluded."""
        return (self.baseline, *self.remaining)

    def decide(self) -> Decision:
        return self._decide_breach() or self.decide_hold() or self._decide_stop() or self._decide_weights()

    def _decide_breach(self) -> Decision | None:
        """Exclude each challenger in breach. The run ends with a rollback once none remains."""
        breach = self.drop_breached()
        if not self.remaining:
            return self.rollback(DecisionReason.GUARDRAIL_BREACHED, **breach)
        return self.undecided(DecisionReason.GUARDRAIL_BREACHED, **breach) if breach else None

    def _decide_stop(self) -> Decision | None:
        """End the run once one variant is proven better than every other that remains."""
        stop = self.policy.stop
        elapsed = (self.now - self.evidence.started) * SECONDS_PER_MINUTE
        if stop is None or elapsed < stop.min_duration_seconds or not self._is_compared:
            return None
        name, figures = self._leader(stop)
        if figures["evidence"] < figures["threshold"]:
            return None
        weights = all_traffic_to(name, self.evidence.roles.variants)
        return self.decision(
            Verdict.WINNER, DecisionReason.PROVEN, winner=name, weights=weights, final=True, **figures
        )

    def _leader(self, stop: StoppingRule) -> tuple[str, dict[str, Any]]:
        """Return the variant with the most evidence of being the best, and its figures.

        A variant's evidence is the least of its evidence over each other variant. For K variants the
        threshold is (K - 1)/alpha.
        """
        least_evidence = {
            name: min(self._evidence_over(name, other) for other in self._competing if other != name)
            for name in self._competing
        }
        name = max(least_evidence, key=least_evidence.__getitem__)
        threshold = (len(self.evidence.roles.variants) - 1) / float(stop.false_winner)
        subject = f"{self.policy.metric} of {name} over the others"
        return name, {"evidence": least_evidence[name], "threshold": threshold, "subject": subject}

    @property
    def _is_fresh(self) -> bool:
        return self.posterior.last_seen >= self._oldest

    @property
    def _is_compared(self) -> bool:
        """Whether all remaining variants were compared recently."""
        remaining = set(self._competing)
        compared = [
            each.last_seen for pair, each in self.evidence.comparisons.items() if remaining.issuperset(pair)
        ]
        return min(compared) >= self._oldest

    @property
    def _oldest(self) -> int:
        """The oldest minute whose data is recent."""
        return self.now - MAX_DATA_AGE_MINUTES - self.evidence.attribution_minutes

    def _evidence_over(self, name: str, other: str) -> float:
        comparisons = self.evidence.comparisons
        direct = comparisons.get((other, name))
        signed = (direct or comparisons[name, other]).evidence_at()
        better = self.better if direct else -self.better
        return signed.evidence if signed.direction == better else 0.0

    def _decide_weights(self) -> Decision:
        elapsed = (self.now - self.evidence.started) * SECONDS_PER_MINUTE
        period = self.now * SECONDS_PER_MINUTE // self.policy.update_seconds
        if elapsed < self.policy.warm_up_seconds:
            needs = {"seconds": self.policy.warm_up_seconds - elapsed}
            return self.undecided(DecisionReason.WARMING_UP, weights=self._split_evenly(), needs=needs)
        if not self._is_fresh:
            return self.undecided(
                DecisionReason.MISSING_DATA,
                weights=self.requested_weights(),
                needs={"data": self.policy.metric},
            )
        weights = self.requested_weights()
        if period > self.progress.period:
            self.progress = replace(self.progress, period=period)
            weights = self._towards(self._target(period), weights)
        figures = self._leader(self.policy.stop)[1] if self.policy.stop else {}
        return self.undecided(DecisionReason.LEARNING, weights=weights, **figures)

    def requested_weights(self) -> dict[str, int]:
        """The weights requested last. The others get those of excluded variants."""
        requested = self.progress.weights or self._split_evenly()
        shares = {name: float(requested[name] * (name in self._competing)) for name in requested}
        return round_to_percents(shares) if sum(shares.values()) > 0 else self._split_evenly()

    def _target(self, period: int) -> dict[str, float]:
        """Return percents: the floor, and the rest by the probability of being best, up to the ceiling."""
        variants = self.evidence.roles.variants
        names = self._competing
        best = probabilities_of_best(
            self.posterior,
            better=self.better,
            among=[variants.index(name) for name in names],
            random=Random(f"{self.policy.seed}:{period}"),  # noqa: S311  # reproducible on purpose
        )
        floor = self.policy.floor_percent
        free = ALL_TRAFFIC_PERCENT - floor * len(names)
        shares = {name: floor + free * best[variants.index(name)] for name in names}
        return dict.fromkeys(variants, 0.0) | under_ceiling(shares, self.policy.ceiling_percent)

    def _towards(self, target: Mapping[str, float], current: Mapping[str, int]) -> dict[str, int]:
        """Move the weights towards the target by at most the maximum step. In the dead band they stay."""
        change = max(abs(target[name] - current[name]) for name in current)
        if change < self.policy.deadband_percent or change == 0:
            return dict(current)
        part = min(1.0, self.policy.max_step_percent / change)
        return round_to_percents(
            {name: current[name] + part * (target[name] - current[name]) for name in current}
        )

    def _split_evenly(self) -> dict[str, int]:
        return _even_split(self.evidence.roles.variants, self._competing)

    def decision(self, verdict: Verdict, reason: DecisionReason, **figures: Any) -> Decision:
        found = super().decision(verdict, reason, **figures)
        if reason not in {DecisionReason.LEARNING, DecisionReason.WARMING_UP}:
            return found
        return replace(found, next_look_in_minutes=self._minutes_to_update)

    @property
    def _minutes_to_update(self) -> int:
        """When to look again: at the next update; with guardrails or a stopping rule, in a minute."""
        if self.policy.guardrails or self.policy.stop:
            return 1
        update = self.policy.update_seconds // SECONDS_PER_MINUTE
        begin = self.evidence.started + self.policy.warm_up_seconds // SECONDS_PER_MINUTE
        return begin - self.now if self.now < begin else update - self.now % update
