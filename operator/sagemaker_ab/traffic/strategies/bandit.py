"""Bandit: batched Thompson sampling within bounds, seeded, from the stratified posterior."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import mul
from random import Random
from typing import Any, Final

from sagemaker_ab.api.policies.bandit import Bandit, Stop
from sagemaker_ab.api.policies.common import MINUTE, default_goal
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.linear_algebra import back, cholesky, identity
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.health_checks import FRESH_MINUTES, Alarm, alarms, silent
from sagemaker_ab.traffic.strategies.shares import all_to, whole_percents
from sagemaker_ab.traffic.variant_roles import WHOLE

_DRAWS: Final = 600


def decide_bandit(policy: Bandit, evidence: Evidence, context: LookContext) -> Decision:
    """Return the next decision of a run that has none final."""
    return _Look(policy, evidence, context).decide()


class _Look:
    """One look: exclude what is in breach, stop if the evidence says so, else move weights once a period."""

    def __init__(self, policy: Bandit, evidence: Evidence, context: LookContext) -> None:
        if evidence.posterior is None:
            raise ValueError("a bandit needs evidence with a posterior")
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.posterior: Posterior = evidence.posterior
        self.progress = context.progress
        self.better = 1 if (policy.goal or default_goal(policy.metric)) == "Increase" else -1

    @property
    def _remaining(self) -> tuple[str, ...]:
        return tuple(name for name in self.evidence.roles.variants if name not in self.progress.dropped)

    def decide(self) -> Decision:
        return self._breached() or self._unguarded() or self._stopped() or self._learn()

    def _breached(self) -> Decision | None:
        """Exclude each challenger that is proven worse, and say so; with the last one the run ends."""
        worst: dict[str, Any] = {}
        for alarm in self._breaches("Rollback"):
            if alarm.challenger in self._remaining:
                self.progress = replace(self.progress, dropped=(*self.progress.dropped, alarm.challenger))
            worst = alarm.figures
        if len(self._remaining) == 1:
            weights = all_to(self.evidence.roles.baseline, self.evidence.roles.variants)
            return self._decision(
                Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED, weights=weights, final=True, **worst
            )
        if worst:
            return self._decision(
                Verdict.UNDECIDED, DecisionReason.GUARDRAIL_BREACHED, weights=self._current(), **worst
            )
        for alarm in self._breaches("Hold"):
            return self._decision(
                Verdict.HOLD, DecisionReason.GUARDRAIL_BREACHED, weights=self._current(), **alarm.figures
            )
        return None

    @property
    def _challengers(self) -> list[str]:
        return [name for name in self._remaining if name != self.evidence.roles.baseline]

    def _breaches(self, reaction: str) -> list[Alarm]:
        return [
            alarm
            for alarm in alarms(
                self.policy.guardrails,
                self.evidence,
                rate=self.policy.false_alarm_rate,
                challengers=self._challengers,
            )
            if alarm.breached and alarm.guardrail.on_breach == reaction
        ]

    def _unguarded(self) -> Decision | None:
        """Without the data of a guardrail weights stay, and nothing is decided."""
        unseen = silent(self.policy.guardrails, self.evidence, challengers=self._challengers, now=self.now)
        if not unseen:
            return None
        needs = {"data": unseen}
        return self._decision(
            Verdict.HOLD, DecisionReason.MISSING_DATA, weights=self._current(), subject=unseen, needs=needs
        )

    def _stopped(self) -> Decision | None:
        """End when one variant is proven over every other that remains."""
        stop = self.policy.stop
        elapsed = (self.now - self.evidence.started) * MINUTE
        if stop is None or elapsed < stop.min_duration_seconds or not self._compared:
            return None
        name, figures = self._leader(stop)
        if figures["evidence"] < figures["threshold"]:
            return None
        weights = all_to(name, self.evidence.roles.variants)
        return self._decision(
            Verdict.WINNER, DecisionReason.PROVEN, winner=name, weights=weights, final=True, **figures
        )

    def _leader(self, stop: Stop) -> tuple[str, dict[str, Any]]:
        """Return who is nearest to being proven over the others, and the figures of it."""
        leasts = {
            name: min(self._evidence_over(name, other) for other in self._remaining if other != name)
            for name in self._remaining
        }
        name = max(leasts, key=leasts.__getitem__)
        needed = (len(self.evidence.roles.variants) - 1) / float(stop.false_winner)
        subject = f"{self.policy.metric} of {name} over the others"
        return name, {"evidence": leasts[name], "threshold": needed, "subject": subject}

    @property
    def _fresh(self) -> bool:
        return self.posterior.last >= self._oldest

    @property
    def _compared(self) -> bool:
        """All that remain were compared of late."""
        remaining = set(self._remaining)
        compared = [
            each.last for pair, each in self.evidence.comparisons.items() if remaining.issuperset(pair)
        ]
        return min(compared) >= self._oldest

    @property
    def _oldest(self) -> int:
        """The minute before which data are too old."""
        return self.now - FRESH_MINUTES - self.evidence.attribution

    def _evidence_over(self, name: str, other: str) -> float:
        comparisons = self.evidence.comparisons
        direct = comparisons.get((other, name))
        finding = (direct or comparisons[name, other]).finding()
        better = self.better if direct else -self.better
        return finding.evidence if finding.direction == better else 0.0

    def _learn(self) -> Decision:
        elapsed = (self.now - self.evidence.started) * MINUTE
        period = self.now * MINUTE // self.policy.update_seconds
        if elapsed < self.policy.warm_up_seconds:
            needs = {"seconds": self.policy.warm_up_seconds - elapsed}
            return self._decision(
                Verdict.UNDECIDED, DecisionReason.WARMING_UP, weights=self._even(), needs=needs
            )
        if not self._fresh:
            return self._decision(
                Verdict.UNDECIDED,
                DecisionReason.MISSING_DATA,
                weights=self._current(),
                needs={"data": self.policy.metric},
            )
        weights = self._current()
        if period > self.progress.period:
            self.progress = replace(self.progress, period=period)
            weights = self._moved(weights, self._target(period))
        figures = self._leader(self.policy.stop)[1] if self.policy.stop else {}
        return self._decision(Verdict.UNDECIDED, DecisionReason.LEARNING, weights=weights, **figures)

    def _even(self) -> dict[str, int]:
        shares = {name: float(name in self._remaining) for name in self.evidence.roles.variants}
        return whole_percents(shares)

    def _current(self) -> dict[str, int]:
        """The weights that were asked for last, those of excluded variants given to the others."""
        asked = self.progress.weights or self._even()
        shares = {name: float(asked[name] * (name in self._remaining)) for name in asked}
        return whole_percents(shares) if sum(shares.values()) > 0 else self._even()

    def _target(self, period: int) -> dict[str, float]:
        """Give each variant its floor, and the rest by how probably it is the best, up to the ceiling."""
        variants = self.evidence.roles.variants
        names = self._remaining
        best = probabilities(
            self.posterior,
            better=self.better,
            among=[variants.index(name) for name in names],
            random=Random(f"{self.policy.seed}:{period}"),  # noqa: S311  # reproducible on purpose
        )
        floor = self.policy.floor_percent
        free = WHOLE - floor * len(names)
        shares = {name: floor + free * best[variants.index(name)] for name in names}
        return dict.fromkeys(variants, 0.0) | _under_ceiling(shares, self.policy.ceiling_percent)

    def _moved(self, current: Mapping[str, int], target: Mapping[str, float]) -> dict[str, int]:
        """Go towards the target, by the maximum step at most, and not at all within the dead band."""
        change = max(abs(target[name] - current[name]) for name in current)
        if change < self.policy.deadband_percent or change == 0:
            return dict(current)
        part = min(1.0, self.policy.max_step_percent / change)
        return whole_percents(
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
        """Until then nothing changes, unless something beside the learning is watched."""
        if self.policy.guardrails or self.policy.stop:
            return 1
        update = self.policy.update_seconds // MINUTE
        begin = self.evidence.started + self.policy.warm_up_seconds // MINUTE
        return begin - self.now if self.now < begin else update - self.now % update


def probabilities(
    posterior: Posterior, *, better: int, among: Sequence[int], random: Random
) -> dict[int, float]:
    """Return how often each of `among`, by its place, is the best of a draw from the posterior."""
    lower = cholesky(posterior.precision)
    # The columns of what makes a draw's spread of independent normal numbers.
    columns = [back(lower, unit) for unit in identity(len(lower), 1.0)]
    arms = [(better * posterior.mean[place], [column[place] for column in columns]) for place in among]
    wins = [0] * len(arms)
    for _ in range(_DRAWS):
        noise = [random.gauss(0.0, 1.0) for _ in columns]
        drawn = [mean + better * sum(map(mul, row, noise)) for mean, row in arms]
        wins[drawn.index(max(drawn))] += 1
    return {place: won / _DRAWS for place, won in zip(among, wins, strict=True)}


def _under_ceiling(shares: Mapping[str, float], ceiling: int) -> dict[str, float]:
    """Cut shares at the ceiling and give what is cut to those below it, by their shares."""
    full: set[str] = set()
    while len(full) < len(shares):
        below = {name: share for name, share in shares.items() if name not in full}
        rest, total = WHOLE - ceiling * len(full), sum(below.values())
        scaled = {name: rest * (share / total if total else 1 / len(below)) for name, share in below.items()}
        over = {name for name, share in scaled.items() if share > ceiling}
        if not over:
            return {name: scaled.get(name, float(ceiling)) for name in shares}
        full |= over
    return dict.fromkeys(shares, WHOLE / len(shares))
