"""From pydantic's JSON schema to the structural schema that a CustomResourceDefinition may hold.

Source: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions", "Specifying a
structural schema".
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.resource import without_nulls
from sagemaker_ab.api.rule import Rule

_NULL: Final = {"type": "null"}
_ORDER: Final = ("description", "type", "format")


def structural_schema(model: type[ApiModel], *, rules: Sequence[Rule[Any]]) -> dict[str, Any]:
    """Return the structural schema of ``model``, with each rule at its scope."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    definitions = {**schema.pop("$defs", {}), model.__name__: schema}
    for rule in rules:
        validations = definitions[rule.scope.__name__].setdefault("x-kubernetes-validations", [])
        validations.append(validation(rule))
    return _inline(schema, definitions)


def validation(rule: Rule[Any]) -> dict[str, str]:
    """Return a rule as an entry of ``x-kubernetes-validations``."""
    message = {"message": rule.message}
    if rule.given:
        # Not by "+": the server assumes that string(number) has no bound and refuses the cost.
        given = ", ".join(cel for cel, _ in rule.given)
        message = {"messageExpression": f"{json.dumps(rule.message)}.format([{given}])"}
    return {"rule": rule.cel, **message, **({"fieldPath": f".{rule.field}"} if rule.field else {})}


def _inline(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve references, where what stands beside one wins, and leave out what a CRD has no word for."""
    if "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _inline({**definitions[node["$ref"].rpartition("/")[2]], **beside}, definitions)
    if _NULL in node.get("anyOf", ()):
        (value,) = (option for option in node["anyOf"] if option != _NULL)
        beside = {key: value for key, value in node.items() if key not in {"anyOf", "default"}}
        return _inline({**value, **beside}, definitions)
    schema = {key: deepcopy(node[key]) for key in _ORDER if key in node}
    schema |= {key: deepcopy(value) for key, value in node.items() if key not in {*_ORDER, "title", "const"}}
    if "default" in schema:
        schema["default"] = without_nulls(schema["default"])
    if "const" in node:
        schema["enum"] = [node["const"]]
    if node.get("type") == "integer":
        schema["format"] = "int64"
    if "properties" in node:
        schema["properties"] = {
            name: _inline(value, definitions) for name, value in node["properties"].items()
        }
    if "additionalProperties" in node:
        schema["additionalProperties"] = _inline(node["additionalProperties"], definitions)
    if "items" in node:
        schema["items"] = _without_defaults(_inline(node["items"], definitions))
    return schema


def _without_defaults(item: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the defaults inside a list item to the operator.

    A default that the server sets there is missing in the list of a manifest, so that each client-side apply
    replaces the list again, and GitOps tools that compare on the client never see the resource in sync.
    """
    schema = {key: value for key, value in item.items() if key != "default"}
    if "properties" in schema:
        schema["properties"] = {
            name: _without_defaults(value) for name, value in schema["properties"].items()
        }
    return schema
