"""The hold of a step: when it starts, and what it still waits for."""

from dataclasses import dataclass, replace
from typing import Any, Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE, StepHold
from sagemaker_ab.traffic.decision import DecisionReason, Progress
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.health_checks import applied_percent

_TOLERANCE_PERCENT: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingHold:
    """Why a hold is not over, and what it needs."""

    reason: DecisionReason
    needs: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveStep:
    """The current step at minute `now`: the percent of the traffic that `names` get together."""

    percent: int
    names: tuple[str, ...]
    now: int

    def start_hold(self, progress: Progress, evidence: RunEvidence[Any]) -> Progress:
        """Start the hold once the share is applied, and stop it while the share is smaller.

        If the counts have no weights, it starts at once. A greater share is not that of the step, so that the
        hold does not start with it; but it may grow after the hold, on the way to all the traffic.
        """
        if not evidence.buffer.verified_minutes:
            return progress
        applied = applied_percent(evidence, self.names)
        difference = 0.0 if applied is None else applied - self.percent
        if progress.held_since >= 0:
            return stop_hold(progress) if difference < -_TOLERANCE_PERCENT else progress
        if abs(difference) > _TOLERANCE_PERCENT:
            return progress
        before = progress.requests_before
        return replace(
            progress,
            held_since=self.now,
            requests_before=before if before >= 0 else self.requests(evidence),
            minutes_before=evidence.totals.minutes,
        )

    def pending_hold(
        self, progress: Progress, evidence: RunEvidence[Any], hold: StepHold
    ) -> PendingHold | None:
        """Return what the hold waits for, or None if it is over.

        Only minutes with counts and verified weights are time of the hold.
        """
        if progress.held_since < 0:
            return PendingHold(reason=DecisionReason.WEIGHTS_NOT_APPLIED, needs={"percent": self.percent})
        seconds = hold.min_duration_seconds - self.minutes(progress, evidence) * SECONDS_PER_MINUTE
        requests = hold.min_requests - self.requests_since(progress, evidence)
        needs = {"seconds": seconds, "requests": int(requests)}
        left = {name: amount for name, amount in needs.items() if amount > 0}
        return PendingHold(reason=DecisionReason.STEP_HOLD, needs=left) if left else None

    def minutes(self, progress: Progress, evidence: RunEvidence[Any]) -> int:
        """Return how many minutes the hold has lasted."""
        return evidence.totals.minutes - progress.minutes_before

    def requests_since(self, progress: Progress, evidence: RunEvidence[Any]) -> float:
        """Return the invocations of these variants since the share of the step was first applied."""
        before = progress.requests_before
        return self.requests(evidence) - before if before >= 0 else 0.0

    def requests(self, evidence: RunEvidence[Any]) -> float:
        """Return the invocations of these variants since the start of the run."""
        return sum(evidence.totals.invocations(name) for name in self.names)


def stop_hold(progress: Progress) -> Progress:
    """Let the time of the hold start again. The requests that the step has had still count."""
    return replace(progress, held_since=-1, minutes_before=0)


def start_next_step(progress: Progress, *, now: int) -> Progress:
    """Return the progress at the start of the next step."""
    return replace(
        progress,
        step=progress.step + 1,
        step_since=now,
        held_since=-1,
        requests_before=-1.0,
        minutes_before=0,
    )
