"""A linter for structural schemas: what the API server refuses, drops in silence or lets grow without bound.

Sources: Kubernetes documentation, "Specifying a structural schema"; Kubernetes API conventions, "Primitive
types" and "Lists of named subobjects preferred over maps"; ``JSONSchemaProps`` of apiextensions.k8s.io/v1: it
lacks the keywords that are left out here and omits empty ones, which GitOps tools then miss for ever.
A client-side apply replaces a list as a whole, so it removes the defaults that the server set in its items.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

KEYWORDS: Final = frozenset(
    {
        *("description", "type", "format", "enum", "default", "pattern", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("items", "minItems", "maxItems", "anyOf", "x-kubernetes-int-or-string"),
        *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations"),
    }
)
# A tuple, for what is looked up may be a list, which has no hash.
TYPES: Final = ("object", "array", "string", "integer", "boolean")
FORMATS: Final = frozenset({"int64", "date-time"})
LARGEST_NUMBER: Final = 2**53 - 1
INT_OR_STRING: Final = [{"type": "integer"}, {"type": "string"}]
UNPORTABLE: Final = re.compile(r"\(\?[=!<]|\\[dwsDWS1-9]")


def faults(schema: Mapping[str, Any], *, path: str, in_item: bool = False) -> Iterator[str]:
    """Yield what is wrong with a structural schema, each time with the path of the node.

    `in_item` says that the node is an item of a list, or part of one.
    """
    if in_item and "default" in schema:
        yield f"{path}: a default inside a list item makes every client-side apply a change"
    for check in (_keywords, _type, _numbers, _string, _array, _object):
        yield from (f"{path}: {fault}" for fault in check(schema))
    for name, child in schema.get("properties", {}).items():
        yield from faults(child, path=f"{path}.{name}", in_item=in_item)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from faults(schema[keyword], path=f"{path}[]", in_item=in_item or keyword == "items")


def _keywords(schema: Mapping[str, Any]) -> Iterator[str]:
    for keyword, value in schema.items():
        if keyword not in KEYWORDS:
            yield f"a structural schema has no {keyword} here"
        elif keyword != "default" and (value is None or value is False or value in ("", [], {})):
            yield f"{keyword} is empty, and the server drops it"
    if schema.get("format", "int64") not in FORMATS:
        yield f"the server does not know the format {schema['format']}"


def _type(schema: Mapping[str, Any]) -> Iterator[str]:
    if "x-kubernetes-int-or-string" in schema:
        if schema.get("anyOf") != INT_OR_STRING or "type" in schema:
            yield "an int-or-string is anyOf integer and string, without a type"
    elif schema.get("type") not in TYPES:
        yield f"the type must be object, array, string, integer or boolean, not {schema.get('type')}"
    elif "anyOf" in schema:
        yield "anyOf is for int-or-string only"


def _numbers(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("type") == "integer" or "x-kubernetes-int-or-string" in schema:
        yield from _missing(schema, "minimum", "maximum")
    for keyword in ("minimum", "maximum"):
        if abs(schema.get(keyword, 0)) > LARGEST_NUMBER:
            yield f"{keyword} is beyond what JSON numbers hold exactly"
    for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
        if not isinstance(schema.get(keyword, True), bool):
            yield f"{keyword} is a boolean in a CRD"


def _string(schema: Mapping[str, Any]) -> Iterator[str]:
    bounded = "enum" in schema or schema.get("format") == "date-time"
    if (schema.get("type") == "string" and not bounded) or "x-kubernetes-int-or-string" in schema:
        yield from _missing(schema, "maxLength")
    if UNPORTABLE.search(schema.get("pattern", "")):
        yield "the pattern means different things to Go and to Rust"


def _array(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("type") != "array":
        return
    yield from _missing(schema, "items", "maxItems", "x-kubernetes-list-type")
    items = schema.get("items", {})
    if schema.get("x-kubernetes-list-type") == "set" and items.get("type") in {"object", "array"}:
        yield "a set holds scalars"
    if schema.get("x-kubernetes-list-type") == "map":
        yield from _missing(schema, "x-kubernetes-list-map-keys")
        for key in schema.get("x-kubernetes-list-map-keys", ()):
            if key not in items.get("required", ()) or items["properties"][key]["type"] == "object":
                yield f"the key {key} must be a required scalar of the items"


def _object(schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema.get("properties", {})
    if "additionalProperties" in schema:
        yield from _missing(schema, "maxProperties")
        if properties:
            yield "additionalProperties may not stand beside properties"
    for name in schema.get("required", ()):
        if name not in properties:
            yield f"{name} is required and not a property"
        elif "default" in properties[name]:
            yield f"{name} is required, so its default is never used"
    yield from (
        f"{name} has no description" for name, child in properties.items() if "description" not in child
    )


def _missing(schema: Mapping[str, Any], *keywords: str) -> Iterator[str]:
    yield from (f"{keyword} is missing" for keyword in keywords if keyword not in schema)
