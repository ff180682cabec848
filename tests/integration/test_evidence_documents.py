"""What the pages on experiments and evidence say is so: commands, outputs, links, fields, verdicts."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.traffic.decision import Verdict

DOCS = Path(__file__).parents[2] / "docs"
RUN = ("experiments.md", "cli.md")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def told():
    """Each command that needs neither cluster nor AWS, with the output that the page shows."""
    for page in RUN:
        for block in blocks(page, "console"):
            command, _, output = block.removeprefix("$ ").partition("\n")
            if re.search(r"sagemaker-ab (replay|plan-test) ", command):
                yield pytest.param(command, output, id=command[:60])


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("examples", "policies"):
        shutil.copytree(DOCS / name, tmp_path / "docs" / name)
    return tmp_path


@pytest.mark.parametrize(("command", "output"), [*told()])
def test_a_command_prints_what_the_page_shows(directory, command, output):
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=directory,
        env=os.environ | {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == output
    if "--plot" in command:
        assert (directory / "experiment.png").read_bytes().startswith(b"\x89PNG")


def test_the_policy_on_the_page_is_the_example():
    (block,) = blocks("experiments.md", "yaml")
    example = (DOCS / "examples" / "reviews-test.yaml").read_text()
    assert yaml.safe_load(block) == yaml.safe_load(example)
    parse_policy(yaml.safe_load(example))


def test_every_verdict_is_explained():
    rows = re.findall(r"^\| (\w+) \|", (DOCS / "experiments.md").read_text(), re.MULTILINE)
    assert set(Verdict) <= set(rows)


@pytest.mark.parametrize(
    "limit", ["users pinned to a variant", "one slow host", "noise that lasts", "late", "shared caches"]
)
def test_the_page_of_evidence_says_where_it_ends(limit):
    assert limit in (DOCS / "evidence.md").read_text().partition("## Where it ends")[2]
