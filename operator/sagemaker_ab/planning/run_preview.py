"""What a command of a person would do to a run, before it is given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import CommandStatus, Gate
from sagemaker_ab.planning.runs.command_values import APPROVE, value_to_give
from sagemaker_ab.planning.runs.commands import consume_commands
from sagemaker_ab.planning.runs.gates import SATISFIED
from sagemaker_ab.planning.runs.record import RunRecord
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_ENDS_IN_FAVOR_OF_CANDIDATE: Final = "promote"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPreview:
    """The effect of a command on a run at this moment.

    `value` is the value of the annotation. `refused` is why the operator would refuse the command, or why it
    would change nothing; empty if it has an effect. `already`: what the command asks for is the case.
    `weights` are the shares in percent that follow from the command at once, or for `approve` those of the
    next step; None if they stay. `unmet` are the gates that are not satisfied: those that `promote`
    overrides, or that the run still waits for after `approve`.
    """

    command: str
    value: str
    run: str
    step: int
    steps: int
    percent: int
    refused: str = ""
    already: bool = False
    weights: Mapping[str, int] | None = None
    unmet: tuple[Gate, ...] = ()


def preview_command(  # noqa: PLR0913
    command: str,
    record: RunRecord,
    policy: Stepped,
    *,
    now: float,
    step: int | None = None,
    annotation: str | None = None,
) -> CommandPreview:
    """Return what `command` would do to the run of `record`. `step` is the one that a person approves.

    `annotation` is the present value of its annotation. The operator decides by the same function as this
    preview, but perhaps by a newer status.
    """
    value = value_to_give(command, record, annotation)
    after = consume_commands(replace(record, commands=()), {command: value}, now=now)
    entry = next(each for each in after.commands if each.command == command)
    preview = CommandPreview(
        command=command,
        value=value,
        run=record.run,
        step=record.step,
        steps=record.steps,
        percent=record.percent,
    )
    if refused := _refused(entry, record, policy, step):
        return replace(preview, refused=refused)
    if _is_already(command, record):
        return replace(preview, already=True)
    return replace(preview, weights=_weights(command, record, after, policy), unmet=_unmet(command, record))


def _refused(entry: CommandStatus, record: RunRecord, policy: Stepped, step: int | None) -> str:
    if entry.effect == "Refused":
        return entry.message
    if entry.command != APPROVE:
        return ""
    if step is not None and step != record.step:
        current = f"{record.step} of {record.steps}"
        return f"Step {step} is not the current step of run {record.run}, which is {current}."
    if record.progress.step < len(policy.steps) and policy.steps[record.progress.step].approval != "Required":
        return f"Step {record.step} of run {record.run} needs no approval."
    return ""


def _is_already(command: str, record: RunRecord) -> bool:
    match command:
        case "hold":
            return record.held
        case "promote":
            return record.promoted
    return command == APPROVE and record.step in record.approved


def _weights(command: str, record: RunRecord, after: RunRecord, policy: Stepped) -> Mapping[str, int] | None:
    if command == "retry":
        return None if policy.mode == "Observe" else _at_step(record, policy, 0)
    if record.observes:
        return None
    if command == APPROVE:
        return _at_step(record, policy, record.progress.step + 1)
    return None if after.requested == record.requested else after.requested


def _at_step(record: RunRecord, policy: Stepped, index: int) -> Mapping[str, int] | None:
    """Return the shares of the step with this index; None after the last step."""
    if index >= len(policy.steps):
        return None
    percent = policy.steps[index].percent
    return {record.baseline: ALL_TRAFFIC_PERCENT - percent, record.candidate: percent}


def _unmet(command: str, record: RunRecord) -> tuple[Gate, ...]:
    unmet = tuple(gate for gate in record.shown.gates if gate.state != SATISFIED)
    if command == _ENDS_IN_FAVOR_OF_CANDIDATE:
        return unmet
    return tuple(gate for gate in unmet if gate.name != "approval") if command == APPROVE else ()
