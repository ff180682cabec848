"""Whether intervals hold the truth, at every minute at once."""

from typing import Final

from bench.calibration.rows import CalibrationRow, Outcome, percent_of
from bench.calibration.trial import Looks, ab_test, looked_at, rows_of
from bench.calibration.worlds import NAMES, World, draw, seeded

_NEEDED: Final = 20.0
# Blocks close at the ends of strata: between them no interval changes.
_ENDS_OF_STRATA: Final = Looks(5)


def coverage(seed: int, world: World) -> Outcome:
    """Whether the 95 % interval ever excluded the truth in a week."""
    minutes = rows_of(draw(world, seeded("interval", world, seed)))
    length = world.minutes * 60
    policy = ab_test(minDurationSeconds=length, maxDurationSeconds=length)
    truth = world.ratios[1] / world.ratios[0]
    for run, decision in looked_at(policy, minutes, variants=2, looks=_ENDS_OF_STRATA):
        if decision.at % 5:
            continue
        bounds = run.evidence.comparisons[NAMES[0], NAMES[1]].interval(_NEEDED)
        if bounds is not None and not bounds[0] <= truth <= bounds[1]:
            return {"missed": True}
    return {"missed": False}


def _missed(outcome: Outcome) -> bool:
    return bool(outcome["missed"])


_INTERVALS: Final[dict[str, World]] = {
    "ratio 1, rate 5 %": World(),
    "ratio 0.5, rate 1 %": World(rate=0.01, ratios=(1.0, 0.5)),
    "ratio 1.5, rate 5 %, ramp": World(ratios=(1.0, 1.5), weights="ramp"),
    "ratio 2, rate 20 %": World(rate=0.2, ratios=(1.0, 2.0), swing=0.3),
    "ratio 5, rate 2 %, 90/10": World(rate=0.02, ratios=(1.0, 5.0), weights="90/10"),
    "ratio 1.13, rate 10 %, 90/10, 10000 a minute": World(
        rate=0.1, ratios=(1.0, 1.13), weights="90/10", per_minute=10_000
    ),
    "ratio 1.2, own noise CV 1.4": World(ratios=(1.0, 1.2), own_cv=1.4),
}


def intervals(_profile: str) -> list[CalibrationRow]:
    """How often the interval ever excludes the truth."""
    return [
        CalibrationRow(
            table="Intervals",
            name=name,
            trial=coverage,
            settings=world,
            runs={"full": 200, "quick": 100, "slice": 1},
            measures=(percent_of("ever missed %", _missed, bound=5.0),),
        )
        for name, world in _INTERVALS.items()
    ]
