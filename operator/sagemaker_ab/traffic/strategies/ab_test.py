"""ABTest: a winner when every block length proves it, between the minimum and the maximum duration."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sagemaker_ab.api.policies.ab_test import ABTest, RampStep
from sagemaker_ab.api.policies.common import MINUTE
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.health_checks import (
    FRESH_MINUTES,
    Alarm,
    alarms,
    ratio_alarm,
    silent,
    uncompared,
)
from sagemaker_ab.traffic.strategies.hypothesis import Contest, Judgement
from sagemaker_ab.traffic.strategies.shares import all_to, whole_percents
from sagemaker_ab.traffic.strategies.step_hold import Stage, next_step
from sagemaker_ab.traffic.variant_roles import WHOLE


def decide_ab_test(policy: ABTest, evidence: Evidence, context: LookContext) -> Decision:
    """Return the next decision of a run that has none final."""
    return _Look(policy, evidence, context).decide()


class _Look:
    """One look: breaches first, then what holds, then the ramp-up, then the hypothesis."""

    def __init__(self, policy: ABTest, evidence: Evidence, context: LookContext) -> None:
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.baseline = evidence.roles.baseline
        self.progress = self.before = context.progress
        if self.progress.step_since < 0:
            self.progress = replace(self.progress, step_since=evidence.started)
        self.begins_test = False
        self.alarms = alarms(
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
        return self._breached() or self._held() or self._ramping() or self._judged()

    def _breached(self) -> Decision | None:
        """Drop each challenger that is proven worse, and say so; with the last one the run ends."""
        worst: dict[str, Any] = {}
        for alarm in self._breaches("Rollback"):
            if alarm.challenger in self.remaining:
                self.progress = replace(self.progress, dropped=(*self.progress.dropped, alarm.challenger))
            worst = alarm.figures
        if self.remaining and (not worst or self._is_over):
            return None
        if self.remaining:
            return self._undecided(DecisionReason.GUARDRAIL_BREACHED, **worst)
        weights = all_to(self.baseline, self.evidence.roles.variants)
        return self._decision(
            Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED, weights=weights, final=True, **worst
        )

    def _held(self) -> Decision | None:
        for alarm in self._breaches("Hold"):
            return self._hold(DecisionReason.GUARDRAIL_BREACHED, **alarm.figures)
        if self.policy.on_sample_ratio_mismatch == "Hold" and (off := ratio_alarm(self.evidence)):
            return self._hold(DecisionReason.SAMPLE_RATIO_MISMATCH, **off)
        unseen = silent(self.policy.guardrails, self.evidence, challengers=self.remaining, now=self.now)
        if unseen:
            return self._hold(DecisionReason.MISSING_DATA, subject=unseen, needs={"data": unseen})
        return None

    def _breaches(self, reaction: str) -> list[Alarm]:
        return [
            alarm
            for alarm in self.alarms
            if alarm.breached
            and alarm.guardrail.on_breach == reaction
            and alarm.challenger not in self.progress.dropped
        ]

    def _ramping(self) -> Decision | None:
        """Pass the ramp-up's steps; where they end the test begins, and forgets what it saw of them."""
        if not self._is_ramping:
            return None
        if self._is_over:
            return self._undecided(DecisionReason.MAXIMUM_DURATION, final=True)
        step = self._ramp[self.progress.step]
        stage = Stage(percent=step.percent, names=self.remaining, now=self.now)
        self.progress = stage.settled_in(self.progress, self.evidence)
        wait = stage.waits(self.progress, self.evidence, step.hold)
        if wait is not None:
            return self._undecided(DecisionReason.RAMPING_UP, needs=wait.needs)
        since = self.progress.held_since
        unseen = uncompared(self.policy.guardrails, self.evidence, challengers=self.remaining, since=since)
        if unseen:
            return self._undecided(DecisionReason.MISSING_DATA, subject=unseen, needs={"data": unseen})
        self.progress = next_step(self.progress, now=self.now)
        self.begins_test = self.progress.step == len(self._ramp)
        return self._undecided(DecisionReason.STEP_ADVANCED)

    def _judged(self) -> Decision:
        if self.now < self.evidence.tested_since:
            left = (self.evidence.tested_since - self.now) * MINUTE
            return self._undecided(DecisionReason.WARMING_UP, needs={"seconds": left})
        contest = Contest(
            self.evidence,
            hypothesis=self.policy.hypothesis,
            false_winner=float(self.policy.error_rates.false_winner),
            remaining=self.remaining,
        )
        fresh = self._fresh
        judgement = contest.judgement() if fresh else None
        early = self.policy.min_duration_seconds - self._elapsed_seconds
        figures = contest.figures()
        if judgement is not None and early <= 0:
            return self._won(judgement, figures)
        if self._is_over:
            return self._undecided(DecisionReason.MAXIMUM_DURATION, final=True, **figures)
        if not fresh:
            return self._undecided(DecisionReason.MISSING_DATA, needs={"data": self._stalest}, **figures)
        if judgement is not None:
            return self._undecided(DecisionReason.MINIMUM_DURATION, needs={"seconds": early}, **figures)
        needs = {"evidence": contest.needed, "seconds": early} if early > 0 else {"evidence": contest.needed}
        return self._undecided(DecisionReason.EVIDENCE_TOO_LOW, needs=needs, **figures)

    @property
    def _elapsed_seconds(self) -> int:
        return (self.now - self.evidence.tested_since) * MINUTE

    @property
    def _is_over(self) -> bool:
        """The maximum counts from where the test begins, or from where its ramp-up should have ended."""
        if not self._is_ramping:
            return self._elapsed_seconds >= self.policy.max_duration_seconds
        planned = sum(step.hold.min_duration_seconds for step in self._ramp) // MINUTE
        since = max(self.evidence.started + planned, self.evidence.watched_since)
        return (self.now - since) * MINUTE >= self.policy.max_duration_seconds

    @property
    def _fresh(self) -> bool:
        """Every challenger that remains was compared of late."""
        oldest = self.now - FRESH_MINUTES - self.evidence.attribution
        return min(map(self._last, self.remaining)) >= oldest

    @property
    def _stalest(self) -> str:
        return f"{self.policy.hypothesis.metric} of {min(self.remaining, key=self._last)}"

    def _last(self, name: str) -> float:
        return self.evidence.comparisons[self.baseline, name].last

    def _won(self, judgement: Judgement, figures: dict[str, Any]) -> Decision:
        weights = None
        if judgement.winner is not None and self.policy.on_winner == "Promote":
            weights = all_to(judgement.winner, self.evidence.roles.variants)
        return self._decision(
            Verdict.NO_DIFFERENCE if judgement.winner is None else Verdict.WINNER,
            judgement.reason,
            winner=judgement.winner,
            weights=weights,
            final=True,
            **(figures | judgement.figures),
        )

    def _hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        """What holds keeps every verdict away, to the end."""
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
        asked = self._asked() if weights is None else weights
        outcome = LookOutcome(verdict=verdict, reason=reason, weights=asked, **figures)
        return Decision(at=self.now, outcome=outcome, progress=self.progress, begins_test=self.begins_test)

    def _asked(self) -> Mapping[str, int]:
        """The allocation, without those that were dropped; in a ramp-up its step."""
        if self.progress is self.before and self.progress.weights:
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
            shares[self.baseline] = float(WHOLE - percent)
        return whole_percents(shares)
