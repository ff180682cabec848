"""What a strategy decides, and what it remembers from one look to the next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self


class Verdict(StrEnum):
    """What a look ends with."""

    UNDECIDED = "Undecided"
    WINNER = "Winner"
    NO_DIFFERENCE = "NoDifference"
    HOLD = "Hold"
    PROMOTE = "Promote"
    ROLLBACK = "Rollback"


class DecisionReason(StrEnum):
    """Why. A closed list."""

    PROVEN = "Proven"
    """The winner is proven over every other variant."""
    BEST_OF_SEVERAL = "BestOfSeveral"
    """The winner is proven over the baseline, but not over each other challenger."""
    NOT_INFERIOR = "NotInferior"
    """The challenger is proven to be within the margin."""
    WITHIN_MINIMUM_EFFECT = "WithinMinimumEffect"
    """Every interval lies within the smallest difference of interest."""
    EVIDENCE_TOO_LOW = "EvidenceTooLow"
    """Some block length does not yet tell."""
    MINIMUM_DURATION = "MinimumDuration"
    """The evidence would do, the time does not."""
    MAXIMUM_DURATION = "MaximumDuration"
    """The time is over, and nothing is decided."""
    RAMPING_UP = "RampingUp"
    """The allocation is not reached; the hypothesis sees nothing yet."""
    WARMING_UP = "WarmingUp"
    """The first minutes do not count."""
    MISSING_DATA = "MissingData"
    """The metric that decides, or one that guards, has not come."""
    SAMPLE_RATIO_MISMATCH = "SampleRatioMismatch"
    """Invocations are not split as the weights say: what is compared may not be comparable."""
    GUARDRAIL_BREACHED = "GuardrailBreached"
    """A challenger is proven worse than the baseline by more than the margin."""
    BREAKER_TRIPPED = "BreakerTripped"
    """An absolute bound is broken."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """The steps did not end in time."""
    NO_TRAFFIC = "NoTraffic"
    """The candidate has a share and no invocations."""
    STEP_HOLD = "StepHold"
    """The step's time or requests are not full."""
    WEIGHTS_NOT_APPLIED = "WeightsNotApplied"
    """The step's share is asked for and not applied."""
    APPROVAL_REQUIRED = "ApprovalRequired"
    """A person's word is awaited."""
    NOT_INFERIOR_UNPROVEN = "NotInferiorUnproven"
    """A guardrail has not yet proven that the candidate is within its margin."""
    STEP_ADVANCED = "StepAdvanced"
    """The next step begins."""
    BAKING = "Baking"
    """The last step is reached, and not yet final."""
    STEPS_COMPLETED = "StepsCompleted"
    """Every step is passed."""
    LEARNING = "Learning"
    """Weights follow what is learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOutcome:
    """A decision's content. `evidence` is the figure that `threshold` is for, `subject` what it is about.

    `weights` are percents. `needs` says what is awaited: `seconds`, `requests`, `percent` (applied),
    `approvalOfStep`, `evidence`, `data` (of what).
    """

    verdict: Verdict
    reason: DecisionReason
    weights: Mapping[str, int]
    winner: str | None = None
    final: bool = False
    evidence: float = 0.0
    threshold: float = 0.0
    subject: str = ""
    needs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        return cls(
            **{**state, "verdict": Verdict(state["verdict"]), "reason": DecisionReason(state["reason"])}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a run remembers: moments count minutes since 1970, -1 is never."""

    step: int = 0
    step_since: int = -1
    held_since: int = -1
    requests_before: float = 0.0
    dropped: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    period: int = -1
    outcome: LookOutcome | None = None
    decided_at: int = -1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        outcome = state["outcome"]
        return cls(
            **{
                **state,
                "dropped": tuple(state["dropped"]),
                "outcome": None if outcome is None else LookOutcome.from_json(outcome),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LookContext:
    """The look. `now` is the first minute that is not over; `approved` are steps, counted from 1."""

    now: int
    progress: Progress
    approved: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, what to remember, and after how many minutes to look again: 0 once it is final."""

    at: int
    outcome: LookOutcome
    progress: Progress
    next_look_in_minutes: int = 1
    begins_test: bool = False


def final_decision(context: LookContext) -> Decision | None:
    """Return the decision that stands already: once final, a verdict stays, with the numbers that it had."""
    if context.progress.outcome is None:
        return None
    return Decision(
        at=context.now, outcome=context.progress.outcome, progress=context.progress, next_look_in_minutes=0
    )


def record_outcome(decision: Decision) -> Decision:
    """Record a final outcome, and the weights that were asked for."""
    outcome, progress = decision.outcome, decision.progress
    if outcome.final:
        progress = replace(progress, weights=outcome.weights, outcome=outcome, decided_at=decision.at)
        return replace(decision, progress=progress, next_look_in_minutes=0)
    if progress.weights != outcome.weights:
        progress = replace(progress, weights=outcome.weights)
    return decision if progress is decision.progress else replace(decision, progress=progress)
