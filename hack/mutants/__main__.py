"""Change the operator's code in many places, one at a time, and count the changes that a test notices.

    python -m hack.mutants --mutants 200 --seed 1 planning controller aws

Prints each change that no test noticed, and each that made the tests hang, which counts as noticed. Exits
non-zero when fewer than 90 % were noticed, or when ``hack/mutants/equivalents.toml`` is outdated.
"""

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from hack.mutants import equivalents
from hack.mutants.equivalents import Equivalent
from hack.mutants.mutant import Mutant, Verdict, sample
from hack.mutants.report import Row, described, row, table
from hack.mutants.workspace import Workspace, workspace
from sandbox.cluster.progress import CommandFailed, say

AT_LEAST: Final = 90.0
_STEERING: Final = "tests/integration/test_steering.py"
TESTS: Final = {
    "planning": ("tests/unit/planning", _STEERING),
    "controller": ("tests/unit/controller", _STEERING),
    "aws": (
        *("tests/unit/aws", _STEERING),
        *("tests/unit/cli/test_cli_chart_reader.py", "tests/unit/cli/test_cli_charts.py"),
    ),
    "traffic": (
        *("tests/unit/traffic", "tests/property/test_evidence_laws.py"),
        "tests/property/test_evidence_verdicts.py",
        "--ignore=tests/unit/traffic/test_traffic_imports.py",  # mutmut adds an import to each module
    ),
}
"""The tests of each package, as arguments of pytest.

They take less than a minute without a mutant, those of `traffic` two minutes.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hack.mutants", description=__doc__)
    parser.add_argument("packages", nargs="+", choices=TESTS)
    parser.add_argument("--mutants", type=int, default=200, help="the size of the sample")
    parser.add_argument("--seed", type=int, default=1, help="chooses the sample")
    arguments = parser.parse_args()
    if arguments.mutants < 1:
        parser.error("--mutants is at least 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the copy is removed
    tests = list(dict.fromkeys(test for package in arguments.packages for test in TESTS[package]))
    try:
        with workspace(arguments.packages, tests) as space:
            sys.exit(_run(space, size=arguments.mutants, seed=arguments.seed))
    except CommandFailed as error:
        sys.exit(str(error))


def _run(space: Workspace, *, size: int, seed: int) -> int:
    """Return the exit status."""
    everything = space.mutants()
    chosen = sample(everything, size=size, seed=seed)
    say(f"{len(chosen)} of {len(everything)} mutants of {', '.join(space.packages)}, chosen by seed {seed}")
    judgment = space.judge(chosen)
    say(f"{judgment.tests} tests, which take {judgment.seconds:.0f} s of CPU without a mutant")

    listed = equivalents.parse(equivalents.FILE.read_text())
    entries = [entry for entry in listed if entry.file.split("/")[0] in space.packages]
    explained, outdated = _compare(space, everything, judgment.verdicts, entries)
    for mutant, verdict in judgment.verdicts.items():
        if verdict is not Verdict.KILLED and mutant not in explained:
            print(described(mutant, verdict, space.diff(mutant), space.source(mutant)), end="\n\n")
    rows = _rows(space.packages, judgment.verdicts, explained)
    print(table(rows))
    for line in outdated:
        print(f"hack/mutants/equivalents.toml: {line}")
    if rows[-1].percent < AT_LEAST:
        print(f"Less than {AT_LEAST:g} % were noticed: test what the changes above break.")
    return int(rows[-1].percent < AT_LEAST or bool(outdated))


def _compare(
    space: Workspace,
    everything: Sequence[Mutant],
    verdicts: Mapping[Mutant, Verdict],
    entries: Sequence[Equivalent],
) -> tuple[set[Mutant], list[str]]:
    """Return the listed mutants and what is wrong with the list. Judges those that were not in the sample."""
    functions = {(entry.file, entry.function) for entry in entries}
    diffs = {
        mutant: space.diff(mutant) for mutant in everything if (mutant.file, mutant.function) in functions
    }
    listed = {mutant for mutant, diff in diffs.items() if any(entry.is_of(mutant, diff) for entry in entries)}
    rest = sorted(listed - verdicts.keys())
    if rest:
        verdicts = {**verdicts, **space.judge(rest).verdicts}
    return listed, list(equivalents.outdated(entries, diffs, verdicts))


def _rows(packages: Sequence[str], verdicts: Mapping[Mutant, Verdict], explained: set[Mutant]) -> list[Row]:
    rows = [
        row(
            package,
            {mutant: verdict for mutant, verdict in verdicts.items() if mutant.package == package},
            explained,
        )
        for package in packages
    ]
    return [*rows, row("all", verdicts, explained)]


if __name__ == "__main__":
    main()
