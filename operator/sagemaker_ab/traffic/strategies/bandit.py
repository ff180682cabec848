"""The strategy Bandit: batched Thompson sampling from the stratified posterior, within bounds.

At each update a variant's target is its floor, plus a part of the free traffic in proportion to the
probability that it is the best (Thompson 1933, Biometrika 25; Chapelle and Li 2011, NIPS 24). The samples are
seeded, so the same counts give the same weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import mul
from random import Random
from typing import Any, Final

from sagemaker_ab.api.policies.bandit import Bandit, StoppingRule
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE, default_goal
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.linear_algebra import back_substitute, cholesky, scaled_identity
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.health_checks import (
    MAX_DATA_AGE_MINUTES,
    GuardrailCheck,
    check_guardrails,
    stale_guardrail,
)
from sagemaker_ab.traffic.strategies.shares import all_traffic_to, round_to_percents
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_SAMPLES: Final = 600


def decide_bandit(policy: Bandit, evidence: RunEvidence, context: LookContext) -> Decision:
    """Return the decision of a look at a run that has not ended."""
    return _BanditLook(policy, evidence, context).decide()


class _BanditLook:
    """One look: exclude variants in breach, stop at a proven winner, else update weights once a period."""

    def __init__(self, policy: Bandit, evidence: RunEvidence, context: LookContext) -> None:
        if evidence.posterior is None:
            raise ValueError("the evidence of a bandit needs a posterior")
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.posterior: Posterior = evidence.posterior
        self.progress = context.progress
        self.better = 1 if (policy.goal or default_goal(policy.metric)) == "Increase" else -1

    @property
    def _remaining(self) -> tuple[str, ...]:
        return tuple(name for name in self.evidence.roles.variants if name not in self.progress.dropped)

    def decide(self) -> Decision:
        return (
            self._decide_breach()
            or self._decide_missing_data()
            or self._decide_stop()
            or self._decide_weights()
        )

    def _decide_breach(self) -> Decision | None:
        """Exclude each challenger in breach. The run ends with a rollback once none remains."""
        breach: dict[str, Any] = {}
        for check in self._breached_checks("Rollback"):
            if check.challenger in self._remaining:
                self.progress = replace(self.progress, dropped=(*self.progress.dropped, check.challenger))
            breach = check.figures
        if len(self._remaining) == 1:
            weights = all_traffic_to(self.evidence.roles.baseline, self.evidence.roles.variants)
            return self._decision(
                Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED, weights=weights, final=True, **breach
            )
        if breach:
            return self._decision(
                Verdict.UNDECIDED, DecisionReason.GUARDRAIL_BREACHED, weights=self._requested(), **breach
            )
        for check in self._breached_checks("Hold"):
            return self._decision(
                Verdict.HOLD, DecisionReason.GUARDRAIL_BREACHED, weights=self._requested(), **check.figures
            )
        return None

    @property
    def _challengers(self) -> list[str]:
        return [name for name in self._remaining if name != self.evidence.roles.baseline]

    def _breached_checks(self, reaction: str) -> list[GuardrailCheck]:
        return [
            check
            for check in check_guardrails(
                self.policy.guardrails,
                self.evidence,
                rate=self.policy.false_alarm_rate,
                challengers=self._challengers,
            )
            if check.breached and check.guardrail.on_breach == reaction
        ]

    def _decide_missing_data(self) -> Decision | None:
        """Hold the weights while a guardrail has no recent data."""
        stale = stale_guardrail(
            self.policy.guardrails, self.evidence, challengers=self._challengers, now=self.now
        )
        if not stale:
            return None
        needs = {"data": stale}
        return self._decision(
            Verdict.HOLD, DecisionReason.MISSING_DATA, weights=self._requested(), subject=stale, needs=needs
        )

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
        return self._decision(
            Verdict.WINNER, DecisionReason.PROVEN, winner=name, weights=weights, final=True, **figures
        )

    def _leader(self, stop: StoppingRule) -> tuple[str, dict[str, Any]]:
        """Return the variant with the most evidence of being the best, and its figures.

        A variant's evidence is the least of its evidence over each other variant. For K variants the
        threshold is (K - 1)/alpha.
        """
        least_evidence = {
            name: min(self._evidence_over(name, other) for other in self._remaining if other != name)
            for name in self._remaining
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
        remaining = set(self._remaining)
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
            return self._decision(
                Verdict.UNDECIDED, DecisionReason.WARMING_UP, weights=self._even_split(), needs=needs
            )
        if not self._is_fresh:
            return self._decision(
                Verdict.UNDECIDED,
                DecisionReason.MISSING_DATA,
                weights=self._requested(),
                needs={"data": self.policy.metric},
            )
        weights = self._requested()
        if period > self.progress.period:
            self.progress = replace(self.progress, period=period)
            weights = self._towards(self._target(period), weights)
        figures = self._leader(self.policy.stop)[1] if self.policy.stop else {}
        return self._decision(Verdict.UNDECIDED, DecisionReason.LEARNING, weights=weights, **figures)

    def _even_split(self) -> dict[str, int]:
        shares = {name: float(name in self._remaining) for name in self.evidence.roles.variants}
        return round_to_percents(shares)

    def _requested(self) -> dict[str, int]:
        """The weights requested last. The others get those of excluded variants."""
        requested = self.progress.weights or self._even_split()
        shares = {name: float(requested[name] * (name in self._remaining)) for name in requested}
        return round_to_percents(shares) if sum(shares.values()) > 0 else self._even_split()

    def _target(self, period: int) -> dict[str, float]:
        """Return percents: the floor, and the rest by the probability of being best, up to the ceiling."""
        variants = self.evidence.roles.variants
        names = self._remaining
        best = probabilities_of_best(
            self.posterior,
            better=self.better,
            among=[variants.index(name) for name in names],
            random=Random(f"{self.policy.seed}:{period}"),  # noqa: S311  # reproducible on purpose
        )
        floor = self.policy.floor_percent
        free = ALL_TRAFFIC_PERCENT - floor * len(names)
        shares = {name: floor + free * best[variants.index(name)] for name in names}
        return dict.fromkeys(variants, 0.0) | _under_ceiling(shares, self.policy.ceiling_percent)

    def _towards(self, target: Mapping[str, float], current: Mapping[str, int]) -> dict[str, int]:
        """Move the weights towards the target by at most the maximum step. In the dead band they stay."""
        change = max(abs(target[name] - current[name]) for name in current)
        if change < self.policy.deadband_percent or change == 0:
            return dict(current)
        part = min(1.0, self.policy.max_step_percent / change)
        return round_to_percents(
            {name: current[name] + part * (target[name] - current[name]) for name in current}
        )

    def _decision(self, verdict: Verdict, reason: DecisionReason, **figures: Any) -> Decision:
        outcome = LookOutcome(verdict=verdict, reason=reason, **figures)
        after = (
            self._minutes_to_update if reason in {DecisionReason.LEARNING, DecisionReason.WARMING_UP} else 1
        )
        return Decision(at=self.now, outcome=outcome, progress=self.progress, next_look_in_minutes=after)

    @property
    def _minutes_to_update(self) -> int:
        """When to look again: at the next update; with guardrails or a stopping rule, in a minute."""
        if self.policy.guardrails or self.policy.stop:
            return 1
        update = self.policy.update_seconds // SECONDS_PER_MINUTE
        begin = self.evidence.started + self.policy.warm_up_seconds // SECONDS_PER_MINUTE
        return begin - self.now if self.now < begin else update - self.now % update


def probabilities_of_best(
    posterior: Posterior, *, better: int, among: Sequence[int], random: Random
) -> dict[int, float]:
    """Return the probability that each of `among`, by its index, has the best rate, from posterior samples.

    `better` is 1 if a higher rate is better and -1 if a lower one is.
    """
    lower = cholesky(posterior.precision)
    # The columns of L⁻ᵀ: a sample of N(m, P⁻¹) with P = L·Lᵀ is m + L⁻ᵀz for independent standard normal z.
    columns = [back_substitute(lower, unit) for unit in scaled_identity(len(lower), 1.0)]
    arms = [(better * posterior.mean[index], [column[index] for column in columns]) for index in among]
    wins = [0] * len(arms)
    for _ in range(_SAMPLES):
        z = [random.gauss(0.0, 1.0) for _ in columns]
        sample = [mean + better * sum(map(mul, row, z)) for mean, row in arms]
        wins[sample.index(max(sample))] += 1
    return {index: won / _SAMPLES for index, won in zip(among, wins, strict=True)}


def _under_ceiling(shares: Mapping[str, float], ceiling: int) -> dict[str, float]:
    """Limit shares to the ceiling. The others get the excess, in proportion to their shares."""
    at_ceiling: set[str] = set()
    while len(at_ceiling) < len(shares):
        below = {name: share for name, share in shares.items() if name not in at_ceiling}
        rest, total = ALL_TRAFFIC_PERCENT - ceiling * len(at_ceiling), sum(below.values())
        scaled = {name: rest * (share / total if total else 1 / len(below)) for name, share in below.items()}
        over = {name for name, share in scaled.items() if share > ceiling}
        if not over:
            return {name: scaled.get(name, float(ceiling)) for name in shares}
        at_ceiling |= over
    return dict.fromkeys(shares, ALL_TRAFFIC_PERCENT / len(shares))
