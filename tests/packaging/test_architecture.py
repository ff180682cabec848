"""The page's pictures are the code's imports, and what makes the imports hard to follow is found."""

import shutil
import sys

import pytest

from hack import architecture
from hack.architecture import (
    cycle,
    filled,
    grouped,
    imports,
    long_modules,
    longest_chain,
    missing_sections,
    package_of,
    picture,
    reduced,
    table,
)

PAGE = architecture.PAGE


@pytest.fixture
def package(tmp_path, monkeypatch):
    """`package("shop", till="import shop.stock")`: write such a package and return its imports."""

    def make(name, **modules):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(f"{text}\n")
        return imports(name)

    monkeypatch.syspath_prepend(tmp_path)
    return make


def test_imports_are_read_from_the_code_wherever_they_are_written(package):
    late = "def sell():\n    from grocer.prices import of\n"
    found = package("grocer", till="import grocer.stock", stock=late, prices="import json")
    assert found == {
        "grocer": set(),
        "grocer.prices": set(),
        "grocer.stock": {"grocer.prices"},
        "grocer.till": {"grocer.stock"},
    }


def test_modules_are_grouped_by_package_and_the_top_of_sagemaker_ab_is_in_none():
    graph = {
        "sagemaker_ab": [],
        "sagemaker_ab.cli.main": ["sagemaker_ab", "sagemaker_ab.cli.get", "sagemaker_ab.api.spec"],
        "sagemaker_ab.cli.get": ["sagemaker_ab.aws"],
        "sagemaker_ab.aws": [],
        "sagemaker_ab.api.spec": [],
        "hack.crd": ["sagemaker_ab.api.spec"],
    }
    expected = {"cli": {"api", "aws"}, "aws": set(), "api": set(), "hack": {"api"}}
    assert grouped(graph, package_of) == expected


def test_an_import_that_a_longer_path_implies_is_left_out_of_the_picture_and_kept_in_the_table():
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert "a --> c" not in picture(graph)
    assert "| `a` | `b`, `c`, `d` |" in table(graph)


def test_a_picture_is_the_same_whatever_the_order_of_the_imports():
    graph = {"b": ["a", "c"], "a": [], "c": []}
    assert picture(graph) == picture({"c": [], "a": [], "b": ["c", "a"]})
    assert picture(graph, frame=["b"]).splitlines() == [
        "```mermaid",
        "flowchart TD",
        "  subgraph sagemaker_ab",
        "    b",
        "  end",
        "  a",
        "  c",
        "  b --> a",
        "  b --> c",
        "```",
    ]


def test_a_cycle_is_found_with_its_members_in_the_order_of_their_imports(package):
    found = cycle(package("ring", a="import ring.b", b="import ring.c", c="import ring.a", d="import ring.a"))
    assert found[0] == found[-1]
    assert " ".join(found) in {
        "ring.a ring.b ring.c ring.a",
        "ring.b ring.c ring.a ring.b",
        "ring.c ring.a ring.b ring.c",
    }
    assert cycle(package("line", a="import line.b", b="import line.c", c="")) == []


def test_the_longest_chain_is_found(package):
    graph = package(
        "chain", a="import chain.b, chain.d", b="import chain.c", c="import chain.d", d="", e="import chain.d"
    )
    assert longest_chain(graph) == ["chain.a", "chain.b", "chain.c", "chain.d"]


def test_modules_that_are_too_long_are_found(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "long.py").write_text("pass\n" * 401)
    (tmp_path / "short.py").write_text("pass\n" * 400)
    assert list(long_modules(tmp_path)) == ["deep/long.py has 401 lines, at most 400"]


def test_a_package_without_a_section_is_found():
    assert list(missing_sections("# Page\n\n### `api`\n\nSee `aws`.\n", ("api", "aws"))) == [
        "docs/architecture.md has no section `aws`"
    ]


def test_only_what_is_between_the_markers_is_rewritten():
    page = "before\n\n<!-- generated: x -->\nold\n<!-- end: x -->\n\nafter\n"
    written = filled(page, {"x": "new"})
    assert written == "before\n\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\n\nafter\n"
    assert filled(written, {"x": "new"}) == written
    with pytest.raises(ValueError, match="no markers of the generated part y"):
        filled(page, {"y": "new"})


def test_the_page_has_a_section_for_each_package():
    packages = {
        file.parent.name for file in (architecture.ROOT / "operator" / "sagemaker_ab").glob("*/__init__.py")
    }
    assert packages >= {"api", "controller"}
    assert list(missing_sections(PAGE.read_text(), sorted(packages))) == []


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the page, as current as the code."""
    page = tmp_path / "architecture.md"
    shutil.copy(PAGE, page)
    monkeypatch.setattr(architecture, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["architecture"])
    architecture.main()
    return page


def test_a_page_that_the_command_has_written_is_current_and_a_changed_one_is_not(copy, monkeypatch):
    monkeypatch.setattr(architecture, "faults", lambda *_: [])
    monkeypatch.setattr(sys, "argv", ["architecture", "--check"])
    architecture.main()
    copy.write_text(copy.read_text().replace("  aws --> planning\n", ""))
    with pytest.raises(SystemExit, match="does not show the imports as they are: run make architecture"):
        architecture.main()


def test_the_command_fails_on_every_fault(copy, monkeypatch):
    monkeypatch.setattr(architecture, "LONGEST_CHAIN", 1)
    monkeypatch.setattr(architecture, "LONGEST_MODULE", 50)
    copy.write_text(copy.read_text().replace("### `kube`", "### The Kubernetes client"))
    monkeypatch.setattr(sys, "argv", ["architecture", "--check"])
    with pytest.raises(SystemExit) as failure:
        architecture.main()
    said = str(failure.value)
    assert "in controller, at most 1: " in said
    assert "lines, at most 50" in said
    assert "docs/architecture.md has no section `kube`" in said
