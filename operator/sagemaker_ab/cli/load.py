"""`load`: sends the same request many times and reports answers and latency by variant."""

from collections.abc import Iterable, Iterator
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sagemaker_ab.cli import terminal
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.json_lines import read_inputs
from sagemaker_ab.cli.load_generator import Request, send_requests
from sagemaker_ab.cli.load_report import LoadReport, RequestResult, summarize
from sagemaker_ab.cli.options import Connection, connection_options, inputs_option, variant_option
from sagemaker_ab.cli.reader import fetch_resource
from sagemaker_ab.cli.views.load import load_json, load_view


@click.command(short_help="Send many requests and summarize them by variant.")
@click.argument("name")
@inputs_option
@click.option(
    "--requests",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="Number of requests.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="Number of requests in flight.",
)
@variant_option
@click.option("--fail-on-error", is_flag=True, help="Exit with 1 if any request fails, not only if all fail.")
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print the summary as one JSON object.")
@connection_options
@click.pass_obj
def load(  # noqa: PLR0913  # click passes each option as an argument
    clients: Clients,
    *,
    name: str,
    file: TextIO,
    requests: int,
    concurrency: int,
    variant: str | None,
    fail_on_error: bool,
    output: str | None,
    connection: Connection,
) -> None:
    """Send the inputs to the endpoint of the resource NAME many times, all lines in each request.

    Prints the answers, their share, the errors and the latency of each variant.
    """
    inputs = read_inputs(file.read(), source=file.name)
    resource = fetch_resource(name, clients=clients, connection=connection, variant=variant)
    request = Request(
        runtime=clients.aws(resource.region).runtime,
        endpoint_name=resource.spec.endpoint_name,
        body=inputs.body,
        variant=variant,
    )
    started = clients.monotonic()
    results = _with_progress(
        send_requests(request, times=requests, concurrency=concurrency),
        total=requests,
        console=terminal.stderr(no_color=connection.no_color),
    )
    report = summarize(results, variants=resource.variants, seconds=clients.monotonic() - started)
    _show(report, output=output, no_color=connection.no_color)
    if report.answers == 0 or (fail_on_error and report.failures):
        raise SystemExit(1)


def _with_progress(results: Iterable[RequestResult], *, total: int, console: Console) -> list[RequestResult]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        return list(_until_interrupted(progress.track(results, total=total, description="Requests")))


def _until_interrupted(results: Iterable[RequestResult]) -> Iterator[RequestResult]:
    """Yield the results; after Ctrl-C, end without an error so that they are summarized."""
    try:
        yield from results
    except KeyboardInterrupt:
        click.echo("Interrupted; the summary covers the requests that finished before.", err=True)


def _show(report: LoadReport, *, output: str | None, no_color: bool) -> None:
    if output == "json":
        click.echo(load_json(report))
    else:
        terminal.stdout(no_color=no_color).print(load_view(report))
