"""Round numbers for the axes of a chart."""

import math
from collections.abc import Iterable

_FOUR_DIGITS = 1000
_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def round_up(value: float) -> float:
    """Return the next higher of ten round numbers in each power of ten; 1 for zero."""
    if value <= 0:
        return 1
    power: float = 10 ** math.floor(math.log10(value))
    return next(step * power for step in _ROUND if step * power >= value * (1 - 1e-9))


def top_of(values: Iterable[float]) -> float:
    """Return the upper end of an axis that begins at zero and shows all `values`."""
    return round_up(max(values, default=0))


def bottom_of(values: Iterable[float]) -> float:
    """Return the lower end of an axis that shows all `values`: zero unless one of them is negative."""
    lowest = min(values, default=0)
    return -round_up(-lowest) if lowest < 0 else 0


def short(value: float) -> str:
    """Return three significant digits, with a suffix for large numbers: 0.25, 12.5, 340, 12k, 3M."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            divisor = 1e3 if suffix == "k" else limit
            return f"{value / divisor:.3g}{suffix}"
    return f"{value:.3g}" if abs(value) < _FOUR_DIGITS else f"{value:.0f}"
