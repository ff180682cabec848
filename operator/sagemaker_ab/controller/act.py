"""Sends the first phase of a plan and says what each failure means for the next pass."""

import logging
import random
from enum import Enum, auto

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.execute import execute
from sagemaker_ab.aws.failures import Failure, FailureKind
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.case import Case
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.trouble import Trouble

_LOG = logging.getLogger(__name__)

_PATIENCE = 3
"""So often in a row may AWS not find what a write names: something just created may not be found yet."""

_SLOWEST = 10
"""A refused write is tried again at least once in so many times its first interval."""

_DELETIONS = {"DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteScalingPolicy", "DeleteTags"}


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
        case.memory.note_sent(command, clients.clock.now())
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
        return _trouble(case, command, failure)
    case.memory.note_progress()
    return Reply.ACCEPTED


def failed_read(case: Case, failure: Failure) -> Trouble:
    """Judge a failed read: an object that is half gone is a stale answer, and passes."""
    return _judge(case, failure, failure.message)


def delay(case: Case, trouble: Trouble) -> float:
    """Seconds until a trouble is faced again: soon at first if it may pass, else slowly and with jitter."""
    settings = case.services.settings
    first, limit = _pace(settings, trouble)
    wait: float = min(first * 2 ** max(0, case.memory.setbacks - 1), limit)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing


def _pace(settings: Settings, trouble: Trouble) -> tuple[float, float]:
    if trouble.stalled:
        return settings.refused_retry_seconds, _SLOWEST * settings.refused_retry_seconds
    return settings.retry_seconds, max(settings.retry_seconds, settings.resync_seconds)


def _trouble(case: Case, command: Command, failure: Failure) -> Trouble:
    return _judge(case, failure, f"AWS refused to {command.says}: {failure.message}")


def _judge(case: Case, failure: Failure, message: str) -> Trouble:
    if failure.kind.stalls:
        return Trouble(failure.kind.reason, message)
    if failure.kind is FailureKind.GONE and case.memory.setbacks >= _PATIENCE:
        return Trouble(Reason.REFUSED, message)
    return Trouble(Reason.RETRYING, message, stalled=False)


def _already_gone(command: Command, failure: Failure) -> bool:
    deletes = command.operation in _DELETIONS or command.operation == "DeregisterScalableTarget"
    return deletes and failure.kind is FailureKind.GONE


def _sentence(command: Command) -> str:
    return command.says[0].upper() + command.says[1:]
