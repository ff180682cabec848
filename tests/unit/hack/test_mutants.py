"""Mutation testing: the sample, where a change is, which changes are known to be equivalent, and the rate."""

import textwrap
from pathlib import Path

import pytest

from hack.mutants.equivalents import FILE, outdated, parse
from hack.mutants.mutant import Diff, Mutant, Verdict, called_on_import, sample
from hack.mutants.report import described, row, table

SOURCE = '''
"""A module."""

LIMIT = 3


def first(text):
    return text[:LIMIT]


class Line:
    def first(self, text):
        """Return the beginning."""
        # Nobody reads more.
        return text[:LIMIT]
'''
DIFF = """\
--- src/sagemaker_ab/planning/lines.py
+++ src/sagemaker_ab/planning/lines.py
@@ -1,4 +1,4 @@
 def first(self, text):
     \"\"\"Return the beginning.\"\"\"
     # Nobody reads more.
-    return text[:LIMIT]
+    return text[LIMIT:]"""
LISTED = """
[[equivalent]]
file = "planning/lines.py"
function = "Line.first"
change = '''
-return text[:LIMIT]
+return text[LIMIT:]
'''
why = "All texts are empty."
"""
SOURCES = Path(__file__).parents[3] / "operator" / "sagemaker_ab"
METHOD = Mutant("1", "planning/lines.py", "Line.first")
FUNCTION = Mutant("2", "planning/lines.py", "first")


def mutants(count, *, file="planning/lines.py"):
    return [Mutant(f"{file} {number}", file, "first") for number in range(count)]


def test_a_seed_chooses_the_same_mutants_again_and_another_seed_chooses_others():
    all_of_them = mutants(1000)

    assert sample(all_of_them, size=50, seed=1) == sample(all_of_them, size=50, seed=1)
    assert sample(all_of_them, size=50, seed=1) != sample(all_of_them, size=50, seed=2)
    assert len(set(sample(all_of_them, size=50, seed=1))) == 50


def test_a_sample_of_more_than_there_are_is_all():
    assert sample(mutants(3), size=200, seed=1) == mutants(3)


def test_a_survivor_is_shown_with_its_line_in_the_file_and_its_change():
    text = described(METHOD, Verdict.SURVIVED, Diff.parse(DIFF), SOURCE)

    assert text.startswith("operator/sagemaker_ab/planning/lines.py:15: in Line.first: survived\n")
    assert text.endswith("    -    return text[:LIMIT]\n    +    return text[LIMIT:]")


def test_the_same_line_in_another_function_is_another_place():
    short = DIFF.replace("self, ", "").replace(
        '     """Return the beginning."""\n     # Nobody reads more.\n', ""
    )

    assert Diff.parse(short).line_in(SOURCE, "first") == 8


def test_comments_above_a_function_do_not_move_its_lines():
    commented = DIFF.replace("-1,4 +1,4", "-2,4 +2,4")

    assert Diff.parse(commented).line_in(SOURCE, "Line.first") == 15


def test_a_listed_change_is_found_wherever_its_function_moves():
    (entry,) = parse(LISTED)
    moved = DIFF.replace("-1,4 +1,4", "-9,4 +9,4").replace("# Nobody reads more.", "# Something else.")

    assert entry.is_of(METHOD, Diff.parse(moved))
    assert not entry.is_of(FUNCTION, Diff.parse(DIFF))
    assert not entry.is_of(METHOD, Diff.parse(DIFF.replace("+    return text[LIMIT:]", "+    return None")))


@pytest.mark.parametrize("verdict", [Verdict.KILLED, Verdict.TIMED_OUT])
def test_a_listed_change_that_a_test_notices_is_reported(verdict):
    (line,) = outdated(parse(LISTED), {METHOD: Diff.parse(DIFF)}, {METHOD: verdict})

    assert line.startswith("is killed, so it is not equivalent: planning/lines.py, Line.first")


def test_a_listed_change_that_no_longer_exists_is_reported():
    (line,) = outdated(parse(LISTED), {FUNCTION: Diff.parse(DIFF)}, {FUNCTION: Verdict.SURVIVED})

    assert line.startswith("no longer exists: planning/lines.py, Line.first")


def test_a_listed_change_that_no_test_notices_is_in_order():
    assert not list(outdated(parse(LISTED), {METHOD: Diff.parse(DIFF)}, {METHOD: Verdict.SURVIVED}))


@pytest.mark.parametrize(
    "text", [LISTED + LISTED, LISTED.replace("why", "because"), LISTED.replace("All texts are empty.", "")]
)
def test_an_entry_without_a_reason_or_listed_twice_is_refused(text):
    with pytest.raises(ValueError, match=r"listed twice|has a file, a function, a change and a why"):
        parse(text)


def test_the_list_names_files_that_exist():
    for entry in parse(FILE.read_text()):
        assert (SOURCES / entry.file).is_file(), entry


def test_an_equivalent_mutant_is_not_counted_as_noticed():
    noticed = mutants(8)
    equivalent, untested = Mutant("e", "aws/tags.py", "tags"), Mutant("u", "aws/tags.py", "tags")
    verdicts = dict.fromkeys(noticed, Verdict.KILLED)
    verdicts |= {noticed[0]: Verdict.TIMED_OUT, equivalent: Verdict.SURVIVED, untested: Verdict.UNTESTED}
    found = row("all", verdicts, {equivalent, noticed[1]})

    assert (found.killed, found.timed_out, found.survived, found.equivalent) == (7, 1, 1, 1)
    assert found.percent == 80.0
    assert table([found]).splitlines()[1].split() == ["all", "10", "7", "1", "1", "1", "80.0", "%"]


def test_a_function_called_on_import_is_left_out():
    source = """
        TABLE = (row("a"), row("b"))
        TRIM = lambda text: trimmed(text)

        @registered("name")
        def first(text=default()):
            return used(text)

        class Line:
            length = measured(3)
    """

    assert called_on_import(textwrap.dedent(source)) == {"row", "registered", "measured"}
