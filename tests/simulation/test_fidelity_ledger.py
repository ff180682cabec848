"""The fidelity ledger: no behaviour without a row, no row without use, a source and a test."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sandbox.aws
from sandbox.aws.ledger import Kind, Ledger, UnknownRowError, holds, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.ledger

CODE = Path(sandbox.aws.__file__).parent
FAMILIES = {row_id.partition(".")[0] for row_id in rows()}
ROW_ID = re.compile(rf"({'|'.join(sorted(FAMILIES))})(\.[a-z0-9-]+)+")


def strings(folder: Path) -> Iterator[tuple[str, str]]:
    """Every string in the code under a folder that looks like the id of a row, with its file."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and ROW_ID.fullmatch(node.value)
            ):
                yield node.value, file.name


def named_by_tests() -> set[str]:
    """Every row that the marker `ledger` of a test names; that its code runs there, a fixture checks."""
    calls = (
        node
        for file in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ledger"
    )
    return {argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)}


def test_every_id_in_the_code_has_a_row() -> None:
    assert [(name, file) for name, file in strings(CODE) if name not in rows()] == []


def test_every_row_is_used_by_the_code() -> None:
    assert sorted(rows().keys() - {name for name, _ in strings(CODE)}) == []


def test_every_row_is_named_by_a_test() -> None:
    assert sorted(rows().keys() - named_by_tests()) == []


def test_every_row_says_what_it_is_and_where_that_is_from() -> None:
    for row in rows().values():
        assert row.says.endswith("."), row.id
        assert row.source, row.id


def test_only_what_is_assumed_admits_that_no_source_was_found() -> None:
    unfounded = {row.id for row in rows().values() if "no source found" in row.source}
    assert not {name for name in unfounded if rows()[name].kind is not Kind.ASSUMED}


def test_what_is_assumed_has_alternatives_that_differ() -> None:
    assumed = [row for row in rows().values() if row.kind is Kind.ASSUMED]
    for row in assumed:
        assert len(row.variants) > 1, row.id
        assert all(one != other for one, other in itertools.pairwise(row.variants)), row.id


def test_seeds_differ_in_what_they_choose_and_one_seed_always_chooses_the_same() -> None:
    assert dict(Ledger(1).choices()) == dict(Ledger(1).choices())
    for row in (row for row in rows().values() if len(row.variants) > 1):
        chosen = [Ledger(seed).chosen(row.id) for seed in range(40)]
        assert all(variant in chosen for variant in row.variants), row.id


def test_a_row_that_does_not_exist_or_does_not_hold_what_is_asked_of_it_is_an_error() -> None:
    ledger = Ledger()
    with pytest.raises(UnknownRowError):
        holds("sm.no-such-row")
    with pytest.raises(UnknownRowError):
        ledger.refuse("sm.no-such-row")
    with pytest.raises(UnknownRowError):
        ledger.refuse("sm.endpoint.creating-cpu")
    with pytest.raises(UnknownRowError):
        ledger.seconds("sm.endpoint.busy")
    with pytest.raises(UnknownRowError):
        ledger.value("sm.endpoint.busy")
