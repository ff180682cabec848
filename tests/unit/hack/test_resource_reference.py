"""The reference page tells of every field, condition, reason and rule, and is current."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hack import crd, resource_reference
from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.rules import RULES

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "resource.md").read_text()


def fields(schema: dict[str, Any]) -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        yield name
        yield from fields(child.get("items", child))


def test_the_page_is_current(page: str) -> None:
    """Run `make crds` if not."""
    assert resource_reference.page() == page


def test_every_field_is_described(page: str) -> None:
    properties = crd.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    names = {*fields(properties["spec"]), *fields(properties["status"])}
    assert [name for name in sorted(names) if f"\n| `{name}` | " not in page] == []


def test_every_condition_and_reason_is_explained(page: str) -> None:
    assert [word for word in (*ConditionType, *Reason) if f"\n| `{word}` | " not in page] == []


def test_every_rule_is_told(page: str) -> None:
    assert [rule.message for rule in RULES if rule.message.replace("%s", "…") not in page] == []
