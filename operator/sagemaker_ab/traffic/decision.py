"""What a strategy receives at a look, what it decides, and what it remembers until the next look."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self


class Verdict(StrEnum):
    """The result of a look."""

    UNDECIDED = "Undecided"
    WINNER = "Winner"
    NO_DIFFERENCE = "NoDifference"
    HOLD = "Hold"
    PROMOTE = "Promote"
    ROLLBACK = "Rollback"


class DecisionReason(StrEnum):
    """Why a look has its verdict. The list is closed."""

    DECLARED = "Declared"
    """The weights are those of the spec."""
    PROVEN = "Proven"
    """The winner is proven better than every other variant."""
    BEST_OF_SEVERAL = "BestOfSeveral"
    """The winner is proven better than the baseline, but not better than every other challenger."""
    NOT_INFERIOR = "NotInferior"
    """The challenger is proven to be within the margin of the baseline, or better."""
    WITHIN_MINIMUM_EFFECT = "WithinMinimumEffect"
    """Every confidence interval lies within the minimum effect."""
    EVIDENCE_TOO_LOW = "EvidenceTooLow"
    """The evidence is below its threshold at some block length."""
    MINIMUM_DURATION = "MinimumDuration"
    """The evidence suffices, but the minimum duration is not over."""
    MAXIMUM_DURATION = "MaximumDuration"
    """The maximum duration is over without a verdict."""
    RAMPING_UP = "RampingUp"
    """The ramp-up has not reached the allocation. The hypothesis ignores its data."""
    WARMING_UP = "WarmingUp"
    """The warm-up is not over. Its data does not count."""
    MISSING_DATA = "MissingData"
    """There is no recent data of the metric that decides, or of a metric that guards."""
    SAMPLE_RATIO_MISMATCH = "SampleRatioMismatch"
    """Invocations are not split as the weights say, so the variants may not be comparable."""
    GUARDRAIL_BREACHED = "GuardrailBreached"
    """A challenger is proven worse than the baseline by more than the margin."""
    BREAKER_TRIPPED = "BreakerTripped"
    """An absolute bound was exceeded."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """The steps did not complete before the deadline."""
    NO_TRAFFIC = "NoTraffic"
    """The candidate has a share of the traffic but no invocations."""
    STEP_HOLD = "StepHold"
    """The step has not had its duration or its requests."""
    WEIGHTS_NOT_APPLIED = "WeightsNotApplied"
    """The share of the step is requested but not applied."""
    APPROVAL_REQUIRED = "ApprovalRequired"
    """The step waits for the approval of a person."""
    NOT_INFERIOR_UNPROVEN = "NotInferiorUnproven"
    """A guardrail has not proven that the candidate is within its margin."""
    STEP_ADVANCED = "StepAdvanced"
    """The next step starts."""
    STEPS_COMPLETED = "StepsCompleted"
    """Every step is complete."""
    LEARNING = "Learning"
    """The weights follow the posterior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOutcome:
    """The content of a decision.

    `weights` are the requested weights in percent. `evidence` is an e-value about `subject` and is compared
    with `threshold`; of a breaker both are a rate or microseconds. `needs` says what the run waits for:
    `seconds`, `requests`, `percent` (to be applied), `approvalOfStep` (counted from 1), `evidence` and `data`
    (of what). A `final` outcome ends the run.
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
    """What a run remembers between looks. The field names are the persisted layout.

    Minutes are counted since 1970-01-01 UTC; -1 is never. `step` is the index of the current step, which
    started at `step_since`. Its share has been applied, and data has come, since `held_since`, when the run
    had had `minutes_before` minutes with verified weights. When the share was first applied, its variants had
    had `requests_before` invocations. `dropped` are the challengers that a guardrail has excluded, in order.
    `weights` are those last requested, in percent. `period` is the index of the last weight update of a
    bandit. `outcome` is the final outcome, and `decided_at` its minute.
    """

    step: int = 0
    step_since: int = -1
    held_since: int = -1
    requests_before: float = -1.0
    minutes_before: int = 0
    dropped: tuple[str, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    period: int = -1
    outcome: LookOutcome | None = None
    decided_at: int = -1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Return the progress that `to_json` saved. Raises KeyError if a member is missing."""
        members = {member.name: state[member.name] for member in fields(cls)}
        outcome = members["outcome"]
        members["dropped"] = tuple(members["dropped"])
        members["outcome"] = None if outcome is None else LookOutcome.from_json(outcome)
        return cls(**members)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookContext:
    """What a strategy receives at a look, beside the evidence.

    `now` is the first minute that is not over. `approved` are the approved steps, counted from 1.
    `has_deadline`: a deadline that is over ends the run.
    """

    now: int
    progress: Progress
    approved: frozenset[int] = frozenset()
    has_deadline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now, what to remember, and when to look again.

    `next_look_in_minutes` is 0 once the outcome is final. `begins_test` is set when a ramp-up has ended and
    the hypothesis must discard what it saw.
    """

    at: int
    outcome: LookOutcome
    progress: Progress
    next_look_in_minutes: int = 1
    begins_test: bool = False


def final_decision(context: LookContext) -> Decision | None:
    """Return the decision that ended the run, with the numbers it had then; None if the run has not ended."""
    if context.progress.outcome is None:
        return None
    return Decision(
        at=context.now, outcome=context.progress.outcome, progress=context.progress, next_look_in_minutes=0
    )


def record_outcome(decision: Decision) -> Decision:
    """Return the decision with the requested weights, and the outcome if it is final, in its progress."""
    outcome, progress = decision.outcome, decision.progress
    if outcome.final:
        progress = replace(progress, weights=outcome.weights, outcome=outcome, decided_at=decision.at)
        return replace(decision, progress=progress, next_look_in_minutes=0)
    if progress.weights != outcome.weights:
        progress = replace(progress, weights=outcome.weights)
    return decision if progress is decision.progress else replace(decision, progress=progress)
