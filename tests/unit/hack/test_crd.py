"""The generated CustomResourceDefinition is current, clean and whole."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from hack import crd
from hack.structural_schema import validation
from sagemaker_ab.api.rules import RULES

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
