"""Applies the JSON patches that status offers.

Only the operations that they consist of are supported: test, add and replace of members.
Source: https://www.rfc-editor.org/rfc/rfc6902
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any


class PatchMismatch(ValueError):
    """A test of the patch fails: the document is not the one that the patch is for."""


def apply_patch(document: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a copy of the document with the patch applied. Raises PatchMismatch."""
    patched = copy.deepcopy(dict(document))
    for operation in operations:
        _apply(patched, operation)
    return patched


def _apply(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    path = operation["path"]
    *parents, last = path.strip("/").split("/")
    place: Any = document
    try:
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if operation["op"] == "test":
            if place[last] != operation["value"]:
                raise PatchMismatch(f"{path} is {place[last]}, but the patch is for {operation['value']}")
            return
        if operation["op"] == "replace" and last not in place:
            raise PatchMismatch(f"{path} does not exist")
        place[last] = copy.deepcopy(operation["value"])
    except (KeyError, IndexError) as error:
        raise PatchMismatch(f"{path} does not exist") from error
