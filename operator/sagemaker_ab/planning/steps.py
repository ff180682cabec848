"""What a plan is made of: steps, and what each of them waits for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.state import EndpointState


class StepKind(StrEnum):
    """The kinds of steps, which are also the reasons of the events that report them."""

    CREATE_MODELS = "CreateModels"
    CREATE_ENDPOINT_CONFIG = "CreateEndpointConfig"
    CREATE_ENDPOINT = "CreateEndpoint"
    UPDATE_ENDPOINT = "UpdateEndpoint"
    APPLY_SCALING = "ApplyScaling"
    RESTORE_SCALING = "RestoreScaling"
    """Put back what a release for an update took away."""
    SCALE_OUT = "ScaleOut"
    SHIFT_WEIGHTS = "ShiftWeights"
    SCALE_IN = "ScaleIn"
    TAG = "Tag"
    COLLECT_GARBAGE = "CollectGarbage"
    DELETE_ENDPOINT = "DeleteEndpoint"

    @property
    def deploys(self) -> bool:
        return self in {StepKind.CREATE_ENDPOINT, StepKind.UPDATE_ENDPOINT}

    @property
    def may_roll_back(self) -> bool:
        """AWS accepts these at once and may still roll them back (RollingBack)."""
        return self in {StepKind.SCALE_OUT, StepKind.SHIFT_WEIGHTS, StepKind.SCALE_IN}


@dataclass(frozen=True, slots=True)
class Step:
    """Writes that belong together: one reconcile sends them one after the other.

    `waits_for` holds the identities of the steps that AWS must have taken before this one is sent. `held`
    says what else it waits for: the state of AWS by which rule S1 or S2 forbids it now. `overrides` says the
    same where a person asked to send it all the same. `urgent`: it goes before everything else. `valid_until`
    is the time, on AWS's clock, until which the reads support it.
    """

    kind: StepKind
    commands: tuple[Command, ...]
    waits_for: frozenset[str] = frozenset()
    held: str = ""
    overrides: str = ""
    urgent: bool = False
    valid_until: float | None = None

    @property
    def description(self) -> str:
        return "; ".join(command.description for command in self.commands)

    @property
    def identity(self) -> str:
        """Equal for equal writes, whatever they wait for."""
        return " ".join(command.identity for command in self.commands)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one reconcile has decided.

    `rollout` builds a fleet: models, endpoint config, release of scaling, creation or update of the endpoint.
    `adjustments` change the fleet that serves: scaling, counts, weights, tags. Each step names those it waits
    for. Steps may be sent only if the plan is `actionable`; otherwise AWS is busy and they say what is
    pending. `problem` keeps AWS from the intended state until the spec changes or a person asks for a retry.
    """

    state: EndpointState
    rollout: tuple[Step, ...] = ()
    adjustments: tuple[Step, ...] = ()
    actionable: bool = True
    problem: Problem | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that is still to be done, in the order in which it is sent when nothing is in backoff."""
        return (*self.rollout, *self.adjustments)

    def next_step(self, in_backoff: Callable[[Step], bool]) -> Step | None:
        """Return the step to send now, None if there is none.

        A rollout takes weights and counts with it, so adjustments come after it. If one of its steps is in
        backoff, no other is sent, since it would prepare an update that AWS refuses; adjustments go on.
        """
        if not self.actionable:
            return None
        held = any(in_backoff(step) for step in self.rollout)
        pending = {step.identity for step in self.steps}
        candidates = self.adjustments if held else self.steps
        for step in sorted(candidates, key=lambda step: not step.urgent):
            if not step.held and not step.waits_for & pending and not in_backoff(step):
                return step
        return None

    @property
    def held(self) -> tuple[Step, ...]:
        """The steps that wait for the state of AWS, not for a turn."""
        return tuple(step for step in self.steps if step.held)


def in_sequence(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Let each step wait for the one before it."""
    sequence: list[Step] = []
    for step in steps:
        before = frozenset({sequence[-1].identity}) if sequence else frozenset[str]()
        sequence.append(replace(step, waits_for=step.waits_for | before))
    return tuple(sequence)
