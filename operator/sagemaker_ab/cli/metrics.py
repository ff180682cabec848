"""`metrics`: draws the notebook's four charts in the terminal, and as a picture."""

from collections.abc import Sequence
from pathlib import Path

import click

from sagemaker_ab.aws.cloudwatch import read_charts
from sagemaker_ab.aws.observe import live_endpoint
from sagemaker_ab.cli import terminal
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.options import Connection, connection_options, minutes_option, plot_option
from sagemaker_ab.cli.pictures import saving_picture
from sagemaker_ab.cli.reader import fetch_resource
from sagemaker_ab.cli.views.charts import charts_page
from sagemaker_ab.planning.charts import ChartData, TimeRange, last_minutes


@click.command(short_help="Chart CPU, invocations and latency by variant.")
@click.argument("name")
@minutes_option(default=30)
@plot_option
@connection_options
@click.pass_obj
def metrics(
    clients: Clients, *, name: str, minutes: int, picture: Path | None, connection: Connection
) -> None:
    """Chart CPU, invocations, invocations per instance and model latency of the resource NAME by variant."""
    resource = fetch_resource(name, clients=clients, connection=connection)
    endpoint_name = resource.spec.endpoint_name
    aws = clients.aws(resource.region)
    live = live_endpoint(aws, endpoint_name=endpoint_name)
    time_range = last_minutes(minutes, before=live.at)
    variants = tuple(dict.fromkeys((*resource.variants, *live.variants)))
    charts = read_charts(
        aws.cloudwatch, endpoint_name=endpoint_name, variants=variants, time_range=time_range
    )
    console = terminal.stdout(no_color=connection.no_color)
    console.print(
        charts_page(charts, endpoint_name=endpoint_name, time_range=time_range, width=console.width)
    )
    if picture:
        _save(charts, endpoint_name=endpoint_name, time_range=time_range, path=picture)
        console.print(f"Charts saved to {picture}", soft_wrap=True)


def _save(charts: Sequence[ChartData], *, endpoint_name: str, time_range: TimeRange, path: Path) -> None:
    with saving_picture(path):
        from sagemaker_ab.cli.views.plot import save_plot  # noqa: PLC0415  # matplotlib is an extra and slow to load

        save_plot(charts, endpoint_name=endpoint_name, time_range=time_range, path=path)
