"""Banned words are found wherever people read them, and nothing else is."""

from pathlib import Path

import pytest

from hack import banned_words
from hack.banned_words import check, find, parse

RULES = parse(
    """
# A comment.
mend -> repair
tell, told -> report
trouble -> Problem
inventory, shelf, shelves -> garbage
flight -> singleflight
let go, lets go -> release
allow *: in flight
allow operator/failures.py: The endpoint is in trouble
"""
)
OURS = parse(banned_words.LIST.read_text())


def found(text, *, path="docs/page.md"):
    """The words found in a text, each with its line."""
    return [(each.line, each.word) for each in find(text, path=path, rules=RULES)]


@pytest.mark.parametrize(
    "text", ["mend it", "Mend it", "MEND", "it mends", "mended", "mending.", "(mend)", "un-mend", "mend's"]
)
def test_a_word_is_found_in_prose_in_each_of_its_regular_forms(text):
    assert len(found(text)) == 1


@pytest.mark.parametrize("word", ["trouble", "troubles", "troubled", "troubling"])
def test_a_word_that_ends_in_e_is_found_in_each_of_its_forms(word):
    assert found(word) == [(1, word)]


@pytest.mark.parametrize("word", ["inventory", "inventories", "shelf", "shelves", "told"])
def test_other_plurals_and_listed_forms_are_found(word):
    assert found(word) == [(1, word)]


@pytest.mark.parametrize(
    "name", ["tell", "tell_status", "_tell", "status_told", "tellStatus", "TellStatus", "statusTold"]
)
def test_a_word_is_found_in_an_identifier(name):
    assert len(found(f"{name}()")) == 1


@pytest.mark.parametrize("name", ["LAST_TOLD", "HTTPTrouble", "Trouble2", "case.tell_trouble2"])
def test_a_word_is_found_beside_capitals_and_digits(name):
    assert found(name) != []


@pytest.mark.parametrize(
    "text",
    [
        "intelligence",
        "Troubleshooting",
        "troubleshooting.md",
        "satellite",
        "amended",
        "tellurium",
        "preflight",
    ],
)
def test_a_word_within_another_word_is_not_found(text):
    assert found(text) == []


def test_each_finding_has_its_line_and_what_to_say():
    (first, second) = find("fine\nThe log told it.\n\n# mend\n", path="operator/x.py", rules=RULES)
    assert str(first) == 'operator/x.py:2: "told": say report'
    assert str(second) == 'operator/x.py:4: "mend": say repair'


def test_several_words_are_found_in_their_order_also_across_a_line_break():
    assert found("Let go of it, and the operator lets\n  # go.") == [(1, "let go"), (1, "lets go")]
    assert found("let_go") == [(1, "let go")]
    assert found("Go, let it.") == []


def test_a_word_is_found_in_the_path():
    (only,) = find("", path="operator/tell/reader.py", rules=RULES)
    assert str(only) == 'operator/tell/reader.py: in the path: "tell": say report'


def test_an_exempt_phrase_passes_and_the_words_around_it_do_not():
    assert found("a call in flight") == []
    assert found("a call in\nflight") == []
    assert found("a flight; calls in flight") == [(1, "flight")]


def test_a_phrase_is_exempt_only_in_the_files_that_are_named():
    quote = '"The endpoint is in trouble."'
    assert found(quote, path="operator/failures.py") == []
    assert found(quote, path="operator/other.py") == [(1, "trouble")]


def test_a_line_that_is_neither_rule_nor_comment_is_refused():
    with pytest.raises(ValueError, match="line 2 is neither a rule nor a comment: mend = repair"):
        parse("# Words.\nmend = repair\n")


def test_every_text_under_the_places_is_checked_and_nothing_else(tmp_path):
    for path in ("docs/deep/a.md", "b.md", "elsewhere/c.md", "docs/__pycache__/d.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("mend")
    (tmp_path / "docs" / "picture.png").write_bytes(b"\0mend")
    places = [each.path for each in check(tmp_path, ("docs", "b.md"), RULES)]
    assert places == ["b.md", "docs/deep/a.md"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(banned_words, "ROOT", tmp_path)
    return tmp_path


def test_the_command_prints_what_it_finds_and_fails(repository, capsys):
    (repository / "README.md").write_text("# It was told\n")
    with pytest.raises(SystemExit, match="1 banned words"):
        banned_words.main()
    assert capsys.readouterr().out == 'README.md:1: "told": say report, say, record_event, write_status\n'
    (repository / "README.md").write_text("# It was reported\n")
    banned_words.main()


@pytest.mark.parametrize(
    "word",
    [
        *("keeper", "upkeep", "mishap", "heed", "heeded", "mend", "mended", "tell", "tells", "told"),
        *("leftovers", "setback", "trouble", "shelf", "unsettled", "whoever", "stands", "honours"),
    ],
)
def test_the_projects_list_bans(word):
    (only,) = find(word, path="docs/page.md", rules=OURS)
    assert only.word == word


def test_the_projects_list_allows_the_page_on_troubleshooting():
    assert find("# Troubleshooting\n", path="docs/troubleshooting.md", rules=OURS) == []
