"""Limits how fast the share of an autoscaled variant grows, so that its instances can follow the traffic.

The autoscaler reacts to the traffic that a variant already has. An alarm takes about three minutes to fire,
and an instance several minutes to come into service. A variant with little traffic has few instances, and
all traffic at once would overrun them. S1 does not prevent that: it knows the intended minimum, not the load.
"""

from collections.abc import Collection, Mapping
from typing import Final

DOUBLING_SECONDS: Final = 600.0
"""The time in which a share at most doubles: an alarm, the launch of instances, and a margin. A guess."""


def limit_growth(  # noqa: PLR0913 - all but the weights by keyword
    current: Mapping[str, int],
    target: Mapping[str, int],
    *,
    autoscaled: Collection[str],
    first: int,
    since: float,
    now: float,
) -> Mapping[str, int]:
    """Return weights between the current ones and the target that no autoscaled variant is overrun by.

    Both are percents of the same variants. The current ones have been in effect since `since`, verified by
    reads. The share of an autoscaled variant stays until 10 minutes have passed and then at most doubles. A
    variant without traffic gets up to `first` percent at once, the share of the first step: S1 waits for the
    intended minimum of instances, and how much traffic that minimum can take is known to the user alone, who
    chose the first step. Shares that fall make room for those that rise, in proportion. Raises ValueError if
    the sums or the variants differ.

    A rollback must not be limited: it goes to a variant whose instances the run has kept. Any other return to
    the baseline is limited, because it may have scaled in after a promotion.
    """
    if current.keys() != target.keys() or sum(current.values()) != sum(target.values()):
        raise ValueError(f"{dict(target)} does not follow {dict(current)}")
    factor = 2 if now - since >= DOUBLING_SECONDS else 1
    rises = {name: target[name] - share for name, share in current.items() if target[name] > share}
    limited = {
        name: min(rise, (factor - 1) * current[name] if current[name] else first)
        if name in autoscaled
        else rise
        for name, rise in rises.items()
    }
    wanted, granted = sum(rises.values()), sum(limited.values())
    if granted == wanted:
        return target
    falls = {name: share - target[name] for name, share in current.items() if target[name] < share}
    given = _in_proportion(falls, granted)
    return {name: share + limited.get(name, 0) - given.get(name, 0) for name, share in current.items()}


def _in_proportion(amounts: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide a total, at most the sum of the amounts, in proportion to them, by largest remainders."""
    whole = sum(amounts.values())
    parts = {name: amount * total // whole for name, amount in amounts.items()}
    by_remainder = sorted(amounts, key=lambda name: -(amounts[name] * total % whole))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts
