"""Renders the load report as a table or as one JSON object."""

import json
from dataclasses import asdict

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sagemaker_ab.cli.load_report import LoadReport, VariantLoad
from sagemaker_ab.cli.views.formatting import ABSENT
from sagemaker_ab.cli.views.palette import variant_color

_NO_VARIANT = "(no answer)"


def load_view(report: LoadReport) -> Group:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("VARIANT")
    for heading in ("ANSWERS", "SHARE", "ERRORS", "AVERAGE", "P50", "P90", "P99"):
        table.add_column(heading, justify="right")
    for index, load in enumerate(report.variants):
        table.add_row(*_row(load, color=variant_color(index) if load.variant else "red"))
    return Group(table, Text(), _total(report), *_errors(report))


def _row(load: VariantLoad, *, color: str) -> tuple[Text | str, ...]:
    return (
        Text(load.variant or _NO_VARIANT, color),
        str(load.answers),
        ABSENT if load.share is None else f"{load.share:.1%}",
        str(load.errors),
        *_latencies(load),
    )


def _latencies(load: VariantLoad) -> tuple[str, ...]:
    if load.latency is None:
        return (ABSENT,) * 4
    of = load.latency
    return tuple(_milliseconds(seconds) for seconds in (of.average, of.p50, of.p90, of.p99))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _total(report: LoadReport) -> Text:
    requests = report.answers + report.failures
    rate = f", {requests / report.seconds:.1f} per second" if report.seconds else ""
    return Text(f"{requests} requests in {report.seconds:.1f} s{rate}; latency as this client saw it")


def _errors(report: LoadReport) -> list[Text]:
    return [Text(f"{count} failed with {error}", "red") for error, count in report.errors]


def load_json(report: LoadReport) -> str:
    """Return the report as one JSON object; latencies are seconds, shares from 0 to 1."""
    return json.dumps(asdict(report) | {"errors": dict(report.errors)}, ensure_ascii=False)
