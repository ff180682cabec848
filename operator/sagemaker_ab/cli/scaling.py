"""`scaling`: draws instances and scaling metrics of variants, in the terminal and as a picture."""

from collections.abc import Sequence
from pathlib import Path

import click

from sagemaker_ab.api.autoscaling import Autoscaling
from sagemaker_ab.aws.cloudwatch import read_series
from sagemaker_ab.aws.scaling_history import LiveScaling, read_activities, read_live_scaling
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.cli import terminal
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.options import Connection, connection_options, minutes_option, plot_option
from sagemaker_ab.cli.pictures import saving_picture
from sagemaker_ab.cli.reader import fetch_resource
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.scaling_page import scaling_page
from sagemaker_ab.planning.charts import TimeRange, last_minutes
from sagemaker_ab.planning.policy_metrics import PolicyMetric, policy_metrics, traffic_requests
from sagemaker_ab.planning.scaling_charts import VariantCharts, VariantHistory, variant_charts
from sagemaker_ab.planning.scaling_history import LiveVariant, SpecBounds


@click.command(short_help="Chart instances and scaling metrics of autoscaled variants.")
@click.argument("name")
@minutes_option(default=180)
@plot_option
@connection_options
@click.pass_obj
def scaling(
    clients: Clients, *, name: str, minutes: int, picture: Path | None, connection: Connection
) -> None:
    """Chart the instances of the autoscaled variants of the resource NAME, and the metrics of their policies.

    Instances are drawn with the minimum and the maximum, metrics with the target or the alarm's threshold.
    """
    resource = fetch_resource(name, clients=clients, connection=connection)
    aws = clients.aws(resource.region)
    live = read_live_scaling(aws, endpoint_name=resource.spec.endpoint_name)
    names = _autoscaled(resource, live)
    if not names:
        raise click.ClickException(f"{name} has no variant with autoscaling")
    time_range = last_minutes(minutes, before=live.at)
    charts = _charts(resource, names=names, live=live, aws=aws, time_range=time_range)
    console = terminal.stdout(no_color=connection.no_color)
    endpoint_name = resource.spec.endpoint_name
    console.print(
        scaling_page(charts, endpoint_name=endpoint_name, time_range=time_range, width=console.width)
    )
    if picture:
        _save(charts, endpoint_name=endpoint_name, time_range=time_range, path=picture)
        console.print(f"Charts saved to {picture}", soft_wrap=True)


def _autoscaled(resource: ResourceSnapshot, live: LiveScaling) -> list[str]:
    """Return the variants with autoscaling in the spec, and those with a scalable target in AWS."""
    return [
        name
        for name in dict.fromkeys((*resource.variants, *live.variants))
        if resource.autoscaling(name) is not None or live.variants.get(name, LiveVariant()).registered
    ]


def _charts(
    resource: ResourceSnapshot,
    *,
    names: Sequence[str],
    live: LiveScaling,
    aws: AwsClients,
    time_range: TimeRange,
) -> list[VariantCharts]:
    endpoint_name = resource.spec.endpoint_name
    policies = {name: _policies(resource.autoscaling(name), endpoint_name, name) for name in names}
    requests = [
        request
        for name in names
        for request in (
            *traffic_requests(endpoint_name, name),
            *(policy.request for policy in policies[name]),
        )
    ]
    series = iter(read_series(aws.cloudwatch, requests, time_range=time_range))
    charts = []
    for name in names:
        activities = read_activities(aws, endpoint_name=endpoint_name, variant=name, start=time_range.start)
        history = VariantHistory(
            name=name,
            live=live.variants.get(name, LiveVariant()),
            spec=_spec_bounds(resource, name),
            activities=activities.found,
            activities_complete=activities.complete,
            invocations=next(series),
            invocations_per_instance=next(series),
            policies=policies[name],
            metrics=tuple(next(series) for _ in policies[name]),
        )
        charts.append(variant_charts(history, time_range=time_range))
    return charts


def _policies(autoscaling: Autoscaling | None, endpoint_name: str, variant: str) -> tuple[PolicyMetric, ...]:
    if autoscaling is None:
        return ()
    return policy_metrics(autoscaling, endpoint_name=endpoint_name, variant=variant)


def _spec_bounds(resource: ResourceSnapshot, variant: str) -> SpecBounds | None:
    known = resource.scaling_status(variant)
    return SpecBounds(known.min_capacity, known.max_capacity, known.since) if known else None


def _save(charts: Sequence[VariantCharts], *, endpoint_name: str, time_range: TimeRange, path: Path) -> None:
    with saving_picture(path):
        from sagemaker_ab.cli.views.scaling_plot import save_scaling_plot  # noqa: PLC0415  # matplotlib is an extra

        save_scaling_plot(charts, endpoint_name=endpoint_name, time_range=time_range, path=path)
