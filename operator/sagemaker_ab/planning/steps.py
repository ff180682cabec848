"""The parts of a plan: steps, and what each of them waits for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    """Put back what a release for an update, or the deletion for a refused put, took away."""
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
        """AWS accepts these at once and may still roll them back (RollingBack), or not hold them as sent."""
        return self in {
            StepKind.SCALE_OUT,
            StepKind.SHIFT_WEIGHTS,
            StepKind.SCALE_IN,
            StepKind.APPLY_SCALING,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """Writes that belong together: one reconcile sends them one after the other.

    `waits_for` has the identities of the steps that must no longer be pending before this one is sent. `held`
    is not empty while safety rule S1 or S2 (see `shares`) or a run forbids the step. It then describes what
    must change first. `overrides` completes "Weights are sent at once, …" for a step that is sent although
    S1 forbids it: who asked for it, and what S1 says.
    `blocked` is not empty if AWS would refuse the step until a person acts. It then says what to do.
    `urgent`: the step goes before all others. `valid_until` is the time on AWS's clock after which the reads
    behind the step are too old to send it. `repeats_targets`: what was read of scalable targets is sent again
    now or later, so that the step waits until reads show the newest write to Application Auto Scaling.
    `single_flight`: the step waits until reads show the newest write of its operation. `undo` has, by the
    identities of writes, what is sent to undo them if a later one of the step is refused.
    """

    kind: StepKind
    commands: tuple[Command, ...]
    waits_for: frozenset[str] = frozenset()
    held: str = ""
    blocked: str = ""
    overrides: str = ""
    urgent: bool = False
    valid_until: float | None = None
    repeats_targets: bool = False
    single_flight: bool = False
    undo: Mapping[str, Command] = field(default_factory=dict)

    @property
    def description(self) -> str:
        return "; ".join(command.description for command in self.commands)

    @property
    def identity(self) -> str:
        """Equal for steps with equal writes, no matter what they wait for."""
        return " ".join(command.identity for command in self.commands)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one reconcile has decided.

    `rollout` builds a fleet: models, endpoint config, and the creation or the update of the endpoint.
    `adjustments` change the fleet that serves: scaling, counts, weights, tags. If the plan is not
    `actionable`, AWS is busy: no step is sent, and the steps only show what is pending. `problem` keeps AWS
    from the intended state until the spec changes or a person asks for a retry.
    """

    state: EndpointState
    rollout: tuple[Step, ...] = ()
    adjustments: tuple[Step, ...] = ()
    actionable: bool = True
    problem: Problem | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All pending steps, in the order in which they are sent if none is in backoff."""
        return (*self.rollout, *self.adjustments)

    def next_step(self, in_backoff: Callable[[Step], bool]) -> Step | None:
        """Return the step to send now, None if there is none.

        A rollout also applies weights and counts, so adjustments come after it. If a step of the rollout is
        in backoff, no other step of it is sent, because it would prepare an update that AWS refuses.
        Adjustments continue.
        """
        if not self.actionable:
            return None
        rollout_in_backoff = any(in_backoff(step) for step in self.rollout)
        pending = {step.identity for step in self.steps}
        candidates = self.adjustments if rollout_in_backoff else self.steps
        for step in sorted(candidates, key=lambda step: not step.urgent):
            free = not step.held and not step.blocked and not step.waits_for & pending
            if free and not in_backoff(step):
                return step
        return None

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that wait for a person, if there is nothing else to do."""
        blocked = tuple(step for step in self.steps if step.blocked)
        identities = {step.identity for step in blocked}
        others = [step for step in self.steps if not step.blocked and not step.waits_for & identities]
        return () if others else blocked

    @property
    def held(self) -> tuple[Step, ...]:
        """The steps that S1, S2 or a run forbids now."""
        return tuple(step for step in self.steps if step.held)


def in_sequence(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps, each of which now waits for the one before it."""
    sequence: list[Step] = []
    for step in steps:
        before = frozenset({sequence[-1].identity}) if sequence else frozenset[str]()
        sequence.append(replace(step, waits_for=step.waits_for | before))
    return tuple(sequence)
