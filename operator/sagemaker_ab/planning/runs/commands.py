"""What people ask of a run by annotations. A change of an annotation is consumed once.

The value names the run, and of an approval the step as well, so that a stale annotation changes nothing. The
operator never removes an annotation. Once a person removes it, its entry in status goes too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sagemaker_ab.api.traffic_status import COMMANDS, CommandStatus
from sagemaker_ab.planning.runs.command_values import approved_step, named_run, whole_number
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord, to_time
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a command does to a run: the changed record, or None if it is refused, and the effect in words."""

    record: RunRecord | None
    message: str


def consume_commands(record: RunRecord, annotations: Mapping[str, str], *, now: float) -> RunRecord:
    """Return the record after the commands whose values are not those that were consumed last.

    While a person holds the run, a promotion is refused.

    `annotations` has the values by the name of the command. The command `retry` leaves the record of the run
    that has ended as it is. Its entry says that it is applied (see `asks_for_retry`).
    """
    known: dict[str, CommandStatus] = {each.command: each for each in record.commands}
    for command in (name for name in _EFFECTS if name in annotations):
        value = annotations[command]
        if command in known and known[command].value == value[:_LONGEST]:
            continue
        effect = _EFFECTS[command](record, value, now)
        known[command] = _entry(command, value, effect, now)
        record = effect.record or record
    commands = tuple(known[name] for name in COMMANDS if name in known and name in annotations)
    return record if commands == record.commands else replace(record, commands=commands)


def refuse_commands(
    known: tuple[CommandStatus, ...], annotations: Mapping[str, str], *, now: float, why: str
) -> tuple[CommandStatus, ...]:
    """Return the entries of commands while there is no run that they could be for."""
    entries: dict[str, CommandStatus] = {each.command: each for each in known}
    for command, value in annotations.items():
        if command not in entries or entries[command].value != value[:_LONGEST]:
            entries[command] = _entry(command, value, _Effect(None, why), now)
    return tuple(entries[name] for name in COMMANDS if name in entries and name in annotations)


def asks_for_retry(record: RunRecord) -> bool:
    """Return whether a person asked for another run in place of this one, which has ended."""
    return any(
        each.command == "retry" and each.effect == "Applied" and named_run(each.value) == record.run
        for each in record.commands
    )


_LONGEST: Final = 63
"""The length of a value in status. Every valid value is shorter."""


def _entry(command: str, value: str, effect: _Effect, now: float) -> CommandStatus:
    entry: dict[str, Any] = {
        "command": command,
        "value": value,
        "effect": "Refused" if effect.record is None else "Applied",
    }
    return CommandStatus(**entry, at=to_time(now), message=effect.message)


def _approve(record: RunRecord, value: str, now: float) -> _Effect:
    del now
    run, text = approved_step(value)
    if refused := _refused(record, run):
        return refused
    step = whole_number(text)
    if not 1 <= step <= record.steps:
        return _Effect(None, f"Step '{text}' is not one of the {record.steps} steps of run {run}.")
    if step < record.step:
        return _Effect(None, f"Step {step} is over; the run is in step {record.step}.")
    return _Effect(replace(record, approved=record.approved | {step}), f"Step {step} is approved.")


def _hold(record: RunRecord, value: str, now: float) -> _Effect:
    del now
    message = "The weights stay until the run is resumed. A rollback still happens."
    if record.observes:
        message = "The run stays in its step until it is resumed. A rollback still ends it."
    return _refused(record, named_run(value)) or _Effect(replace(record, held=True), message)


def _resume(record: RunRecord, value: str, now: float) -> _Effect:
    del now
    if refused := _refused(record, named_run(value)):
        return refused
    if not record.held:
        return _Effect(None, f"Run {record.run} is not held.")
    return _Effect(replace(record, held=False), "The run goes on.")


def _abort(record: RunRecord, value: str, now: float) -> _Effect:
    return _refused(record, value) or _Effect(
        end(record, Outcome.ABORTED, now=now), _where_traffic_goes(record, record.baseline)
    )


def _promote(record: RunRecord, value: str, now: float) -> _Effect:
    if refused := _refused(record, value):
        return refused
    if record.held:
        return _Effect(None, f"A person holds run {record.run}. Resume it first.")
    unmet = [f"{gate.name} ({gate.message})" for gate in record.shown.gates if gate.state != "Satisfied"]
    overrode = f" This overrode {', '.join(unmet)}." if unmet else ""
    message = f"{_where_traffic_goes(record, record.candidate)}{overrode}"
    if record.observes:
        return _Effect(end(record, Outcome.PROMOTED, now=now), message)
    requested = all_traffic_to(record.candidate, (record.baseline, record.candidate))
    return _Effect(replace(record, promoted=True, requested=requested, percent=ALL_TRAFFIC_PERCENT), message)


def _retry(record: RunRecord, value: str, now: float) -> _Effect:
    del now
    if named_run(value) != record.run:
        return _Effect(None, _other_run(record, value))
    if not record.final:
        return _Effect(None, f"Run {record.run} goes on. Only a run that has ended can be retried.")
    if record.outcome is Outcome.SUPERSEDED:
        return _Effect(
            None, f"Run {record.run} was superseded. The run of the changed content starts without a retry."
        )
    return _Effect(record, "Another run of the same content starts.")


_EFFECTS: Final[Mapping[str, Callable[[RunRecord, str, float], _Effect]]] = {
    "abort": _abort,
    "resume": _resume,
    "hold": _hold,
    "approve": _approve,
    "promote": _promote,
    "retry": _retry,
}
"""In the order in which they are consumed. Of two new ones that contradict each other, the safer one wins."""


def _refused(record: RunRecord, run: str) -> _Effect | None:
    """Return why a command for this run cannot change the record."""
    if run != record.run:
        return _Effect(None, _other_run(record, run))
    if record.final:
        return _Effect(None, f"Run {run} has ended: {record.outcome}.")
    return None


def _where_traffic_goes(record: RunRecord, variant: str) -> str:
    if record.observes:
        return "The run has ended. The weights stay, because its mode is Observe."
    return f"{variant} gets all the traffic."


def _other_run(record: RunRecord, run: str) -> str:
    return f"'{run[:_LONGEST]}' is not the current run, which is {record.run}."


def end(record: RunRecord, outcome: Outcome, *, now: float) -> RunRecord:
    """Return the record of a run that has ended, with the weights of its outcome."""
    requested = record.requested
    if outcome is Outcome.PROMOTED:
        requested = all_traffic_to(record.candidate, (record.baseline, record.candidate))
    elif outcome.returns_to_baseline:
        requested = all_traffic_to(record.baseline, (record.baseline, record.candidate))
    return replace(
        record, outcome=outcome, ended=float(int(now)), requested=requested, held=False, saved=None
    )
