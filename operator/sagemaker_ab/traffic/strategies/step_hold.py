"""How far a step is: its share applied, its time over, its requests made, its approval given."""

from dataclasses import dataclass, replace
from typing import Any

from sagemaker_ab.api.policies.common import MINUTE, Hold
from sagemaker_ab.traffic.decision import DecisionReason, Progress
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.health_checks import applied_share

_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Why a step is not over, and what it needs."""

    reason: DecisionReason
    needs: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A share that is asked for `names` together, as it is seen at minute `now`."""

    percent: int
    names: tuple[str, ...]
    now: int

    def settled_in(self, progress: Progress, evidence: Evidence) -> Progress:
        """Let the hold begin when the share is applied, or at once where the data do not say what is."""
        if progress.held_since >= 0 or not evidence.ledger.latest:
            return progress
        share = applied_share(evidence, self.names)
        if share is not None and share < self.percent - _TOLERANCE:
            return progress
        return replace(progress, held_since=self.now, requests_before=self._requests(evidence))

    def waits(self, progress: Progress, evidence: Evidence, hold: Hold) -> Waiting | None:
        """Return what the hold waits for, or None when it is full."""
        if progress.held_since < 0:
            return Waiting(reason=DecisionReason.WEIGHTS_NOT_APPLIED, needs={"percent": self.percent})
        seconds = hold.min_duration_seconds - (self.now - progress.held_since) * MINUTE
        requests = hold.min_requests - (self._requests(evidence) - progress.requests_before)
        needs = {"seconds": seconds, "requests": int(requests)}
        left = {name: amount for name, amount in needs.items() if amount > 0}
        return Waiting(reason=DecisionReason.STEP_HOLD, needs=left) if left else None

    def _requests(self, evidence: Evidence) -> float:
        return sum(evidence.totals.calls[name] for name in self.names)


def next_step(progress: Progress, *, now: int) -> Progress:
    """Return the progress at the begin of the next step."""
    return replace(progress, step=progress.step + 1, step_since=now, held_since=-1, requests_before=0.0)
