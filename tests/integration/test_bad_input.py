"""Whoever writes a bad spec is told at once, by the API server: which field, and what is allowed.

Each breach is made alone in an otherwise valid resource and applied with kubectl. The constraints are
enumerated from the generated CRD, and each must be hit by a breach whose words are that constraint's own.
"""

import json
import re
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest

from hack import crd
from sagemaker_ab.api.resource import InvalidSpec, parse_resource_file
from sandbox.cluster.cluster import Cluster
from tests.integration.breach import Breach
from tests.integration.breaches import BREACHES, CHANGES, GIVEN
from tests.integration.schema_paths import places, schema_path, walk, with_value
from tests.integration.stepped_breaches import STEPPED_BREACHES, STEPPED_GIVEN, STRATEGY_BREACHES

Kubectl = Callable[..., CompletedProcess[str]]


ROOT = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
NODES = dict(item for item in walk(ROOT, "") if item[0].startswith(("metadata.name", "spec")))
RESOURCES = {"Manual": GIVEN, "Stepped": STEPPED_GIVEN}
PLACES = dict(reversed([*places(GIVEN), *places(STEPPED_GIVEN)]))
ALL_BREACHES = (*BREACHES, *STRATEGY_BREACHES)
ANNOTATIONS = {
    *("description", "default", "properties", "items", "additionalProperties", "format", "anyOf"),
    *("x-kubernetes-list-type", "x-kubernetes-int-or-string"),
}
WRONG_TYPE = {
    "string": 7,
    "integer": "seven",
    "boolean": "yes",
    "object": "text",
    "array": "text",
    "integer,string": True,
}


def type_breaches() -> Iterator[Breach]:
    for path, node in NODES.items():
        if path.startswith("spec"):
            kind = node.get("type", "integer,string")
            named = "date-time" if node.get("format") == "date-time" else kind
            place = PLACES[path]
            yield Breach(
                place,
                WRONG_TYPE[kind],
                "type",
                f"must be of type {named}",
                strategy=strategy_with(place),
            )


def required_breaches() -> Iterator[Breach]:
    for path, node in [("", ROOT), *NODES.items()]:
        for name in node.get("required", ()):
            place = f"{PLACES[path]}.{name}".removeprefix(".")
            yield Breach(place, None, "required", "Required value", strategy=strategy_with(place))


def strategy_with(place: str) -> str:
    """Return the strategy of the resource that has a value in this place."""
    return "Stepped" if place.startswith("spec.traffic.stepped") else "Manual"


WORDS: dict[str, Callable[[Any], str]] = {
    "enum": lambda values: f"supported values: {', '.join(map(json.dumps, values))}",
    "pattern": "should match '{}'".format,
    "minLength": "should be at least {} chars long".format,
    "maxLength": "may not be more than {} bytes".format,
    "minimum": "should be greater than or equal to {}".format,
    "maximum": "should be less than or equal to {}".format,
    "multipleOf": "should be a multiple of {}".format,
    "minItems": "should have at least {} items".format,
    "maxItems": "must have at most {} items".format,
    "maxProperties": "must have at most {} items".format,
    "x-kubernetes-list-map-keys": lambda keys: f'Duplicate value: {{"{keys[0]}":',
}


def constraints() -> Iterator[tuple[str, str, str]]:
    """Yield every constraint of the CRD as its path, its keyword and the words that hold it up."""
    for path, node in NODES.items():
        unknown = node.keys() - WORDS.keys() - ANNOTATIONS - {"type", "required", "x-kubernetes-validations"}
        assert not unknown, f"{path}: no breach knows how to break {unknown}"
        yield from (
            (path, keyword, words(node[keyword])) for keyword, words in WORDS.items() if keyword in node
        )
        for validation in node.get("x-kubernetes-validations", ()):
            yield f"{path}{validation.get('fieldPath', '')}", "rule", message(validation)


def message(validation: dict[str, str]) -> str:
    """Return a rule's message, in which %s stands for what was given."""
    if "message" in validation:
        return validation["message"]
    template, _ = json.JSONDecoder().raw_decode(validation["messageExpression"])
    return str(template)


def meets(breach: Breach, constraint: tuple[str, str, str]) -> bool:
    path, keyword, words = constraint
    at = schema_path(breach.blamed if keyword == "rule" else breach.path)
    pattern = re.escape(words).replace("%s", ".+")
    return (at, breach.keyword) == (path, keyword) and re.match(pattern, breach.words) is not None


