"""Every version of every resource, and which of them were current when."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox.safety.intent import FIELD_MANAGER, FINALIZER, Intent, intent_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.safety.aws_state import Raw

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Version:
    """A resource as it was from some moment between ``earliest`` and ``latest`` on.

    ``gone`` says that it was deleted; the content is then the last one that it had.
    """

    content: Raw
    earliest: float
    latest: float
    gone: bool = False

    @property
    def key(self) -> Key:
        metadata = self.content["metadata"]
        return metadata["namespace"], metadata["name"]

    @property
    def uid(self) -> str:
        return str(self.content["metadata"]["uid"])

    @property
    def finalized(self) -> bool:
        return FINALIZER in (self.content["metadata"].get("finalizers") or ())

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.content["metadata"].get("annotations") or {}

    @cached_property
    def set_by_operator(self) -> frozenset[str]:
        """The annotations and finalizers that the operator has set, by the API server's account of fields."""
        managed = self.content["metadata"].get("managedFields") or ()
        entries = [entry["fieldsV1"].get("f:metadata", {}) for entry in managed if _by_operator(entry)]
        annotations = {
            key.removeprefix("f:") for fields in entries for key in fields.get("f:annotations", {})
        }
        finalizers = {item for fields in entries for item in fields.get("f:finalizers", {})}
        named = {json.loads(item.removeprefix("v:")) for item in finalizers if item != "."}
        return frozenset(annotations | named)

    @property
    def status(self) -> Raw:
        found: Raw = self.content.get("status") or {}
        return found

    @cached_property
    def intent(self) -> Intent:
        return intent_of(self.content)

    @property
    def conditions(self) -> Mapping[str, Mapping[str, Any]]:
        return {condition["type"]: condition for condition in self.status.get("conditions") or ()}

    def __str__(self) -> str:
        metadata = self.content["metadata"]
        version = metadata.get("resourceVersion", "?")
        return f"{'/'.join(self.key)}, generation {metadata['generation']}, resourceVersion {version}"


class Timeline:
    """The versions in the order in which they came."""

    def __init__(self) -> None:
        self._versions: dict[Key, list[Version]] = defaultdict(list)

    def add(self, version: Version) -> Version | None:
        """Add a version; return the one of the same object that it replaces."""
        versions = self._versions[version.key]
        former = versions[-1] if versions else None
        versions.append(version)
        return former if former and former.uid == version.uid and not former.gone else None

    def of(self, key: Key) -> Sequence[Version]:
        """Return all versions under one name, oldest first."""
        return self._versions.get(key, [])

    def newest(self, key: Key) -> Version | None:
        versions = self._versions.get(key, [])
        return versions[-1] if versions else None

    def current(self, endpoint: str, since: float, until: float) -> list[Version]:
        """Return the versions, of resources for an endpoint, that may have been current in a time."""
        return [
            version
            for versions in self._versions.values()
            for version in _current(versions, since, until)
            if not version.gone and version.intent.endpoint.lower() == endpoint.lower()
        ]

    def endpoints_of(self, owner: Key | None) -> set[str]:
        """Return the endpoints that a resource, or any resource, asks for or did before it went."""
        owners = self._versions.keys() if owner is None else {owner} & self._versions.keys()
        return {self._versions[key][-1].intent.endpoint for key in owners}

    def between(self, key: Key, since: float, until: float) -> list[Version]:
        """Return the versions of one resource that may have been current in a time."""
        return [one for one in _current(self._versions.get(key, []), since, until) if not one.gone]


def _by_operator(entry: Mapping[str, Any]) -> bool:
    return bool(entry["manager"] == FIELD_MANAGER and "fieldsV1" in entry)


def _current(versions: list[Version], since: float, until: float) -> Iterator[Version]:
    """Yield, newest first, what may have been current; the walk ends where all is older."""
    end = float("inf")
    for version in reversed(versions):
        if version.earliest <= until and end > since:
            yield version
        if end <= since:
            return
        end = version.latest
