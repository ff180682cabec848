"""Applies one step of a plan: sends its writes and classifies the outcome."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from sagemaker_ab.aws.execute import execute
from sagemaker_ab.aws.failures import Failure, FailureKind
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.controller.errors import to_problem
from sagemaker_ab.planning.commands import Command, Service
from sagemaker_ab.planning.garbage import READ_VALID_SECONDS
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.steps import Step, StepKind

_LOG = logging.getLogger(__name__)

_DELETES = {
    "DeleteAlarms",
    "DeleteEndpoint",
    "DeleteEndpointConfig",
    "DeleteModel",
    "DeleteScalingPolicy",
    "DeleteScheduledAction",
    "DeleteTags",
    "DeregisterScalableTarget",
}


class Outcome(Enum):
    """How AWS answered the writes of a step that it did not refuse."""

    ACCEPTED = auto()
    UNKNOWN = auto()
    """An answer was lost, or the writes were sent so recently that no read shows them yet."""
    BUSY = auto()
    """Nothing took effect: AWS is changing the object, or it is as requested already."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A write that AWS refused, and what that means to the user."""

    command: Command
    problem: Problem


def apply(context: ReconcileContext, clients: AwsClients, step: Step) -> Outcome | Refused:
    """Send the writes of a step that were not sent recently, up to the first that fails.

    Nothing is sent any more once the reads that the step rests on are too old. Nothing that was read of
    scalable targets is sent again while those reads may be stale, and nothing of a single-flight step while
    an earlier write of its operation may be in flight.
    """
    commands = _commands_to_send(context, step, clients.clock.now())
    if not commands:
        return Outcome.UNKNOWN
    effective: list[Command] = []
    for command in commands:
        if _outdated(context, clients, step):
            return Outcome.UNKNOWN
        context.memory.record_sent(command, context.generation, clients.clock.now())
        failure = execute(clients, command)
        if failure is None:
            _LOG.info("%s: %s", context.key, command.description)
            context.record_event("Normal", step.kind, _sentence(command))
            _took_effect(context, step, command)
            effective.append(command)
            continue
        _LOG.info("%s: could not %s: %s", context.key, command.description, failure.message)
        if failure.kind is FailureKind.LOST:
            return Outcome.UNKNOWN
        if failure.kind is FailureKind.EXISTS or _already_deleted(command, failure):
            _took_effect(context, step, command)
            continue
        context.memory.record_refused(command)
        if failure.kind in {FailureKind.BUSY, FailureKind.SAME_CONFIG}:
            return Outcome.BUSY
        message = f"AWS refused to {command.description}: {failure.message}"
        for refusal in _undo(context, clients, step, effective):
            message = f"{message.rstrip('.')}. {refusal}"
        failures = context.memory.failures(command.subject)
        return Refused(command, to_problem(failure, message, failures=failures))
    return Outcome.ACCEPTED


def _commands_to_send(context: ReconcileContext, step: Step, now: float) -> list[Command]:
    """Return the commands of a step that may be sent now; none while reads do not show what came before."""
    memory = context.memory
    if step.repeats_targets and memory.awaiting_consistency(now, Service.AUTOSCALING):
        return []
    if step.single_flight and memory.in_flight(step.commands[0].operation, now):
        return []
    return memory.unsent(step.commands, now)


def _undo(
    context: ReconcileContext, clients: AwsClients, step: Step, effective: Sequence[Command]
) -> Iterator[str]:
    """Undo the writes of a step that took effect before another one was refused, the last one first.

    Yields what AWS refused of that.
    """
    for command in [step.undo[done.identity] for done in reversed(effective) if done.identity in step.undo]:
        context.memory.record_sent(command, context.generation, clients.clock.now())
        failure = execute(clients, command)
        if failure is None:
            _LOG.info("%s: %s again", context.key, command.description)
            message = f"{_sentence(command)} again, because AWS refused what it was deleted for"
            context.record_event("Normal", StepKind.RESTORE_SCALING, message)
            continue
        _LOG.warning("%s: could not %s again: %s", context.key, command.description, failure.message)
        if failure.kind is not FailureKind.LOST:
            context.memory.record_refused(command)
            yield f"It also refused to {command.description} again: {failure.message}"


def _outdated(context: ReconcileContext, clients: AwsClients, step: Step) -> bool:
    """Return whether the reads that a step rests on are too old, on AWS's clock or on the local one.

    AWS's clock does not advance while there are no responses, for example while the process is stopped.
    """
    if step.valid_until is None:
        return False
    return clients.clock.now() > step.valid_until or context.age_seconds > READ_VALID_SECONDS


def _took_effect(context: ReconcileContext, step: Step, command: Command) -> None:
    """Forget a command's problem, except where AWS may still roll back what it accepted."""
    if not step.kind.may_roll_back:
        context.memory.record_effect(command)


def _already_deleted(command: Command, failure: Failure) -> bool:
    return command.operation in _DELETES and failure.kind is FailureKind.GONE


def _sentence(command: Command) -> str:
    return command.description[0].upper() + command.description[1:]
