"""Renders evidence as a part of what is needed, for readers who know no statistics."""

from rich.text import Text

_WIDTH = 10
_ALARMING = 0.5


def meter(evidence_log10: str | None, needed_log10: str | None) -> Text:
    """Return a bar and a percentage: how far the evidence is on the way to what is needed.

    Both are powers of ten, so that equal parts of the bar need about equally many requests. Evidence of 1 or
    less is 0%.
    """
    if evidence_log10 is None or needed_log10 is None or float(needed_log10) <= 0:
        return Text()
    part = min(1.0, max(0.0, float(evidence_log10) / float(needed_log10)))
    filled = int(_WIDTH * part)
    color = "red" if part >= 1 else "yellow" if part >= _ALARMING else "green"
    return Text.assemble(("━" * filled, color), ("─" * (_WIDTH - filled), "dim"), f" {int(100 * part)}%")
