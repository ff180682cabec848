"""Sends the first phase of a plan and says what each failure means for the next pass."""

import logging
from enum import Enum, auto

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.execute import execute
from sagemaker_ab.aws.failures import Failure, FailureKind
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.context import Case
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.problem import Trouble

_LOG = logging.getLogger(__name__)

_PATIENCE = 3
"""So often in a row may AWS not find what a write names: something just created may not be found yet."""

_LONG_PATIENCE = 10
"""What fails so often in a row does not pass by itself: an address that leads nowhere, say."""

_TAKES_AWAY = {
    "DeleteEndpoint",
    "DeleteEndpointConfig",
    "DeleteModel",
    "DeleteScalingPolicy",
    "DeleteTags",
    "DeregisterScalableTarget",
}


class Reply(Enum):
    """How AWS took the writes of a phase."""

    ACCEPTED = auto()
    UNKNOWN = auto()
    """An answer was lost, or the writes were sent just now and no read shows them yet."""
    BUSY = auto()
    """Nothing took effect, and nothing is wrong."""


def send(case: Case, clients: AwsClients, phase: Phase) -> Reply | Trouble:
    """Send the writes of a phase that were not sent just now, up to the first that fails."""
    commands = case.memory.unsent(phase.commands, clients.clock.now())
    if not commands:
        return Reply.UNKNOWN
    for command in commands:
        case.memory.note_sent(command, case.generation, clients.clock.now())
        failure = execute(clients, command)
        if failure is None:
            _LOG.info("%s/%s: %s", *case.key, command.says)
            case.services.events.record(case.resource, "Normal", phase.kind, _sentence(command))
            continue
        _LOG.info("%s/%s: could not %s: %s", *case.key, command.says, failure.message)
        if failure.kind is FailureKind.LOST:
            return Reply.UNKNOWN
        if failure.kind is FailureKind.EXISTS or _already_gone(command, failure):
            continue
        case.memory.forget_sent(command)
        if failure.kind in {FailureKind.BUSY, FailureKind.SAME_CONFIG}:
            return Reply.BUSY
        message = f"AWS refused to {command.says}: {failure.message}"
        return judge(failure, message, failures=case.memory.failures(phase.identity))
    if not phase.kind.may_go_back:
        case.memory.forget_setback(phase.identity)
    return Reply.ACCEPTED


def judge(failure: Failure, message: str, *, failures: int) -> Trouble:
    """Say whether a failure, met so often in a row before, still counts as a passing one."""
    if failure.kind.stalls:
        return Trouble(failure.kind.reason, message)
    if failure.kind is FailureKind.GONE and failures >= _PATIENCE:
        return Trouble(Reason.REFUSED, message)
    return Trouble(failure.kind.reason, message, stalled=failures >= _LONG_PATIENCE)


def _already_gone(command: Command, failure: Failure) -> bool:
    return command.operation in _TAKES_AWAY and failure.kind is FailureKind.GONE


def _sentence(command: Command) -> str:
    return command.says[0].upper() + command.says[1:]
