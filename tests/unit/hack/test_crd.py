"""The generated CustomResourceDefinition is current, clean and whole."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import kubernetes_validate
import pytest
import yaml
from pydantic_core import PydanticUndefined

from hack import crd
from hack.structural_schema import validation
from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.rules import RULES
from sagemaker_ab.api.spec import EndpointSpec

VERSION = crd.manifest()["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for child in (
        *schema.get("properties", {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
    ):
        if child:
            yield from nodes(child)


def test_the_file_is_what_the_models_say() -> None:
    assert crd.FILE.read_text() == crd.text()


def test_the_file_is_in_the_kustomization() -> None:
    kustomization = yaml.safe_load((crd.FILE.parent / "kustomization.yaml").read_text())
    assert kustomization["resources"] == [crd.FILE.name]


def test_the_schemas_of_spec_and_status_have_no_fault() -> None:
    assert crd.lint() == []


def test_kubernetes_own_schema_of_a_crd_is_met() -> None:
    kubernetes_validate.validate(crd.manifest(), kubernetes_validate.latest_version(), strict=True)


def test_every_rule_stands_in_the_schema() -> None:
    found = [entry for node in nodes(SCHEMA) for entry in node.get("x-kubernetes-validations", ())]
    assert [rule.cel for rule in RULES if validation(rule) not in found] == []


def test_descriptions_break_lines_between_paragraphs_only() -> None:
    """Because `kubectl explain` wraps text and keeps line breaks."""
    descriptions = [node["description"] for node in nodes(SCHEMA) if "description" in node]
    assert len(descriptions) > 100
    assert [text for text in descriptions if re.search(r"[^\n]\n[^\n]", text)] == []


def test_a_field_of_a_list_item_says_what_it_means_to_leave_it_out() -> None:
    """Because the server sets no default there, and `kubectl explain` shows none."""
    fields = [field for model in models_in_lists(EndpointSpec) for field in model.model_fields.values()]
    with_default = [field for field in fields if field.default not in {None, PydanticUndefined}]
    assert with_default
    silent = [field.alias for field in with_default if "If it is not set" not in (field.description or "")]
    assert silent == []


def models_in_lists(model: type[ApiModel], *, within: bool = False) -> Iterator[type[ApiModel]]:
    """Yield the models of list items, and those nested in them."""
    if within:
        yield model
    for field in model.model_fields.values():
        for inner, listed in models_in(field.annotation):
            yield from models_in_lists(inner, within=within or listed)


def models_in(annotation: Any, *, listed: bool = False) -> Iterator[tuple[type[ApiModel], bool]]:
    """Yield each model in an annotation, with whether it is inside a list."""
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        yield annotation, listed
    for part in get_args(annotation):
        yield from models_in(part, listed=listed or get_origin(annotation) is list)


def test_a_new_resource_counts_as_not_yet_observed() -> None:
    assert SCHEMA["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_columns_names_and_subresources_are_as_users_know_them() -> None:
    assert [column["name"] for column in VERSION["additionalPrinterColumns"]] == [
        *("Endpoint", "Weights", "Ready", "Reason", "Region", "Age")
    ]
    assert crd.manifest()["spec"]["names"]["shortNames"] == ["smab"]
    assert crd.manifest()["spec"]["names"]["categories"] == ["sagemaker"]
    assert VERSION["subresources"] == {"status": {}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "crd.yaml"
    monkeypatch.setattr(crd, "FILE", path)
    return path


def test_the_command_writes_the_file_and_checks_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["crd"])
    crd.main()
    assert file.read_text() == crd.text()
    monkeypatch.setattr(sys, "argv", ["crd", "--check"])
    crd.main()


def test_the_check_fails_on_drift(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(crd.text() + "# changed by hand\n")
    monkeypatch.setattr(sys, "argv", ["crd", "--check"])
    with pytest.raises(SystemExit, match=r"crd\.yaml is not what the models say"):
        crd.main()


def test_nothing_is_written_that_the_linter_finds_fault_with(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crd, "lint", lambda: ["spec.it: maxLength is missing"])
    monkeypatch.setattr(sys, "argv", ["crd"])
    with pytest.raises(SystemExit, match=r"spec\.it: maxLength is missing"):
        crd.main()
    assert not file.exists()
