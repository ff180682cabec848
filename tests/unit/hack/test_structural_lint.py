"""The linter of structural schemas finds what the API server would refuse, drop or let grow without bound."""

from typing import Any

import pytest

from hack.structural_lint import faults

NAME = {"description": "A name.", "type": "string", "maxLength": 63}
ITEM = {"description": "An item.", "type": "object", "required": ["name"], "properties": {"name": NAME}}
GOOD: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": NAME,
        "count": {
            "description": "A count.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 9,
        },
        "target": {
            "description": "A target.",
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "minimum": 1,
            "maximum": 9,
            "maxLength": 19,
        },
        "since": {"description": "A moment.", "type": "string", "format": "date-time"},
        "labels": {
            "description": "Labels.",
            "type": "object",
            "maxProperties": 5,
            "additionalProperties": {"type": "string", "maxLength": 9},
        },
        "items": {
            "description": "Items.",
            "type": "array",
            "maxItems": 5,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": ITEM,
        },
    },
}


def faults_of(schema: dict[str, Any]) -> list[str]:
    return [*faults({"type": "object", "properties": {"it": {"description": "It.", **schema}}}, path="spec")]


def test_a_good_schema_has_no_fault() -> None:
    assert [*faults(GOOD, path="spec")] == []


STRING = {"type": "string", "maxLength": 9}
NUMBER = {"type": "integer", "minimum": 0, "maximum": 9}
ARRAY = {"type": "array", "items": STRING, "maxItems": 5, "x-kubernetes-list-type": "atomic"}
MAP = {**ARRAY, "items": ITEM, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
OPTIONAL_KEY = {"type": "object", "properties": {"name": NAME}}


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"$ref": "#/$defs/Variant"}, "a structural schema has no $ref here"),
        ({**STRING, "const": "a"}, "a structural schema has no const here"),
        ({**STRING, "title": "It"}, "a structural schema has no title here"),
        ({**ARRAY, "prefixItems": [STRING]}, "a structural schema has no prefixItems here"),
        ({**ARRAY, "uniqueItems": True}, "a structural schema has no uniqueItems here"),
        ({"type": "object", "propertyNames": STRING}, "a structural schema has no propertyNames here"),
        ({**STRING, "nullable": False}, "a structural schema has no nullable here"),
        ({**STRING, "enum": []}, "enum is empty, and the server drops it"),
        ({"type": "object", "required": []}, "required is empty, and the server drops it"),
        ({**NUMBER, "exclusiveMinimum": False}, "exclusiveMinimum is empty, and the server drops it"),
        ({**NUMBER, "exclusiveMinimum": 3}, "exclusiveMinimum is a boolean in a CRD"),
        ({**STRING, "format": "duration"}, "the server does not know the format duration"),
        ({"type": ["string", "null"]}, "the type must be object, array, string, integer or boolean"),
        ({"type": "number"}, "the type must be object, array, string, integer or boolean, not number"),
        ({"anyOf": [STRING, {"type": "null"}]}, "the type must be object, array, string, integer or boolean"),
        ({**STRING, "anyOf": [{"pattern": "a"}]}, "anyOf is for int-or-string only"),
        (
            {"x-kubernetes-int-or-string": True, "type": "integer"},
            "an int-or-string is anyOf integer and string",
        ),
        ({"type": "integer", "maximum": 3}, "minimum is missing"),
        ({"type": "integer", "minimum": 3}, "maximum is missing"),
        ({"type": "integer", "minimum": 0, "maximum": 2**53}, "maximum is beyond what JSON numbers hold"),
        ({"type": "string"}, "maxLength is missing"),
        ({**STRING, "pattern": r"^\d+$"}, "the pattern means different things to Go and to Rust"),
        ({**STRING, "pattern": "^(?!aws:)"}, "the pattern means different things to Go and to Rust"),
        ({"type": "array", "items": STRING, "x-kubernetes-list-type": "set"}, "maxItems is missing"),
        ({"type": "array", "items": STRING, "maxItems": 5}, "x-kubernetes-list-type is missing"),
        ({**ARRAY, "items": ITEM, "x-kubernetes-list-type": "set"}, "a set holds scalars"),
        ({**ARRAY, "x-kubernetes-list-type": "map"}, "x-kubernetes-list-map-keys is missing"),
        ({**MAP, "items": OPTIONAL_KEY}, "the key name must be a required scalar of the items"),
        ({"type": "object", "additionalProperties": STRING}, "maxProperties is missing"),
        (
            {"type": "object", "properties": {"a": NAME}, "additionalProperties": STRING, "maxProperties": 1},
            "additionalProperties may not stand beside properties",
        ),
        ({"type": "object", "required": ["b"]}, "b is required and not a property"),
        (
            {"type": "object", "required": ["a"], "properties": {"a": {**NAME, "default": "x"}}},
            "a is required, so its default is never used",
        ),
        ({"type": "object", "properties": {"a": STRING}}, "a has no description"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_found_and_named_with_its_path(schema: dict[str, Any], fault: str) -> None:
    assert any(found.startswith(f"spec.it: {fault}") for found in faults_of(schema)), faults_of(schema)


WITH_DEFAULT = {"description": "A number.", **NUMBER, "default": 3}
SETTINGS = {"description": "Settings.", "type": "object", "properties": {"count": WITH_DEFAULT}}


def test_a_default_beside_lists_is_no_fault() -> None:
    assert faults_of(SETTINGS) == []


@pytest.mark.parametrize(
    ("items", "path"),
    [
        ({**ITEM, "properties": {"name": NAME, "count": WITH_DEFAULT}}, "spec.it[].count"),
        ({**ITEM, "properties": {"name": NAME, "settings": SETTINGS}}, "spec.it[].settings.count"),
        (
            {
                **ITEM,
                "properties": {"name": NAME, "settings": {**SETTINGS, "default": {}, "properties": {}}},
            },
            "spec.it[].settings",
        ),
        (
            {
                **ITEM,
                "properties": {
                    "name": NAME,
                    "labels": {
                        "description": "Labels.",
                        "type": "object",
                        "maxProperties": 5,
                        "additionalProperties": WITH_DEFAULT,
                    },
                },
            },
            "spec.it[].labels[]",
        ),
    ],
    ids=["of a member", "of a nested member", "of an object", "of a map's value"],
)
def test_a_default_inside_a_list_item_is_a_fault(items: dict[str, Any], path: str) -> None:
    found = faults_of({**MAP, "items": items})
    assert f"{path}: a default inside a list item makes every client-side apply a change" in found
