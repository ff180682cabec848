"""`export` of a rollout and `replay` of that, by the commands that people type."""

import json
from datetime import UTC, datetime
from pathlib import Path

import yaml
from click.testing import CliRunner

from sagemaker_ab.cli.main import commands
from sagemaker_ab.cli.replaying.counts_file import Recorded, read_counts
from tests.e2e.reviews import Manifest
from tests.e2e.rollouts import Rollout

Decided = tuple[str, str, str, int]
"""Minute, verdict, reason and percent of the candidate."""

_CANDIDATE = "VariantB"


def export(rollout: Rollout) -> str:
    """Return the minutes of the current run as CSV."""
    resource = rollout.resource
    environment = {
        "AWS_ENDPOINT_URL": rollout.aws.sim.url,
        "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "NO_PROXY": "127.0.0.1",
    }
    place = [f"--kubeconfig={resource.cluster.kubeconfig}", f"--namespace={resource.namespace}"]
    arguments = ["export", rollout.name, *place]
    done = CliRunner(env=environment).invoke(commands, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def rows(exported: str) -> Recorded:
    """Return the rows of an export."""
    return read_counts(exported.splitlines(), source="export")


def replayed(exported: str, policy: Manifest, directory: Path) -> list[Decided]:
    """Return the decisions of a replay that looks each minute, without those that repeat the one before."""
    (directory / "counts.csv").write_text(exported)
    (directory / "policy.yaml").write_text(yaml.safe_dump(policy))
    files = [str(directory / name) for name in ("counts.csv", "policy.yaml")]
    done = CliRunner().invoke(commands, ["replay", *files, "--every=60"])
    assert done.exit_code == 0, done.output
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    found = [(look["at"], look["verdict"], look["reason"], look["weights"][_CANDIDATE]) for look in looks]
    return [
        each
        for each, before in zip(found, [None, *found], strict=False)
        if before is None or each[1:] != before[1:]
    ]


def decided(live: Manifest) -> list[Decided]:
    """Return the decisions in the status of a resource, as a replay prints them."""
    return [
        (minute(each["at"]), each["verdict"], each["reason"], each["percent"])
        for each in live["status"]["traffic"]["decisions"]
    ]


def minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%dT%H:%MZ}"
