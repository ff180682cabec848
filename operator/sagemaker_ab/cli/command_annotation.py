"""Sets the annotation of a command, and waits until the operator has consumed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

from sagemaker_ab.api.resource import RUN_COMMANDS
from sagemaker_ab.api.traffic_status import CommandStatus
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.reader import ResourceReader
from sagemaker_ab.cli.snapshot import parse_resource

FIELD_MANAGER: Final = "kubectl-sagemaker-ab"
_POLL_SECONDS: Final = 0.5

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnnotation:
    """The annotation of a command on the resource `name`, and its value."""

    command: str
    value: str
    name: str

    @property
    def key(self) -> str:
        return RUN_COMMANDS[self.command]

    def is_set(self, raw: Object) -> bool:
        """Return whether the resource has the annotation with this value."""
        return annotation_of(raw, self.command) == self.value

    def consumed(self, raw: Object) -> CommandStatus | None:
        """Return what status says of the annotation with this value; None before the operator has acted."""
        traffic = parse_resource(raw).status.traffic
        entries = traffic.commands if traffic else None
        named = (each for each in entries or () if each.command == self.command)
        return next((each for each in named if each.value == self.value), None)

    def set(self, raw: Object, *, reader: ResourceReader) -> None:
        """Set it. Raises Conflict if the resource has changed since it was read."""
        reader.client.annotate(raw, {self.key: self.value}, field_manager=FIELD_MANAGER)

    def wait(self, *, reader: ResourceReader, clients: Clients, seconds: float) -> CommandStatus:
        """Wait until the operator has consumed it, and return what it has done.

        Raises ClickException when the time is over.
        """
        end = clients.monotonic() + seconds
        while True:
            entry = self.consumed(reader.get(self.name))
            if entry is not None:
                return entry
            if clients.monotonic() >= end:
                raise click.ClickException(
                    f"the operator has not acted on the annotation {self.key} within {seconds:g} s; "
                    "check that it runs and watches the namespace"
                )
            clients.sleep(_POLL_SECONDS)


def annotation_of(raw: Object, command: str) -> str | None:
    """Return the value of the annotation of a command, None if the resource has none."""
    value: str | None = (raw["metadata"].get("annotations") or {}).get(RUN_COMMANDS[command])
    return value
