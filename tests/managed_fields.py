"""The API server's account of who has set which annotation and finalizer, for clusters that tests play."""

import json
from collections.abc import Mapping
from typing import Any


def account(metadata: dict[str, Any], former: Mapping[str, Any], manager: str) -> None:
    """Note in `managedFields` what a manager has changed since metadata were `former`, by an update or patch.

    A field belongs to whoever changed it last; one that is not there belongs to nobody.
    """
    now, before = _fields(metadata), _fields(former)
    changed = {field for field, value in now.items() if before.get(field) != value}
    owners = {
        entry["manager"]: (_owned(entry) - changed) & now.keys() for entry in former.get("managedFields", ())
    }
    owners[manager] = owners.get(manager, set()) | changed
    metadata["managedFields"] = [_entry(one, fields) for one, fields in owners.items() if fields]


def _fields(metadata: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    annotations = {
        ("f:annotations", f"f:{key}"): value for key, value in metadata.get("annotations", {}).items()
    }
    finalizers = {("f:finalizers", f"v:{json.dumps(name)}"): True for name in metadata.get("finalizers", ())}
    return annotations | finalizers


def _owned(entry: Mapping[str, Any]) -> set[tuple[str, str]]:
    members = entry["fieldsV1"]["f:metadata"].items()
    return {(member, field) for member, fields in members for field in fields if field != "."}


def _entry(manager: str, fields: set[tuple[str, str]]) -> dict[str, Any]:
    members: dict[str, dict[str, Any]] = {}
    for member, field in sorted(fields):
        members.setdefault(member, {".": {}})[field] = {}
    return {"manager": manager, "operation": "Update", "fieldsV1": {"f:metadata": members}}
