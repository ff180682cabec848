"""Renders the comparisons of a run: the values of both variants, their ratio, and the evidence of harm."""

from rich.text import Text

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.api.traffic_status import ComparisonStatus, Interval, TrafficStatus
from sagemaker_ab.cli.views.formatting import ABSENT
from sagemaker_ab.cli.views.meter import meter

Row = tuple[Text, ...]


def comparison_rows(traffic: TrafficStatus) -> list[Row]:
    """Return one row for each comparison."""
    return [_comparison(each) for each in traffic.comparisons or ()]


def _comparison(comparison: ComparisonStatus) -> Row:
    metric = comparison.metric
    return (
        Text(metric),
        Text(_value(comparison.value, metric)),
        Text(f"against {_value(comparison.baseline_value, metric)}"),
        Text(_ratio(comparison.ratio, comparison.interval)),
        Text.assemble("harm ", meter(comparison.evidence_log10, comparison.needed_log10)),
        Text(_exponents(comparison), "dim"),
    )


def _value(value: str | None, metric: str) -> str:
    if value is None:
        return ABSENT
    return f"{float(value) / 1000:.3g} ms" if metric == LATENCY else f"{100 * float(value):.3g}%"


def _ratio(ratio: str | None, interval: Interval | None) -> str:
    """Return how many times the baseline's value that of the variant is, with its interval."""
    if ratio is None:
        return ABSENT
    words = f"{ratio} times"
    match interval:
        case Interval(lower=str(lower), upper=str(upper)):
            return f"{words} ({lower} to {upper})"
        case Interval(lower=str(lower)):
            return f"{words} (at least {lower})"
        case Interval(upper=str(upper)):
            return f"{words} (at most {upper})"
    return words


def _exponents(comparison: ComparisonStatus) -> str:
    if comparison.evidence_log10 is None or comparison.needed_log10 is None:
        return ""
    return f"10^{comparison.evidence_log10} of 10^{comparison.needed_log10}"
