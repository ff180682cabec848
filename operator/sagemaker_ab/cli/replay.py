"""`replay`: what a policy would have decided on recorded counts. No cluster, no AWS."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from sagemaker_ab.api.policies.traffic_policy import Policy, TrafficPolicy
from sagemaker_ab.cli.options import PictureFile
from sagemaker_ab.cli.replaying.counts_file import InvalidCounts, Recorded, read_counts
from sagemaker_ab.cli.replaying.lines import line
from sagemaker_ab.cli.replaying.looks import Look
from sagemaker_ab.cli.replaying.looks import replay as looks_at
from sagemaker_ab.cli.replaying.policy_file import read_policy, refusing
from sagemaker_ab.cli.replaying.rates import Measured, measured, metrics_of
from sagemaker_ab.cli.replaying.who_counts import remarks
from sagemaker_ab.cli.results import say

_LONGEST_SECONDS = 86400


class _Every(click.IntRange):
    """Seconds that are whole minutes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = super().convert(value, param, ctx)
        if seconds % 60:
            self.fail(f"{seconds} should be a multiple of 60", param, ctx)
        return int(seconds)


@click.command(short_help="What a policy would have decided on recorded counts.")
@click.argument("counts", type=click.File(encoding="utf-8", errors="surrogateescape"))
@click.argument("policy", type=click.File(encoding="utf-8"))
@click.option(
    "--every",
    type=_Every(60, _LONGEST_SECONDS),
    default=300,
    show_default=True,
    help="Seconds between two looks, a multiple of 60.",
)
@click.option(
    "--approve",
    type=click.IntRange(1, 20),
    multiple=True,
    metavar="N",
    help="Approve step N; may be repeated.",
)
@click.option(
    "--plot",
    "picture",
    type=PictureFile(),
    metavar="FILE.png",
    help="Draw weights, rates with intervals, and evidence (.png, .svg, .pdf).",
)
def replay(
    counts: TextIO, policy: TextIO, *, every: int, approve: Sequence[int], picture: Path | None
) -> None:
    """Look at the recorded COUNTS (CSV) as the operator would have, by the POLICY (YAML).

    Prints each decision as a line of JSON; the last is final, or at the end of the counts.
    """
    save = _drawing() if picture else None
    with refusing(policy):
        asked = read_policy(policy)
    _demand_steps(asked.policy, approve)
    recorded = _counts(counts)
    with refusing(policy):
        for remark in remarks(asked, recorded):
            click.echo(f"{counts.name}: {remark}", err=True)
    looks: list[Look] = []
    for look in looks_at(
        recorded,
        asked.policy.policy,
        asked.variants or recorded.variants,
        every_minutes=every // 60,
        approved=approve,
    ):
        say(line(look))
        looks.append(look)
    if save and picture:
        try:
            save(looks, _measured(recorded, asked.policy.policy, looks), picture)
        except OSError as error:
            raise click.ClickException(f"the picture could not be saved to {picture}: {error}") from error


def _demand_steps(policy: TrafficPolicy, approved: Sequence[int]) -> None:
    steps = len(policy.stepped.steps) if policy.stepped else 0
    for number in approved:
        if not steps:
            raise click.UsageError(
                f"--approve: {number} is for the steps of Stepped; {policy.strategy} has none"
            )
        if number > steps:
            raise click.UsageError(f"--approve: {number} should be one of the policy's steps, 1 to {steps}")


def _counts(file: TextIO) -> Recorded:
    try:
        return read_counts(file, source=file.name)
    except InvalidCounts as error:
        raise click.ClickException(str(error)) from error


def _measured(recorded: Recorded, policy: Policy, looks: Sequence[Look]) -> list[Measured]:
    """What the policy looked at, until its last look."""
    last = looks[-1].decision
    rows = [row for row in recorded.rows if row.at < last.at]
    return [
        measured(rows, metric=metric, variant=variant)
        for metric in metrics_of(policy)
        for variant in last.outcome.weights
    ]


def _drawing() -> Callable[[Sequence[Look], Sequence[Measured], Path], None]:
    try:
        from sagemaker_ab.cli.replaying.picture import save_replay  # noqa: PLC0415  # matplotlib is an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "--plot needs matplotlib, which is not installed; pip install 'sagemaker-ab-operator[plot]'"
        ) from error
    return save_replay
