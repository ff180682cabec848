"""`approve`, `promote`, `abort`, `hold`, `resume`, `retry`: people steer a run by annotations.

Each command says first what will happen, and sets its annotation once the user has confirmed.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click

from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.command_annotation import CommandAnnotation, annotation_of
from sagemaker_ab.cli.current_run import CurrentRun, current_run
from sagemaker_ab.cli.options import Connection, Duration, connection_options
from sagemaker_ab.cli.reader import ResourceReader, resource_reader
from sagemaker_ab.cli.views.command_preview import preview_lines
from sagemaker_ab.kube.client import Conflict
from sagemaker_ab.planning.run_preview import CommandPreview, preview_command
from sagemaker_ab.planning.runs.command_values import APPROVE

_DEFAULT_SECONDS: Final = 60.0
_ATTEMPTS: Final = 5
_HELP: Final[Mapping[str, tuple[str, str]]] = {
    APPROVE: (
        "Approve the current step of a rollout.",
        "The next step starts once the other gates are satisfied as well.",
    ),
    "promote": (
        "Give the candidate of a rollout all the traffic.",
        "The run ends as Promoted. Gates that are not satisfied are overridden.",
    ),
    "abort": (
        "End a rollout and give the baseline all the traffic.",
        "The run ends as Aborted. It does not start again by itself.",
    ),
    "hold": (
        "Keep the weights of a rollout until it is resumed.",
        "Evidence is still collected, and a rollback still happens.",
    ),
    "resume": ("Let a rollout that is held go on.", "The run goes on with its current step."),
    "retry": (
        "Start a rollout again that has ended.",
        "Another run of the same content starts at step 1, without the evidence of the one before.",
    ),
}
"""The short help of each command, and what more to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A command for the run of the resource `name`; `run` and `step` are those that the user expects."""

    command: str
    name: str
    run: str | None
    step: int | None
    reader: ResourceReader
    clients: Clients

    def read(self) -> CurrentRun:
        """Read the resource. Raises NoRun."""
        return current_run(self.reader.get(self.name), expected=self.run)

    def preview(self, current: CurrentRun) -> CommandPreview:
        """Return what the command would do. Raises ClickException if the operator would refuse it."""
        preview = preview_command(
            self.command,
            current.record,
            current.policy,
            now=self.clients.now().timestamp(),
            step=self.step,
            annotation=annotation_of(current.raw, self.command),
        )
        if preview.refused:
            raise click.ClickException(preview.refused.rstrip("."))
        return preview


def _command(command: str) -> click.Command:
    """Return the command of the command line that gives `command` to a run."""
    short, more = _HELP[command]

    @click.command(command, short_help=short, help=f"{short}\n\n{more} NAME is the resource.")
    @click.argument("name")
    @click.option("--run", "expected", metavar="ID", help="Only if this is the current run.")
    @click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
    @click.option("--wait", "waiting", is_flag=True, help="Wait until the operator has acted.")
    @click.option("--timeout", type=Duration(), help="Time to --wait, such as 90s or 5m.  [default: 1m]")
    @connection_options
    @click.pass_obj
    def steer(  # noqa: PLR0913  # click passes each option as an argument
        clients: Clients,
        *,
        name: str,
        expected: str | None,
        yes: bool,
        waiting: bool,
        timeout: float | None,
        connection: Connection,
        step: int | None = None,
    ) -> None:
        if timeout is not None and not waiting:
            raise click.UsageError("--timeout requires --wait")
        reader = resource_reader(clients=clients, connection=connection)
        request = _Request(
            command=command, name=name, run=expected, step=step, reader=reader, clients=clients
        )
        annotation = _give(request, yes=yes)
        if annotation is not None and waiting:
            _wait(annotation, request, seconds=timeout or _DEFAULT_SECONDS)

    if command == APPROVE:
        step = click.option(
            "--step", type=click.IntRange(min=1), metavar="N", help="Only if this is the current step."
        )
        return step(steer)
    return steer


approve, promote, abort, hold, resume, retry = (
    _command(name) for name in ("approve", "promote", "abort", "hold", "resume", "retry")
)


def _give(request: _Request, *, yes: bool) -> CommandAnnotation | None:
    """Set the annotation if the user confirms; return it, or None if there is nothing to do."""
    current = request.read()
    preview = request.preview(current)
    for line in preview_lines(preview, current):
        click.echo(line)
    if preview.already:
        return None
    _confirm(yes=yes)
    annotation = CommandAnnotation(command=request.command, value=preview.value, name=request.name)
    for _ in range(_ATTEMPTS):
        try:
            _set(annotation, current, request)
        except Conflict:
            # The operator writes status often. What matters is whether the command still means the same.
            current = _unchanged(request, preview)
        else:
            return annotation
    raise click.ClickException(f"{request.name} changes all the time; run the command again")


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to confirm on; confirm with --yes")
    if not click.confirm("Continue?"):
        raise click.ClickException("nothing was changed")


def _set(annotation: CommandAnnotation, current: CurrentRun, request: _Request) -> None:
    """Set the annotation. Raises Conflict if the resource has changed since it was read."""
    raw, text = current.raw, f"{annotation.key}={annotation.value}"
    if not annotation.is_set(raw):
        annotation.set(raw, reader=request.reader)
        click.echo(f"The annotation {text} is set.")
    elif (consumed := annotation.consumed(raw)) is None:
        click.echo(f"The annotation {text} is set already.")
    else:
        raise click.ClickException(
            f"the operator has acted on {text} before; remove the annotation first. It said: "
            f"{consumed.message.rstrip('.')}"
        )


def _unchanged(request: _Request, before: CommandPreview) -> CurrentRun:
    """Read the resource again. Raises ClickException if the command would now do something else."""
    current = request.read()
    now = request.preview(current)
    if _meaning(now) != _meaning(before):
        raise click.ClickException(
            f"{request.name} has changed meanwhile, and the command would do something else; run it again"
        )
    return current


def _meaning(preview: CommandPreview) -> tuple[object, ...]:
    return preview.value, preview.step, preview.weights, [gate.name for gate in preview.unmet]


def _wait(annotation: CommandAnnotation, request: _Request, *, seconds: float) -> None:
    entry = annotation.wait(reader=request.reader, clients=request.clients, seconds=seconds)
    if entry.effect == "Refused":
        raise click.ClickException(f"the operator refused it: {entry.message.rstrip('.')}")
    click.echo(f"The operator has acted: {entry.message}")
