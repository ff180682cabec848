"""Stepped: the candidate's share grows while nothing speaks against it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sagemaker_ab.api.policies.common import MINUTE, Hold
from sagemaker_ab.api.policies.stepped import Step, Stepped
from sagemaker_ab.traffic.decision import (
    Decision,
    DecisionReason,
    LookContext,
    LookOutcome,
    Progress,
    Verdict,
)
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.health_checks import (
    FRESH_MINUTES,
    Alarm,
    alarms,
    blind,
    ratio_alarm,
    silent,
    tripped,
    uncompared,
    unread,
    within_margin,
)
from sagemaker_ab.traffic.strategies.shares import all_to
from sagemaker_ab.traffic.strategies.step_hold import Stage, next_step
from sagemaker_ab.traffic.variant_roles import WHOLE

_PROOF_THRESHOLD: Final = 20.0
"""`advanceOn: NonInferior` asks each guardrail for proof at 5 %."""


def decide_stepped(policy: Stepped, evidence: Evidence, context: LookContext) -> Decision:
    """Return the next decision of a run that has none final."""
    return _Look(policy, evidence, context).decide()


class _Look:
    """One look: what it reads, in the order in which it may end the run."""

    def __init__(self, policy: Stepped, evidence: Evidence, context: LookContext) -> None:
        self.policy, self.evidence, self.now = policy, evidence, context.now
        self.approved = context.approved
        self.baseline, (self.candidate,) = evidence.roles.baseline, evidence.roles.challengers
        self.progress = context.progress
        if self.progress.step_since < 0:
            self.progress = replace(self.progress, step_since=evidence.started)
        self.progress = self._settled()
        self.alarms = alarms(
            policy.guardrails, evidence, rate=policy.false_alarm_rate, challengers=(self.candidate,)
        )

    def _settled(self) -> Progress:
        return self._stage.settled_in(self.progress, self.evidence)

    @property
    def _stage(self) -> Stage:
        return Stage(percent=self._step.percent, names=(self.candidate,), now=self.now)

    def decide(self) -> Decision:
        return self._ended() or self._held() or self._proceed()

    def _ended(self) -> Decision | None:
        trip = tripped(self.policy.breakers, self.evidence)
        if trip is not None:
            breaker, value = trip
            bound = breaker.max_micros if breaker.max_rate is None else float(breaker.max_rate)
            return self._rollback(
                DecisionReason.BREAKER_TRIPPED,
                evidence=value,
                threshold=float(bound or 0),
                subject=f"{breaker.metric} of {self.candidate}",
            )
        for alarm in self._breaches("Rollback"):
            return self._rollback(DecisionReason.GUARDRAIL_BREACHED, **alarm.figures)
        if (self.now - self.evidence.started) * MINUTE >= self.policy.deadline_seconds:
            return self._rollback(DecisionReason.DEADLINE_EXCEEDED)
        if self.policy.on_no_traffic == "Rollback" and self._without_traffic():
            return self._rollback(DecisionReason.NO_TRAFFIC)
        return None

    def _held(self) -> Decision | None:
        if self.policy.on_no_traffic == "Hold" and self._without_traffic():
            return self._hold(DecisionReason.NO_TRAFFIC)
        for alarm in self._breaches("Hold"):
            return self._hold(DecisionReason.GUARDRAIL_BREACHED, **alarm.figures)
        if self.policy.on_sample_ratio_mismatch == "Hold" and (off := ratio_alarm(self.evidence)):
            return self._hold(DecisionReason.SAMPLE_RATIO_MISMATCH, **off)
        if self._compares() and (subject := self._silent()):
            return self._hold(DecisionReason.MISSING_DATA, subject=subject, needs={"data": subject})
        return None

    def _silent(self) -> str:
        return silent(self.policy.guardrails, self.evidence, challengers=(self.candidate,), now=self.now)

    def _proceed(self) -> Decision:
        """Pass one step at most: the next one begins with a look of its own."""
        step = self.policy.steps[self.progress.step]
        hold = self._demanded()
        if hold is not None and (wait := self._stage.waits(self.progress, self.evidence, hold)):
            return self._undecided(wait.reason, needs=wait.needs)
        if hold is not None and (unseen := self._unseen()):
            return self._undecided(DecisionReason.MISSING_DATA, subject=unseen, needs={"data": unseen})
        if self._compares() and (unproven := self._unproven()):
            return self._undecided(
                DecisionReason.NOT_INFERIOR_UNPROVEN, subject=unproven, needs={"evidence": _PROOF_THRESHOLD}
            )
        if step.approval == "Required" and self.progress.step + 1 not in self.approved:
            return self._undecided(
                DecisionReason.APPROVAL_REQUIRED, needs={"approvalOfStep": self.progress.step + 1}
            )
        if self._last:
            return self._decision(Verdict.PROMOTE, DecisionReason.STEPS_COMPLETED, winner=self.candidate)
        self.progress = next_step(self.progress, now=self.now)
        if self._last and self._demanded() is None and self._step.approval == "NotRequired":
            return self._decision(Verdict.PROMOTE, DecisionReason.STEPS_COMPLETED, winner=self.candidate)
        return self._undecided(DecisionReason.STEP_ADVANCED)

    @property
    def _step(self) -> Step:
        return self.policy.steps[self.progress.step]

    @property
    def _last(self) -> bool:
        return self.progress.step == len(self.policy.steps) - 1

    def _demanded(self) -> Hold | None:
        """The last step holds only if it says so or bakes, unless it is the only one: some step must hold."""
        hold = self._step.hold
        if not self._last:
            return hold or Hold()
        bake = self.policy.bake_seconds
        if hold is not None:
            return hold.model_copy(update={"min_duration_seconds": hold.min_duration_seconds + bake})
        if bake:
            return Hold(min_duration_seconds=bake, min_requests=1)
        return Hold() if len(self.policy.steps) == 1 else None

    def _unseen(self) -> str:
        """Name a guardrail or a breaker of which nothing came during this step."""
        names, since = (self.candidate,), self.progress.held_since
        if self._compares():
            unseen = uncompared(self.policy.guardrails, self.evidence, challengers=names, since=since)
        else:
            unseen = unread(self.policy.guardrails, self.evidence, variant=self.candidate)
        oldest = max(since, self.now - FRESH_MINUTES)
        return unseen or blind(self.policy.breakers, self.evidence, variant=self.candidate, oldest=oldest)

    def _unproven(self) -> str:
        if self.policy.advance_on != "NonInferior":
            return ""
        for guardrail in self.policy.guardrails:
            if within_margin(guardrail, self.candidate, self.evidence) < _PROOF_THRESHOLD:
                return f"{guardrail.metric} of {self.candidate}"
        return ""

    def _compares(self) -> bool:
        """At the whole of the traffic there is nothing left to compare with."""
        return self._step.percent < WHOLE

    def _breaches(self, reaction: str) -> list[Alarm]:
        return [alarm for alarm in self.alarms if alarm.breached and alarm.guardrail.on_breach == reaction]

    def _without_traffic(self) -> bool:
        grace = self.policy.no_traffic_grace_seconds // MINUTE
        since = max(self.evidence.totals.last_call[self.candidate], self.progress.step_since - 1)
        return self.now - 1 - since > grace

    def _rollback(self, reason: DecisionReason, **figures: Any) -> Decision:
        weights = all_to(self.baseline, self.evidence.roles.variants)
        return self._decision(Verdict.ROLLBACK, reason, weights=weights, **figures)

    def _hold(self, reason: DecisionReason, **figures: Any) -> Decision:
        return self._decision(Verdict.HOLD, reason, **figures)

    def _undecided(self, reason: DecisionReason, **figures: Any) -> Decision:
        return self._decision(Verdict.UNDECIDED, reason, **(self._worst() | figures))

    def _worst(self) -> dict[str, Any]:
        """While nothing ends the run, the alarm that is nearest to its threshold stands for the evidence."""
        if not self.alarms:
            return {}
        return max(self.alarms, key=lambda alarm: alarm.evidence).figures

    def _decision(
        self,
        verdict: Verdict,
        reason: DecisionReason,
        *,
        weights: Mapping[str, int] | None = None,
        **figures: Any,
    ) -> Decision:
        percent = self._step.percent
        asked = {self.baseline: WHOLE - percent, self.candidate: percent}
        outcome = LookOutcome(
            verdict=verdict,
            reason=reason,
            weights=asked if weights is None else weights,
            final=verdict in {Verdict.PROMOTE, Verdict.ROLLBACK},
            **figures,
        )
        return Decision(at=self.now, outcome=outcome, progress=self.progress)
