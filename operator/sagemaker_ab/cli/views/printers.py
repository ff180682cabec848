"""Prints resources as the API server stores them, as kubectl does: JSON, YAML, names."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import yaml

from sagemaker_ab.api.resource import GROUP, SINGULAR

Object = Mapping[str, Any]


def format_object(raw: Object, *, output_format: str) -> str:
    """Return one object in one of OUTPUT_FORMATS."""
    return OUTPUT_FORMATS[output_format](_without_managed_fields(raw))


def format_list(found: Sequence[Object], *, output_format: str) -> str:
    """Return several objects in one of OUTPUT_FORMATS, wrapped in a List as kubectl does."""
    items = [_without_managed_fields(raw) for raw in found]
    return OUTPUT_FORMATS[output_format]({"apiVersion": "v1", "kind": "List", "items": items})


def _json(raw: Object) -> str:
    return json.dumps(raw, indent=4, ensure_ascii=False)


def _yaml(raw: Object) -> str:
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True).rstrip("\n")


def _names(raw: Object) -> str:
    objects = raw["items"] if raw["kind"] == "List" else [raw]
    return "\n".join(f"{SINGULAR}.{GROUP}/{each['metadata']['name']}" for each in objects)


def _without_managed_fields(raw: Object) -> Object:
    """Remove managedFields, which kubectl hides too."""
    metadata = {key: value for key, value in raw["metadata"].items() if key != "managedFields"}
    return {key: metadata if key == "metadata" else value for key, value in raw.items()}


OUTPUT_FORMATS: Mapping[str, Callable[[Object], str]] = MappingProxyType(
    {"json": _json, "yaml": _yaml, "name": _names}
)
