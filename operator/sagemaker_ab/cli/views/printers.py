"""Resources as the API server stores them, for programs: JSON, YAML, names."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import yaml

from sagemaker_ab.api.resource import GROUP, SINGULAR

Object = Mapping[str, Any]


def object_written(raw: Object, *, form: str) -> str:
    """Write one object in one of FORMS."""
    return FORMS[form](_without_managed_fields(raw))


def list_written(found: Sequence[Object], *, form: str) -> str:
    """Write several objects in one of FORMS, wrapped in a List as kubectl does."""
    items = [_without_managed_fields(raw) for raw in found]
    return FORMS[form]({"apiVersion": "v1", "kind": "List", "items": items})


def _json(raw: Object) -> str:
    return json.dumps(raw, indent=4, ensure_ascii=False)


def _yaml(raw: Object) -> str:
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True).rstrip("\n")


def _names(raw: Object) -> str:
    objects = raw["items"] if raw["kind"] == "List" else [raw]
    return "\n".join(f"{SINGULAR}.{GROUP}/{each['metadata']['name']}" for each in objects)


def _without_managed_fields(raw: Object) -> Object:
    """Without the bookkeeping of field owners, which kubectl hides too."""
    metadata = {key: value for key, value in raw["metadata"].items() if key != "managedFields"}
    return {key: metadata if key == "metadata" else value for key, value in raw.items()}


FORMS: Mapping[str, Callable[[Object], str]] = MappingProxyType(
    {"json": _json, "yaml": _yaml, "name": _names}
)
