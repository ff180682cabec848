"""The record of a run: what status keeps of it, so that another process can continue the run.

A record changes only when something is worth writing. The evidence of the minutes since `SavedEvidence` was
packed is not in it. Those minutes are read from CloudWatch again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.traffic_status import (
    STATE_LENGTH,
    CommandStatus,
    ComparisonStatus,
    DataStatus,
    DecisionStatus,
    Gate,
    PreviousRun,
    StepStatus,
    TrafficStatus,
    VariantWeight,
)
from sagemaker_ab.planning.runs.identity import RunTag, attempt_of
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.weight_history import WeightHistory
from sagemaker_ab.traffic.decision import Progress
from sagemaker_ab.traffic.run import Run

_LAYOUT: Final = 1
"""The version of the packed state. A state of another version counts as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedEvidence:
    """The evidence of a run up to the minute `watermark`."""

    checkpoint: Mapping[str, Any]
    watermark: int

    @classmethod
    def of(cls, run: Run, watermark: int) -> Self:
        """Save the evidence of a run, in the form in which status gives it back."""
        return cls(checkpoint=json.loads(json.dumps(run.checkpoint())), watermark=watermark)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNumbers:
    """What is shown of the evidence. It is kept until a number that is worth showing changes."""

    gates: tuple[Gate, ...] = ()
    comparisons: tuple[ComparisonStatus, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run of an endpoint. Minutes are counted since 1970-01-01 UTC, times are seconds on AWS's clock.

    `created` is when the endpoint was created; None if that was not recorded. `core` and `passed` are the
    hashes that say whether the spec still asks for this run (see `identity`). `requested` are the shares in
    percent that the run decided; None for those that serve. `weights` are those to keep in force now, on the
    way there, and `in_force_since` is when a read first showed them. `promoted`: a person promoted the
    candidate, and the run ends once it has all the traffic. `approvals` has the hash of what each approved
    step was when it was approved. `interrupted`: the data was too old for a decision, so the hold of the step
    starts again. `ended` is when the run got its outcome. `history` has the verified weights of the whole
    run, up to when they were last saved. It stays after the outcome. `previous` is how the run before this
    one ended.
    """

    run: str
    core: str
    passed: str
    started: int
    mode: str
    baseline: str
    candidate: str
    steps: int
    percent: int
    created: float | None = None
    progress: Progress = field(default_factory=Progress)
    requested: Mapping[str, int] | None = None
    weights: Mapping[str, int] | None = None
    in_force_since: float | None = None
    outcome: Outcome | None = None
    ended: float | None = None
    patch: str = ""
    decisions: tuple[DecisionStatus, ...] = ()
    commands: tuple[CommandStatus, ...] = ()
    held: bool = False
    approved: frozenset[int] = frozenset()
    approvals: Mapping[int, str] = field(default_factory=dict)
    data: DataStatus | None = None
    interrupted: bool = False
    promoted: bool = False
    shown: ShownNumbers = field(default_factory=ShownNumbers)
    saved: SavedEvidence | None = None
    history: WeightHistory | None = None
    previous: PreviousRun | None = None

    @property
    def final(self) -> bool:
        return self.outcome is not None

    @property
    def step(self) -> int:
        """The number of the current step, counted from 1."""
        return self.progress.step + 1

    @property
    def observes(self) -> bool:
        """Whether the run never moves a weight."""
        return self.mode == "Observe"

    @property
    def tag(self) -> RunTag:
        """What the endpoint is to remember of this run. A superseded run is followed by another one."""
        outcome = None if self.outcome is Outcome.SUPERSEDED else self.outcome
        return RunTag(run=self.run, core=self.core, passed=self.passed, started=self.started, outcome=outcome)

    @property
    def as_previous(self) -> PreviousRun | None:
        """How this run ended, for the status of the next one; None if it has not ended."""
        if self.outcome is None or self.ended is None:
            return None
        return PreviousRun.model_validate(
            {
                "run": self.run,
                "outcome": self.outcome.value,
                "ended_at": to_time(self.ended),
                "message": self.decisions[-1].message if self.decisions else self.shown.message,
            }
        )

    def to_status(self) -> TrafficStatus:
        """Return what `from_status` reads."""
        applied = self.progress.held_since
        since = self.progress.step_since
        return TrafficStatus(
            strategy="Stepped",
            mode="Observe" if self.observes else "Apply",
            run=self.run,
            attempt=attempt_of(self.run),
            started_at=minute_time(self.started),
            baseline=self.baseline,
            candidate=self.candidate,
            step=StepStatus(
                number=self.step,
                of=self.steps,
                percent=self.percent,
                since=minute_time(since if since >= 0 else self.started),
                applied_since=minute_time(applied) if applied >= 0 else None,
            ),
            weights=shown_weights(self.weights),
            outcome=self.outcome.value if self.outcome else None,
            ended_at=to_time(self.ended) if self.ended is not None else None,
            message=self.shown.message or None,
            previous=self.previous,
            patch=self.patch or None,
            gates=list(self.shown.gates) or None,
            comparisons=list(self.shown.comparisons) or None,
            decisions=list(self.decisions) or None,
            commands=list(self.commands) or None,
            held=self.held or None,
            approved_steps=sorted(self.approved) or None,
            data=self.data,
            watermark=minute_time(self.saved.watermark) if self.saved else None,
            state=self._packed(),
        )

    def _packed(self) -> str:
        state: dict[str, Any] = {
            "layout": _LAYOUT,
            "core": self.core,
            "passed": self.passed,
            "requested": self.requested,
            "progress": self.progress.to_json(),
        }
        if self.created is not None:
            state["created"] = self.created
        if self.approvals:
            state["approvals"] = {str(step): each for step, each in sorted(self.approvals.items())}
        if self.in_force_since is not None:
            state["inForceSince"] = self.in_force_since
        if self.interrupted:
            state["interrupted"] = True
        if self.promoted:
            state["promoted"] = True
        if self.saved:
            state["evidence"] = self.saved.checkpoint
        if self.history:
            state["weights"] = self.history.to_json()
        text = json.dumps(state, separators=(",", ":"))
        if len(text) > STATE_LENGTH:
            raise ValueError(f"the state of run {self.run} has {len(text)} characters")
        return text

    @classmethod
    def from_status(cls, status: TrafficStatus | None) -> Self | None:
        """Return the record that status has; None if there is no run in it, or if it cannot be read."""
        if status is None or status.run is None or status.step is None or status.started_at is None:
            return None
        try:
            state = json.loads(status.state or "")
            if state["layout"] != _LAYOUT:
                return None
            return cls._read(status, status.step, minute_of(status.started_at), state)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    @classmethod
    def _read(cls, status: TrafficStatus, step: StepStatus, started: int, state: Mapping[str, Any]) -> Self:
        saved = None
        if "evidence" in state and status.watermark is not None:
            saved = SavedEvidence(checkpoint=state["evidence"], watermark=minute_of(status.watermark))
        return cls(
            run=status.run or "",
            core=state["core"],
            passed=state["passed"],
            started=started,
            mode=status.mode or "Apply",
            baseline=status.baseline or "",
            candidate=status.candidate or "",
            steps=step.of,
            percent=step.percent,
            created=state.get("created"),
            progress=Progress.from_json(state["progress"]),
            requested=state["requested"],
            weights=None
            if status.weights is None
            else {each.variant: each.percent for each in status.weights},
            in_force_since=state.get("inForceSince"),
            outcome=Outcome(status.outcome) if status.outcome else None,
            ended=status.ended_at.timestamp() if status.ended_at else None,
            patch=status.patch or "",
            decisions=tuple(status.decisions or ()),
            commands=tuple(status.commands or ()),
            held=bool(status.held),
            approved=frozenset(status.approved_steps or ()),
            approvals={int(step): each for step, each in state.get("approvals", {}).items()},
            data=status.data,
            interrupted=bool(state.get("interrupted")),
            promoted=bool(state.get("promoted")),
            shown=ShownNumbers(
                gates=tuple(status.gates or ()),
                comparisons=tuple(status.comparisons or ()),
                message=status.message or "",
            ),
            saved=saved,
            history=WeightHistory.from_json(state["weights"]) if "weights" in state else None,
            previous=status.previous,
        )


def shown_weights(weights: Mapping[str, float] | None) -> list[VariantWeight] | None:
    """Return weights in whole percent as status has them."""
    if weights is None:
        return None
    return [VariantWeight(variant=name, percent=int(percent)) for name, percent in weights.items()]


def minute_time(minute: int) -> datetime:
    """Return the time at which a minute starts."""
    return to_time(minute * SECONDS_PER_MINUTE)


def minute_of(moment: datetime) -> int:
    """Return the minute that starts at a time."""
    return int(moment.timestamp()) // SECONDS_PER_MINUTE


def to_time(seconds: float) -> datetime:
    """Return a time to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)
