"""Writes counts as CSV, in the format of recorded counts."""

from datetime import UTC, datetime, timedelta

from tests.unit.traffic.worlds import rows

START = datetime(2026, 3, 2, tzinfo=UTC)
HEADER = "minute,variant,weight,invocations,errors5xx,latencyAverageMicros,successes,trials"


def minute(at, style="Z"):
    return f"{START + timedelta(minutes=at):%Y-%m-%dT%H:%M}" + style


def csv_lines(variants, *, minutes, style="Z", **world):
    for at, variant, counts in rows(variants, minutes=minutes, **world):
        numbers = (
            counts.weight,
            counts.invocations,
            counts.errors_5xx,
            counts.latency_average_micros,
            counts.successes,
            counts.trials,
        )
        cells = ["" if number is None else f"{number}" for number in numbers]
        yield ",".join([minute(at, style), variant, *cells])


def csv_text(lines, header=HEADER):
    return "\n".join([header, *lines]) + "\n"
