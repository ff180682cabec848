"""What `make` asks of a machine is checked first, and all that is missing is named at once."""

import shutil
import subprocess
from pathlib import Path

import pytest

FIND_PYTHON = Path(__file__).parents[2] / "hack" / "find_python.sh"
RECENT = "exit 0"
TOO_OLD = "exit 1"
WITHOUT_VENV = 'case "$2" in *venv*) exit 1 ;; *) exit 0 ;; esac'


@pytest.fixture
def machine(tmp_path: Path):
    """Run the check on a machine that has only the named programs, each a shell script."""

    def check(programs: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
        for name, text in programs.items():
            (tmp_path / name).write_text(f"#!{shutil.which('sh')}\n{text}\n")
            (tmp_path / name).chmod(0o755)
        return subprocess.run(
            [shutil.which("sh"), FIND_PYTHON],
            env={"PATH": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return check


LINUX = {"uname": "echo Linux", "git": ""}


def test_the_newest_python_with_venv_is_chosen(machine) -> None:
    answer = machine({**LINUX, "python3.13": TOO_OLD, "python3.12": WITHOUT_VENV, "python3": RECENT})

    assert answer.stdout == "python3\n"
    assert answer.returncode == 0


def test_a_python_named_by_the_user_is_the_only_one_considered(machine) -> None:
    answer = machine({**LINUX, "python3.13": RECENT, "mine": RECENT}, PYTHON="mine")

    assert answer.stdout == "mine\n"


def test_everything_missing_is_named_at_once(machine) -> None:
    answer = machine({"uname": "echo Darwin", "python3": TOO_OLD})

    assert answer.returncode == 1
    assert "This machine lacks:" in answer.stderr
    for missing in ("Linux", "git", "Python 3.11 or newer"):
        assert f"  - {missing}" in answer.stderr


def test_a_missing_venv_module_is_named_with_its_package(machine) -> None:
    answer = machine({**LINUX, "python3.12": WITHOUT_VENV})

    assert answer.returncode == 1
    assert "apt-get install python3.12-venv" in answer.stderr
