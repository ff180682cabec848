"""Numbers of a run as status shows them: rounded, so that noise does not change status each minute."""

from datetime import datetime
from math import floor, isfinite, log10
from typing import Final

_LEAST_LOG10: Final = -9.0
"""Weaker evidence is shown as this."""


def significant(number: float, digits: int = 2) -> str:
    """Return a decimal with so many significant digits; "0" for zero."""
    if not number or not isfinite(number):
        return "0"
    places = digits - 1 - floor(log10(abs(number)))
    text = f"{round(number, places):.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def log10_shown(evidence: float) -> str:
    """Return the power of ten of an e-value, to one decimal place."""
    power = log10(evidence) if evidence > 0.0 else _LEAST_LOG10
    text = f"{max(_LEAST_LOG10, round(power, 1)):.1f}"
    return "0.0" if text == "-0.0" else text


def rounded_count(count: float) -> int:
    """Return a count rounded down to two significant digits."""
    if count < 100:  # noqa: PLR2004 - has no more than two digits
        return max(0, int(count))
    unit = 10 ** (floor(log10(count)) - 1)
    return int(count // unit * unit)


def clock_time(moment: datetime) -> str:
    """Return a time as a message shows it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
