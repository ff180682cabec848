"""`export`: writes the minutes of a run as the CSV that `replay` reads."""

from collections.abc import Iterator

import click

from sagemaker_ab.aws.run_export import ReadRun, read_run, read_weights
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.current_run import CurrentRun, current_run
from sagemaker_ab.cli.options import Connection, connection_options
from sagemaker_ab.cli.reader import resource_reader
from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.counts_writer import counts_csv
from sagemaker_ab.cli.results import write_line
from sagemaker_ab.planning.run_export import ExportedRun, exported_run, kept_weights, last_minute
from sagemaker_ab.planning.run_minutes import RunQueries, metrics_of_policy
from sagemaker_ab.planning.weight_history import WeightHistory
from sagemaker_ab.traffic.variant_roles import VariantRoles


@click.command(short_help="Write the minutes of a rollout as CSV for replay.")
@click.argument("name")
@click.option("--run", "expected", metavar="ID", help="Only if this is the current run.")
@connection_options
@click.pass_obj
def export(clients: Clients, *, name: str, expected: str | None, connection: Connection) -> None:
    """Write the minutes of the run of the resource NAME as CSV: counts from CloudWatch, weights from status.

    A minute whose weights the operator has not verified throughout is left out, as the operator does. What is
    left out is reported on stderr.
    """
    raw = resource_reader(clients=clients, connection=connection).get(name)
    current = current_run(raw, expected=expected)
    record = current.record
    history = kept_weights(record)
    if history is None:
        raise click.ClickException(
            f"status keeps no verified weights of run {record.run}: there is nothing to export"
        )
    found, history = _read(current, history, clients)
    exported = exported_run(found.counts, history, first=record.started, last=found.last)
    if not exported.minutes:
        raise click.ClickException(f"run {record.run} has no minute with verified weights and counts yet")
    for line in counts_csv(exported.rows):
        write_line(line.rstrip("\n"))
    for words in _left_out(exported, found, current):
        click.echo(words, err=True)


def _read(current: CurrentRun, history: WeightHistory, clients: Clients) -> tuple[ReadRun, WeightHistory]:
    """Read the counts of the run, and verify the weights up to now."""
    record, spec = current.record, current.snapshot.spec
    aws = clients.aws(current.snapshot.region)
    history = history.observed(read_weights(aws, spec.endpoint_name))
    roles = VariantRoles(baseline=record.baseline, challengers=(record.candidate,))
    queries = RunQueries(endpoint_name=spec.endpoint_name, metrics=metrics_of_policy(current.policy, roles))
    found = read_run(aws, queries, first=record.started, last=last_minute(record))
    if found is None:
        raise click.ClickException(f"run {record.run} has no complete minute yet")
    if found.failed:
        codes = ", ".join(sorted(found.failed))
        raise click.ClickException(f"CloudWatch answered metrics of the endpoint with {codes}; try again")
    return found, history


def _left_out(exported: ExportedRun, found: ReadRun, current: CurrentRun) -> Iterator[str]:
    """Yield how many minutes were written, and which were not."""
    record = current.record
    yield (
        f"Run {record.run}: {_count(exported.minutes)} from {moment(record.started)} to {moment(found.last)}"
    )
    if found.first > record.started:
        yield f"CloudWatch keeps minutes for 15 days: those before {moment(found.first)} are left out"
    if exported.unknown:
        yield (
            f"{_count(exported.unknown)} without weights: status does not keep those of that time. "
            "A replay cannot print all decisions of the operator"
        )
    if exported.moving:
        yield f"{_count(exported.moving)} without weights: they moved, or were not verified"


def _count(minutes: int) -> str:
    return "1 minute" if minutes == 1 else f"{minutes:,} minutes"
