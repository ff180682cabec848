"""The fidelity ledger: no behaviour without a row, no row without use, source and a test that touches it."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.aws.ledger import Kind, Ledger, UnknownRowError, holds, rows
from sandbox.aws.ledger.__main__ import Places, main

pytestmark = pytest.mark.ledger

ROOT = Path(__file__).parents[2]
BUSY = {
    "id": "sm.busy",
    "says": "An endpoint that is busy takes no update.",
    "kind": "documented",
    "source": "SageMaker API reference, UpdateEndpoint",
    "refusal": {"code": "ValidationException", "text": "Cannot update"},
}
CODE = 'def update(call):\n    raise call.refuse("sm.busy")\n'
TEST = 'import pytest\n\n@pytest.mark.ledger("sm.busy")\ndef test_busy_endpoints_refuse():\n    ...\n'


class Planted:
    """A ledger of one row, the code that is built from it and the test that holds it, to be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "rows", folder / "code", folder / "tests")
        for place in (self.places.rows, self.places.code, self.places.tests):
            place.mkdir()
        self.rows(BUSY)
        self.code(CODE)
        self.tests(TEST)

    def rows(self, *rows: dict[str, Any]) -> None:
        (self.places.rows / "sm.yaml").write_text(yaml.safe_dump(list(rows)))

    def code(self, text: str) -> None:
        (self.places.code / "endpoints.py").write_text(text)

    def tests(self, text: str, file: str = "test_endpoints.py") -> None:
        (self.places.tests / "test_endpoints.py").unlink(missing_ok=True)
        (self.places.tests / file).write_text(text)

    def verdict(self) -> object:
        """What ``make ledger`` ends with before it runs the tests: None if all is well."""
        try:
            main([], self.places)
        except SystemExit as end:
            return end.code
        return None


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


def test_the_ledger_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--rows"])

    printed = capsys.readouterr().out
    assert all(f"{row.id} ({row.kind}): " in printed for row in rows().values())
    counts = printed.splitlines()[-3].split()
    assert counts[0] == "all"
    assert sum(map(int, counts[1:-1])) == int(counts[-1]) == len(rows())


def test_a_row_that_is_used_and_named_is_whole(planted: Planted) -> None:
    assert planted.verdict() is None


@pytest.mark.parametrize(
    "code",
    [
        'raise call.refuse("sm.bsuy")',
        'raise call.refuse("sagemakr.busy")',
        'after(ledger.seconds("sagemakr.busy"))',
        'ledger.chosen("sagemakr.busy")',
        '@holds("sagemakr.busy")\ndef update(call): ...',
        'REFUSALS = {"update": "sm.bsuy"}',
    ],
)
def test_an_id_without_row_fails(planted: Planted, code: str) -> None:
    planted.code(f"{CODE}\n{code}\n")

    assert "endpoints.py names it, and there is no such row" in str(planted.verdict())


def test_a_row_without_use_fails(planted: Planted) -> None:
    planted.code('"""Nothing of sm.busy but a word."""\n')

    assert planted.verdict() == "sm.busy: no code uses it"


@pytest.mark.parametrize("source", [{"source": ""}, {"source": None}, {}])
def test_a_missing_source_fails(planted: Planted, source: dict[str, str | None]) -> None:
    planted.rows({key: value for key, value in BUSY.items() if key != "source"} | source)

    assert planted.verdict() == "ledger row sm.busy: lacks source"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "assumed"}, "what is assumed has variants, and nothing else does"),
        ({"variants": [{"value": 1}, {"value": 2}]}, "what is assumed has variants, and nothing else does"),
        ({"variant": 1}, "cannot have variant"),
        ({"says": ""}, "lacks says"),
    ],
)
def test_a_row_that_cannot_be_fails(planted: Planted, change: dict[str, object], told: str) -> None:
    planted.rows(BUSY | change)

    assert planted.verdict() == f"ledger row sm.busy: {told}"


def test_a_row_that_stands_twice_fails(planted: Planted) -> None:
    planted.rows(BUSY, BUSY)

    assert planted.verdict() == "ledger row sm.busy: stands twice"


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("def test_busy_endpoints_refuse(): ...", "test_endpoints.py"),
        (TEST.replace("def test_", "def is_"), "test_endpoints.py"),
        (TEST, "endpoints.py"),
    ],
    ids=["without the marker", "on what is no test", "in what is no file of tests"],
)
def test_a_row_whose_test_does_not_exist_fails(planted: Planted, text: str, file: str) -> None:
    planted.tests(text, file)

    assert planted.verdict() == "sm.busy: no test names it"


def test_a_test_that_names_a_row_which_does_not_exist_fails(planted: Planted) -> None:
    planted.tests(TEST.replace('"sm.busy"', '"sm.busy", "sm.bsuy"'))

    told = "sm.bsuy: test_endpoints.py::test_busy_endpoints_refuse names it, and there is no such row"
    assert planted.verdict() == told


def test_a_test_that_does_not_touch_the_row_that_it_names_fails(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_planted.py").write_text(
        "import pytest\n"
        "from sandbox.aws.ledger import Ledger\n"
        '@pytest.mark.ledger("sm.endpoint.busy")\n'
        "def test_touches(): Ledger().chosen('sm.endpoint.busy')\n"
        '@pytest.mark.ledger("sm.endpoint.busy")\n'
        "def test_does_not_touch(): ...\n"
    )
    command = [sys.executable, "-Im", "pytest", "-p", "no:cacheprovider", "-o", f"pythonpath={ROOT}", "."]

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "the test names rows whose code it does not run: ['sm.endpoint.busy']" in ran.stdout
    assert "ERROR test_planted.py::test_does_not_touch" in ran.stdout
    assert "2 passed, 1 error" in ran.stdout


def test_every_row_says_what_it_is_in_a_sentence() -> None:
    for row in rows().values():
        assert row.says.endswith("."), row.id


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
