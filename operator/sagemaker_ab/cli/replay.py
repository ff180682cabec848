"""`replay`: shows what a policy would have decided on recorded counts, without cluster or AWS."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.cli.options import PictureFile
from sagemaker_ab.cli.replaying.counts_file import InvalidCounts, Recorded, read_counts
from sagemaker_ab.cli.replaying.lines import line
from sagemaker_ab.cli.replaying.policy_file import PolicyFile, read_policy, reporting_invalid_policy
from sagemaker_ab.cli.replaying.rates import Measured, measured
from sagemaker_ab.cli.replaying.replayer import Look, replay_counts
from sagemaker_ab.cli.replaying.variant_warnings import variant_warnings
from sagemaker_ab.cli.results import write_line
from sagemaker_ab.traffic.run import Run

_LONGEST_SECONDS = 86400


class _Every(click.IntRange):
    """Seconds that make whole minutes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = super().convert(value, param, ctx)
        if seconds % 60:
            self.fail(f"{seconds} should be a multiple of 60", param, ctx)
        return int(seconds)


@click.command(short_help="Show what a policy would have decided on recorded counts.")
@click.argument("counts", type=click.File(encoding="utf-8", errors="surrogateescape"))
@click.argument("policy", type=click.File(encoding="utf-8"))
@click.option(
    "--every",
    type=_Every(60, _LONGEST_SECONDS),
    default=300,
    show_default=True,
    help="Seconds between looks, a multiple of 60.",
)
@click.option(
    "--approve",
    type=click.IntRange(1, 20),
    multiple=True,
    metavar="N",
    help="Approve step N of Stepped; repeatable.",
)
@click.option(
    "--plot",
    "picture",
    type=PictureFile(),
    metavar="FILE.png",
    help="Save a picture of weights, rates with intervals and evidence (.png, .svg, .pdf).",
)
def replay(
    counts: TextIO, policy: TextIO, *, every: int, approve: Sequence[int], picture: Path | None
) -> None:
    """Apply the traffic policy POLICY (YAML) to the recorded COUNTS (CSV).

    Prints each decision as one line of JSON. The last decision is final or at the end of the counts.
    """
    save = _picture_writer() if picture else None
    with reporting_invalid_policy(policy):
        policy_file = read_policy(policy)
    recorded = _counts(counts)
    with reporting_invalid_policy(policy):
        run = _run(policy_file, recorded)
    _check_steps(run, approve, strategy=policy_file.policy.strategy)
    for warning in variant_warnings(run.roles, recorded):
        click.echo(f"{counts.name}: {warning}", err=True)
    looks: list[Look] = []
    for look in replay_counts(recorded, run, every_minutes=every // 60, approved=approve):
        write_line(line(look))
        looks.append(look)
    if save and picture:
        try:
            save(looks, _measured(recorded, run, looks), picture)
        except OSError as error:
            raise click.ClickException(f"the picture could not be saved to {picture}: {error}") from error


def _run(policy_file: PolicyFile, recorded: Recorded) -> Run:
    variants = policy_file.variants or recorded.variants
    try:
        return Run(policy_file.policy.policy, variants, started=recorded.rows[0].at)
    except InvalidPolicy as error:
        raise error.at(policy_file.path) from error


def _check_steps(run: Run, approved: Sequence[int], *, strategy: str) -> None:
    steps = run.strategy.steps
    for number in approved:
        if not steps:
            raise click.UsageError(f"--approve: {number} is for the steps of Stepped; {strategy} has none")
        if number > steps:
            raise click.UsageError(f"--approve: {number} should be one of the policy's steps, 1 to {steps}")


def _counts(file: TextIO) -> Recorded:
    try:
        return read_counts(file, source=file.name)
    except InvalidCounts as error:
        raise click.ClickException(str(error)) from error


def _measured(recorded: Recorded, run: Run, looks: Sequence[Look]) -> list[Measured]:
    """Aggregate the counts that the policy had read at its last look."""
    last = looks[-1].decision
    rows = [row for row in recorded.rows if row.at < last.at]
    return [
        measured(rows, metric=metric, variant=variant)
        for metric in run.strategy.metrics
        for variant in last.outcome.weights
    ]


def _picture_writer() -> Callable[[Sequence[Look], Sequence[Measured], Path], None]:
    try:
        from sagemaker_ab.cli.replaying.picture import save_replay  # noqa: PLC0415  # matplotlib is an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "--plot needs matplotlib, which is not installed; run pip install matplotlib"
        ) from error
    return save_replay
