"""Sets the annotation of a command, and waits until the operator has consumed it."""

from collections.abc import Iterator, Mapping
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
_OPPOSITES: Final = {"hold": "resume", "resume": "hold"}
"""Commands that alternate. Each removes the annotation of the other, so that the other can be given again."""

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
        return _annotations(raw).get(self.key) == self.value

    def consumed(self, raw: Object) -> CommandStatus | None:
        """Return what status says of the annotation with this value; None before the operator has acted."""
        traffic = parse_resource(raw).status.traffic
        entries = traffic.commands if traffic else None
        named = (each for each in entries or () if each.command == self.command)
        return next((each for each in named if each.value == self.value), None)

    def set(self, raw: Object, *, reader: ResourceReader) -> None:
        """Set it. Raises Conflict if the resource has changed since it was read."""
        changes: dict[str, str | None] = {self.key: self.value}
        opposite = RUN_COMMANDS.get(_OPPOSITES.get(self.command, ""))
        if opposite is not None and opposite in _annotations(raw):
            changes[opposite] = None
        reader.client.annotate(raw, changes, field_manager=FIELD_MANAGER)

    def clear(self, raw: Object, *, reader: ResourceReader, clients: Clients, seconds: float) -> None:
        """Remove it, and wait until status has forgotten it: the operator consumes each value only once.

        Raises Conflict if the resource has changed since it was read.
        """
        reader.client.annotate(raw, {self.key: None}, field_manager=FIELD_MANAGER)
        for entry in self._entries(reader=reader, clients=clients, seconds=seconds):
            if entry is None:
                return

    def wait(self, *, reader: ResourceReader, clients: Clients, seconds: float) -> CommandStatus:
        """Wait until the operator has consumed it, and return what it has done."""
        entries = self._entries(reader=reader, clients=clients, seconds=seconds)
        return next(entry for entry in entries if entry is not None)

    def _entries(
        self, *, reader: ResourceReader, clients: Clients, seconds: float
    ) -> Iterator[CommandStatus | None]:
        """Yield what status says of it, again and again. Raises ClickException when the time is over."""
        end = clients.monotonic() + seconds
        while True:
            yield self.consumed(reader.get(self.name))
            if clients.monotonic() >= end:
                raise click.ClickException(
                    f"the operator has not acted on the annotation {self.key} within {seconds:g} s; "
                    "check that it runs and watches the namespace"
                )
            clients.sleep(_POLL_SECONDS)


def _annotations(raw: Object) -> Mapping[str, str]:
    return raw["metadata"].get("annotations") or {}
