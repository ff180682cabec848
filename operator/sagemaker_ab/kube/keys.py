"""The key of a resource, as client-go's NamespacedName."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class Key(NamedTuple):
    """Namespace and name; printed as `namespace/name`."""

    namespace: str
    name: str

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Self:
        return cls(resource["metadata"]["namespace"], resource["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
