"""A temporary copy of the sources in which mutmut works, so that the working tree is never changed."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import get_mutant_name, orig_function_and_class_names_from_key

from hack.mutants.mutant import Diff, Mutant, Verdict, called_on_import
from sandbox.cluster.progress import run_visibly

PROCESSES: Final = 2
TIMEOUT_FACTOR: Final = 6
TIMEOUT_SECONDS: Final = 10
"""A mutant may take `TIMEOUT_FACTOR` times as long as its tests and `TIMEOUT_SECONDS` take without it.

The factor leaves room for other programs on the machine: a test that is only slow must not count as a kill.
"""

_REPOSITORY: Final = Path(__file__).parents[2]
_PACKAGE: Final = Path("src", "sagemaker_ab")
"""mutmut expects the source root to be called ``src``."""
_NEEDED: Final = ("tests", "sandbox", "hack", "pyproject.toml")
_VERDICTS: Final = {
    "killed": Verdict.KILLED,
    "timeout": Verdict.TIMED_OUT,
    "survived": Verdict.SURVIVED,
    "no tests": Verdict.UNTESTED,
}


@dataclass(frozen=True, slots=True)
class Judgment:
    """What mutmut said of some mutants, the tests that it ran, and how long they take without a mutant."""

    verdicts: Mapping[Mutant, Verdict]
    tests: int
    seconds: float


@contextmanager
def workspace(packages: Sequence[str], tests: Sequence[str]) -> Iterator["Workspace"]:
    """Copy the sources; remove the copy in the end."""
    with TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(_REPOSITORY / "operator" / "sagemaker_ab", root / _PACKAGE, ignore=ignored)
        for name in _NEEDED:
            copy = shutil.copy2 if (_REPOSITORY / name).is_file() else shutil.copytree
            copy(_REPOSITORY / name, root / name)
        with (root / "setup.cfg").open("w") as file:
            _configuration(packages, tests).write(file)
        yield Workspace(root, tuple(packages))


def _configuration(packages: Sequence[str], tests: Sequence[str]) -> ConfigParser:
    settings: dict[str, Sequence[str]] = {
        "source_paths": [_PACKAGE.parts[0]],
        "only_mutate": [str(_PACKAGE / package / "*") for package in packages],
        "also_copy": _NEEDED,
        "pytest_add_cli_args": [
            *("-o", f"pythonpath={_PACKAGE.parts[0]} ."),
            *("-p", "no:cacheprovider", "-p", "hack.mutants.caches"),
        ],
        "pytest_add_cli_args_test_selection": tests,
        "timeout_multiplier": [str(TIMEOUT_FACTOR)],
        "timeout_constant": [str(TIMEOUT_SECONDS)],
        "track_dependencies": ["false"],
        "use_git_change_detection": ["false"],
    }
    parser = ConfigParser(interpolation=None)
    parser["mutmut"] = {name: "\n".join(values) for name, values in settings.items()}
    return parser


@dataclass(frozen=True, slots=True)
class Workspace:
    root: Path
    packages: tuple[str, ...]

    def mutants(self) -> list[Mutant]:
        """List all mutants of the packages, in a fixed order."""
        with chdir(self.root):
            files = sorted(file for package in self.packages for file in (_PACKAGE / package).rglob("*.py"))
            return [mutant for file in files for mutant in _mutants_of(file)]

    def judge(self, mutants: Sequence[Mutant]) -> Judgment:
        """Run the tests against each mutant. Raises CommandFailed if they fail without a mutant."""
        mutmut = Path(sys.executable).with_name("mutmut")
        run_visibly(
            [mutmut, "run", f"--max-children={PROCESSES}", *(mutant.name for mutant in mutants)],
            title="testing mutants",
            detail=lambda lines: self._progress(lines, mutants),
            env=dict(os.environ),
            cwd=self.root,
        )
        statuses = {mutant: status_by_exit_code[code] for mutant, code in self._exit_codes(mutants).items()}
        stats = json.loads((self.root / "mutants" / "mutmut-stats.json").read_text())
        return Judgment(
            {mutant: _VERDICTS.get(statuses.get(mutant, ""), Verdict.UNCLEAR) for mutant in mutants},
            tests=len(stats["duration_by_test"]),
            seconds=stats["stats_time"],
        )

    def diff(self, mutant: Mutant) -> Diff:
        """Return the change of a mutant, after `judge` has written it."""
        with chdir(self.root):
            return Diff.parse(get_diff_for_mutant(mutant.name, path=_PACKAGE / mutant.file))

    def source(self, mutant: Mutant) -> str:
        return (self.root / _PACKAGE / mutant.file).read_text()

    def _progress(self, lines: Sequence[str], mutants: Sequence[Mutant]) -> str:
        if "Running mutation testing" not in lines:
            return "running the tests without a mutant"
        try:
            return f"{len(self._exit_codes(mutants))} of {len(mutants)}"
        except json.JSONDecodeError:  # mutmut is writing the file
            return ""

    def _exit_codes(self, mutants: Sequence[Mutant]) -> dict[Mutant, int]:
        """Return the exit codes of the tests of those mutants that they were run against so far."""
        known: dict[str, Any] = {}
        for file in {mutant.file for mutant in mutants}:
            path = self.root / "mutants" / _PACKAGE / f"{file}.meta"
            known |= json.loads(path.read_text())["exit_code_by_key"]
        return {mutant: known[mutant.name] for mutant in mutants if known[mutant.name] is not None}


def _mutants_of(file: Path) -> Iterator[Mutant]:
    """Yield a file's mutants. mutmut switches them on after the import, so what runs before is left out."""
    source = file.read_text()
    not_judged = called_on_import(source)
    for mangled in mutate_file_contents(str(file), source).mutant_names:
        name = get_mutant_name(file, mangled)
        function, class_name = orig_function_and_class_names_from_key(name)
        qualified = f"{class_name}.{function}" if class_name else function
        if qualified not in not_judged:
            yield Mutant(name, file.relative_to(_PACKAGE).as_posix(), qualified)
