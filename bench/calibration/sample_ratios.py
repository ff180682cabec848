"""The sample ratio: days at the declared share, and shares that are off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.calibration.rows import CalibrationRow, Outcome, percent_of, quantile_of
from bench.calibration.trial import ab_test, looked_at
from bench.calibration.worlds import DAY, NAMES, seeded
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The share that weights declare, how far it is missed, and its noise from minute to minute."""

    declared: float = 0.5
    off: float = 0.0
    noise: float = 0.0
    per_minute: float = 100.0
    minutes: int = DAY


def split_day(seed: int, world: Split) -> Outcome:
    """When the sample ratio held the run, if it did."""
    policy = ab_test(onSampleRatioMismatch="Hold")
    minutes = _minutes(world, seeded("split", world, seed))
    for _, decision in looked_at(policy, minutes, variants=2):
        if decision.outcome.reason is DecisionReason.SAMPLE_RATIO_MISMATCH:
            return {"minutes": decision.at}
    return {"minutes": None}


def _minutes(world: Split, random: np.random.Generator) -> Iterator[list[CountsRow]]:
    weights = (100.0 * (1.0 - world.declared), 100.0 * world.declared)
    for at in range(world.minutes):
        share = float(np.clip(world.declared + world.off + random.normal(0.0, world.noise), 0.0, 1.0))
        calls = int(random.poisson(world.per_minute))
        own = int(random.binomial(calls, share))
        yield [
            CountsRow(at, name, Counts(weight=weight, invocations=n))
            for name, weight, n in zip(NAMES, weights, (calls - own, own), strict=False)
        ]


def _held(outcome: Outcome) -> bool:
    return outcome["minutes"] is not None


_RIGHT: Final = {
    "50/50": Split(),
    "50/50, share noise 5 points": Split(noise=0.05),
    "90/10": Split(declared=0.1),
}
_OFF: Final[dict[str, tuple[Split, float | None]]] = {
    "8 points off": (Split(off=0.08), 40.0),
    "4 points off": (Split(off=0.04), None),
}


def sample_ratios(_profile: str) -> list[CalibrationRow]:
    """A day each; at the declared share 3,000 days in all."""
    right = [
        CalibrationRow(
            table="Sample ratio: days with a false alarm",
            name=name,
            trial=split_day,
            settings=world,
            runs={"full": 1000, "quick": 100, "slice": 1},
            measures=(percent_of("held %", _held, bound=0.0),),
        )
        for name, world in _RIGHT.items()
    ]
    off = [
        CalibrationRow(
            table="Sample ratio: minutes until found",
            name=name,
            trial=split_day,
            settings=world,
            runs={"full": 200, "quick": 60, "slice": 4},
            measures=(quantile_of("median min", "minutes", 0.5, bound=bound),),
        )
        for name, (world, bound) in _OFF.items()
    ]
    return right + off
