"""Gates: what must hold before a run goes on to its next step, for display."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log, sqrt
from typing import Final

_MOST_QUANTILE: Final = 0.84
"""The normal quantile of 80%."""


class GateState(StrEnum):
    """The state of a gate."""

    SATISFIED = "Satisfied"
    WAITING = "Waiting"
    """Time, traffic or a person will satisfy it."""
    BLOCKED = "Blocked"
    """It keeps the run from going on until its cause passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCheck:
    """A gate at a look.

    `value` and `required` are requests, or evidence as an e-value. `until` is the minute at which time
    satisfies the gate.
    """

    name: str
    state: GateState
    subject: str = ""
    value: float | None = None
    required: float | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StillNeeded:
    """The requests that half of all runs, and 80% of them, still need until the evidence suffices."""

    half: int
    most: int


def requests_still_needed(evidence: float, threshold: float, requests: float) -> StillNeeded | None:
    """Forecast the further requests until the evidence reaches its threshold; None while nothing is known.

    The evidence e of n requests corresponds to a normal deviate z = sqrt(2·ln e), whose mean grows with
    sqrt(n). The deviate of the threshold is reached after n·(z_threshold/z)² requests in half of the runs. In
    80% of them the deviate is at least its mean less 0.84.
    """
    if evidence >= threshold:
        return StillNeeded(half=0, most=0)
    if evidence <= 1.0 or requests <= 0.0:
        return None
    now, wanted = sqrt(2.0 * log(evidence)), sqrt(2.0 * log(threshold))
    half, most = (requests * ((each / now) ** 2 - 1.0) for each in (wanted, wanted + _MOST_QUANTILE))
    return StillNeeded(half=ceil(half), most=ceil(most))