@pytest.fixture(scope="module", autouse=True)
def resource_definition(control_plane: Cluster) -> None:
    control_plane.define(crd.FILE)


def apply(kubectl: Kubectl, resource: dict[str, Any]) -> CompletedProcess[str]:
    return kubectl("apply", "--dry-run=server", "-f", "-", input=json.dumps(resource))


@pytest.mark.parametrize("strategy", RESOURCES)
def test_the_resource_that_the_breaches_start_from_is_valid(kubectl: Kubectl, strategy: str) -> None:
    given = RESOURCES[strategy]
    assert apply(kubectl, given).returncode == 0
    assert parse_resource_file(given).spec.traffic.strategy == strategy


def test_every_constraint_of_the_crd_has_a_breach() -> None:
    missed = [c for c in constraints() if not any(meets(breach, c) for breach in (*ALL_BREACHES, *CHANGES))]
    assert missed == []


def test_every_breach_names_a_constraint_that_the_crd_has() -> None:
    assert len(BREACHES) >= 40
    assert len(STEPPED_BREACHES) >= 30
    known = [*constraints()]
    assert [
        str(breach) for breach in (*ALL_BREACHES, *CHANGES) if not any(meets(breach, c) for c in known)
    ] == []


@pytest.mark.parametrize("breach", [*ALL_BREACHES, *required_breaches(), *type_breaches()], ids=str)
def test_a_breach_is_refused_with_the_fields_path_and_the_bound(kubectl: Kubectl, breach: Breach) -> None:
    resource = with_value(RESOURCES[breach.strategy], breach.path, breach.value)
    refused = apply(kubectl, resource)
    assert refused.returncode != 0
    blamed = breach.blamed or breach.path
    said = [line for line in refused.stderr.splitlines() if f"{blamed}: " in line and breach.words in line]
    assert said, refused.stderr
    with pytest.raises(InvalidSpec) as ours:
        parse_resource_file(resource)
    assert any(text.startswith(blamed.removesuffix("[1]")) for text in ours.value.messages), (
        ours.value.messages
    )
    if breach.keyword == "rule":
        assert f"{blamed}: {breach.words}" in ours.value.messages


IMPLIED = "noWorseThanPercent: must be less than 100"
"""A rule of Successes, which the resource refuses in any case."""


@pytest.mark.parametrize("breach", [each for each in STRATEGY_BREACHES if each.keyword == "rule"], ids=str)
def test_a_rule_of_the_strategy_is_broken_alone(breach: Breach) -> None:
    with pytest.raises(InvalidSpec) as ours:
        parse_resource_file(with_value(RESOURCES[breach.strategy], breach.path, breach.value))
    alone = [f"{breach.blamed}: {breach.words}"]
    assert [*ours.value.messages] == alone or IMPLIED in alone[0]


@pytest.fixture
def existing(kubectl: Kubectl) -> Iterator[dict[str, Any]]:
    """A resource that the server has, with the manifest that it was made from."""
    resource = {**GIVEN, "metadata": {"name": "existing"}}
    kubectl("apply", "-f", "-", input=json.dumps(resource), check=True)
    yield resource
    kubectl("delete", "-f", "-", input=json.dumps(resource), check=True)


@pytest.mark.parametrize("breach", CHANGES, ids=str)
def test_an_immutable_field_may_not_change(
    kubectl: Kubectl, existing: dict[str, Any], breach: Breach
) -> None:
    refused = apply(kubectl, with_value(existing, breach.path, breach.value))
    assert f"{breach.blamed}: Invalid value: {breach.words}" in refused.stderr


def test_a_region_may_not_be_added_later(kubectl: Kubectl) -> None:
    [added] = [breach for breach in CHANGES if breach.value == "eu-west-1"]
    elsewhere = {**GIVEN, "metadata": {"name": "without-region"}}
    without = with_value(elsewhere, "spec.region", None)
    kubectl("apply", "-f", "-", input=json.dumps(without), check=True)
    refused = apply(kubectl, elsewhere)
    kubectl("delete", "-f", "-", input=json.dumps(without), check=True)
    assert f"spec.region: Invalid value: {added.words}" in refused.stderr
