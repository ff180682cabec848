"""What lies outside SageMaker and must be there: roles, images, S3 objects, quotas, capacity."""

from __future__ import annotations

from enum import StrEnum


class Thing(StrEnum):
    ROLE = "role"
    IMAGE = "image"
    OBJECT = "object"
    MODEL_PACKAGE = "modelPackage"
    CAPACITY = "capacity"
    """Spare machines of an instance type, by the type's name."""


class Scenery:
    """Everything exists until it is said to be missing; quotas are endless until they are set."""

    def __init__(self) -> None:
        self._missing: set[tuple[Thing, str]] = set()
        self._quotas: dict[str, int] = {}
        self._pushes: dict[str, int] = {}
        self._short_until: dict[str, float] = {}

    def remove(self, thing: Thing, name: str) -> None:
        self._missing.add((thing, name))

    def restore(self, thing: Thing, name: str) -> None:
        self._missing.discard((thing, name))
        if thing is Thing.CAPACITY:
            self._short_until.pop(name, None)

    def has(self, thing: Thing, name: str) -> bool:
        return (thing, name) not in self._missing

    def short_of(self, instance_type: str, until: float) -> None:
        """Let there be no spare machines of a type before a time."""
        self._short_until[instance_type] = until

    def has_capacity(self, instance_type: str, now: float) -> bool:
        """Tell whether there are spare machines of a type."""
        return self.has(Thing.CAPACITY, instance_type) and now >= self._short_until.get(instance_type, now)

    def set_quota(self, instance_type: str, instances: int | None) -> None:
        """Limit the instances of a type per account and region; None lifts the limit."""
        if instances is None:
            self._quotas.pop(instance_type, None)
        else:
            self._quotas[instance_type] = instances

    def quota(self, instance_type: str) -> int | None:
        return self._quotas.get(instance_type)

    def push(self, image: str) -> None:
        """Put another image under the same tag."""
        self._pushes[image] = self.pushes(image) + 1

    def pushes(self, image: str) -> int:
        """Return how often a tag was moved."""
        return self._pushes.get(image, 0)
