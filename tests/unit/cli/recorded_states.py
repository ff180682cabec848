"""Recorded resources in each state of a stepped rollout, and the pages that show them."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.tree import Tree

from sagemaker_ab.cli.snapshot import ResourceSnapshot, parse_resource
from sagemaker_ab.cli.views.run import run_branch
from sagemaker_ab.cli.views.tree import add_branch

_ROOT: Final = Path(__file__).parents[3]
PAGES: Final = (_ROOT / "docs" / "stepped.md", _ROOT / "README.md")
_FILES: Final = Path(__file__).parent / "run_states"
_WIDTH: Final = 120
_BLOCK: Final = re.compile(r"(<!-- state: ([a-z ]+) -->\n```text\n)(.*?)(```\n)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedState:
    """A resource as the API server returned it at a time."""

    name: str
    at: datetime
    resource: dict[str, Any]

    @property
    def snapshot(self) -> ResourceSnapshot:
        return parse_resource(self.resource)


def save(state: RecordedState) -> None:
    """Write a state to its file, without what no test needs."""
    resource = copy.deepcopy(state.resource)
    resource["metadata"].pop("managedFields", None)
    content = {"at": state.at.isoformat(), "resource": resource}
    _FILES.mkdir(exist_ok=True)
    _file(state.name).write_text(json.dumps(content, indent=2) + "\n")


def load(name: str) -> RecordedState:
    content = json.loads(_file(name).read_text())
    return RecordedState(name=name, at=datetime.fromisoformat(content["at"]), resource=content["resource"])


def names() -> list[str]:
    return sorted(path.stem.replace("-", " ") for path in _FILES.glob("*.json"))


def _file(name: str) -> Path:
    return _FILES / f"{name.replace(' ', '-')}.json"


def rendered(state: RecordedState) -> str:
    """Return the branch of the run as `get` shows it when its output is piped."""
    branch = run_branch(state.snapshot, now=state.at)
    assert branch is not None
    tree = Tree("", hide_root=True)
    add_branch(tree, branch)
    console = Console(width=_WIDTH, color_system=None)
    with console.capture() as captured:
        console.print(tree)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def shown_on_pages() -> Iterator[tuple[str, str]]:
    """Yield each state that a page shows, and its output there."""
    for page in PAGES:
        for match in _BLOCK.finditer(page.read_text()):
            yield match[2], match[3]


def write_pages() -> None:
    """Put the outputs of the recorded states into the pages."""
    for page in PAGES:
        shown = _BLOCK.sub(lambda match: f"{match[1]}{rendered(load(match[2]))}{match[4]}", page.read_text())
        page.write_text(shown)
