"""False winners between equals, wrong winners, speed, and whether intervals hold the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any, Final

from calibration.rows import CalibrationRow, Measure, Outcome, quantile, share, upper_limit
from calibration.trial import Looks, ab_test, final_decision, rows_of
from calibration.worlds import DAY, NAMES, World, draw, seeded
from sagemaker_ab.traffic.decision import Verdict
from sagemaker_ab.traffic.run import Run

_WEEKS: Final = {"full": 500, "quick": 200, "slice": 1}
_NEEDED: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A world, how it is looked at, and what differs in the policy."""

    world: World
    later: int = 1
    changes: tuple[tuple[str, Any], ...] = ()


def week(seed: int, contest: Contest) -> Outcome:
    """Who is named, with what reason, after how many minutes."""
    world = contest.world
    history = draw(world, seeded("week", repr(world)[-12:], seed))
    policy = ab_test(len(world.ratios), **dict(contest.changes))
    decision = final_decision(
        policy, rows_of(history), variants=len(world.ratios), looks=Looks(contest.later)
    )
    outcome = decision.outcome
    return {
        "winner": outcome.winner,
        "reason": outcome.reason,
        "minutes": decision.at if outcome.verdict is Verdict.WINNER else None,
    }


def named(outcome: Outcome) -> bool:
    return outcome["winner"] is not None


_DAY_LONG: Final = (("minDurationSeconds", 86400),)
_WEEK_LONG: Final = (("minDurationSeconds", 604_800),)

EQUALS: Final[dict[str, tuple[World, tuple[tuple[str, Any], ...], float | None]]] = {
    "even": (World(), (), 5.0),
    "weights follow the data": (World(weights="follow the data"), (), 5.0),
    "90/10": (World(weights="90/10"), (), 5.0),
    "ramp 1 to 50": (World(weights="ramp"), (), 5.0),
    "weights move with the day": (World(weights="with the day"), (), 5.0),
    "common noise CV 1": (World(common_cv=1.0), (), 5.0),
    "own noise CV 0.7": (World(own_cv=0.7), (), 5.0),
    "own noise CV 1.4": (World(own_cv=1.4), (), 5.0),
    "own noise CV 0.7, 1000 a minute": (World(own_cv=0.7, per_minute=1000), (), 5.0),
    "own noise CV 2, 90/10, 1000 a minute": (
        World(own_cv=2.0, per_minute=1000, weights="90/10"),
        (),
        5.0,
    ),
    "1 a minute": (World(per_minute=1), (), 5.0),
    "10000 a minute": (World(per_minute=10_000), (), 5.0),
    "rate 0.2 %": (World(rate=0.002), (), 5.0),
    "rate 1 %": (World(rate=0.01), (), 5.0),
    "rate 30 %, weights move with the day": (World(rate=0.3, weights="with the day"), (), 5.0),
    "3 variants": (World(ratios=(1.0,) * 3), (), 5.0),
    "5 variants": (World(ratios=(1.0,) * 5), (), 5.0),
    "a tenth of the minutes missing": (World(missing=0.1), (), 5.0),
    "minutes revised": (World(revised=0.1), (), 5.0),
    "noise lasts, AR 0.95, after a day": (World(own_cv=0.3, lasting=0.95), _DAY_LONG, 5.0),
    "noise lasts, AR 0.99, after a week": (
        World(own_cv=0.3, lasting=0.99, minutes=8 * DAY),
        _WEEK_LONG,
        5.0,
    ),
    "limit: AR 0.95, at once": (World(own_cv=0.3, lasting=0.95), (), None),
    "limit: AR 0.99, after a day": (World(own_cv=0.3, lasting=0.99), _DAY_LONG, None),
}


def equals(profile: str) -> list[CalibrationRow]:
    """No difference: how often a winner is named all the same."""
    later = 1 if profile == "full" else 5
    return [
        CalibrationRow(
            table="False winners between equals",
            name=name,
            trial=week,
            settings=Contest(world=world, later=later, changes=changes),
            runs=_WEEKS,
            measures=(Measure(name="false %", figure=share(named), bound=bound, detail=upper_limit(named)),),
        )
        for name, (world, changes, bound) in EQUALS.items()
    ]


def _is_wrong(right: tuple[str, ...], outcome: Outcome) -> bool:
    return named(outcome) and outcome["winner"] not in right


_UNEQUAL: Final[dict[str, tuple[World, tuple[str, ...]]]] = {
    "B 5 % better": (World(ratios=(1.0, 1.05)), ("B",)),
    "B 10 % worse, 90/10": (World(ratios=(1.0, 0.9), weights="90/10"), ("A",)),
    "Simpson: B 5 % better, pooled worse": (
        World(ratios=(1.0, 1.05), weights="with the day", swing=-0.8),
        ("B",),
    ),
    "B better, weights follow the data": (
        World(ratios=(1.0, 1.1), weights="follow the data", per_minute=30),
        ("B",),
    ),
    "B and C better": (World(ratios=(1.0, 1.05, 1.1), per_minute=300), ("B", "C")),
    "own noise CV 1.4, B 10 % better": (World(ratios=(1.0, 1.1), own_cv=1.4), ("B",)),
}


def wrong(profile: str) -> list[CalibrationRow]:
    """A difference: how often a worse variant is named, or the baseline when a challenger is better."""
    rows = []
    for name, (world, right) in _UNEQUAL.items():
        is_wrong = partial(_is_wrong, right)
        rows.append(
            CalibrationRow(
                table="Wrong winners",
                name=name,
                trial=week,
                settings=Contest(world=world, later=1 if profile == "full" else 5),
                runs={"full": 300, "quick": 100, "slice": 1},
                measures=(
                    Measure(name="wrong %", figure=share(is_wrong), bound=1.0, detail=upper_limit(is_wrong)),
                    Measure(name="named %", figure=share(named)),
                ),
            )
        )
    return rows


_SPEEDS: Final[dict[str, World]] = {
    "1 % ×2, 100/min": World(rate=0.01, ratios=(1.0, 2.0)),
    "1 % ×1.5, 100/min": World(rate=0.01, ratios=(1.0, 1.5)),
    "1 % ×1.2, 100/min": World(rate=0.01, ratios=(1.0, 1.2)),
    "1 % ×1.1, 1000/min": World(rate=0.01, ratios=(1.0, 1.1), per_minute=1000),
    "10 % ×1.1, 100/min": World(rate=0.1, ratios=(1.0, 1.1)),
    "30 % ×1.05, 100/min": World(rate=0.3, ratios=(1.0, 1.05)),
    "50 % ×1.03, 100/min": World(rate=0.5, ratios=(1.0, 1.03)),
    "5 % ×1.2, 30/min": World(rate=0.05, ratios=(1.0, 1.2), per_minute=30),
    "5 % ×1.5, 10/min": World(rate=0.05, ratios=(1.0, 1.5), per_minute=10),
    "10 % ×1.05, 100/min": World(rate=0.1, ratios=(1.0, 1.05)),
}
_LONG, _MIDDLE = 600, 240


def fixed_minutes(world: World, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Minutes that a z-test at a fixed number needs at an even split, by the usual formula."""
    p, q = world.rate, world.rate * world.ratios[1]
    normal = NormalDist()
    z = normal.inv_cdf(1.0 - alpha / 2.0) + normal.inv_cdf(power)
    each = z**2 * (p * (1.0 - p) + q * (1.0 - q)) / (p - q) ** 2
    return 2.0 * each / world.per_minute


def _times_fixed(fixed: float, outcomes: Sequence[Outcome]) -> float:
    return quantile("minutes", 0.8)(outcomes) / fixed


def _fixed_in_words(fixed: float, _outcomes: Sequence[Outcome]) -> str:
    return f"fixed n: {fixed:.0f} min"


def speed(_profile: str) -> list[CalibrationRow]:
    """A difference: after how many minutes it is proven, against the fixed number."""
    rows = []
    for name, world in _SPEEDS.items():
        fixed = fixed_minutes(world)
        flat = replace(world, minutes=int(6 * fixed) + 300, swing=0.0, traffic_swing=0.0)
        ratio = Measure(
            name="÷ fixed n",
            figure=partial(_times_fixed, fixed),
            bound=3.0 if fixed >= _LONG else 3.2 if fixed >= _MIDDLE else None,
            detail=partial(_fixed_in_words, fixed),
        )
        absolute = 240.0 if name == "1 % ×2, 100/min" else None
        rows.append(
            CalibrationRow(
                table="Speed",
                name=name,
                trial=week,
                settings=Contest(world=flat, later=5),
                runs={"full": 400, "quick": 150, "slice": 1},
                measures=(
                    Measure(name="median min", figure=quantile("minutes", 0.5)),
                    Measure(name="80th min", figure=quantile("minutes", 0.8), bound=absolute),
                    ratio,
                ),
            )
        )
    return rows


def coverage(seed: int, world: World) -> Outcome:
    """Whether the interval held the truth at every minute of the week at once."""
    history = draw(world, seeded("interval", repr(world)[-12:], seed))
    truth = world.ratios[1] / world.ratios[0]
    seen = {"last": -1.0, "missed": 0}
    policy = ab_test(2, minDurationSeconds=world.minutes * 60, maxDurationSeconds=world.minutes * 60)

    def watch(run: Run, _at: int) -> None:
        comparison = run.evidence.comparisons[NAMES[0], NAMES[1]]
        bounds = comparison.interval(_NEEDED)
        if bounds is not None and not bounds[0] <= truth <= bounds[1]:
            seen["missed"] += 1

    # Blocks close at ends of strata: between them no interval changes.
    final_decision(policy, rows_of(history), variants=2, looks=Looks(5), watch=watch)
    return {"missed": seen["missed"] > 0}


_INTERVALS: Final[dict[str, World]] = {
    "ratio 1, rate 5 %": World(),
    "ratio 0.5, rate 1 %": World(rate=0.01, ratios=(1.0, 0.5)),
    "ratio 1.5, rate 5 %, ramp": World(ratios=(1.0, 1.5), weights="ramp"),
    "ratio 2, rate 20 %": World(rate=0.2, ratios=(1.0, 2.0), swing=0.3),
    "ratio 1.2, own noise CV 1.4": World(ratios=(1.0, 1.2), own_cv=1.4),
}


def intervals(_profile: str) -> list[CalibrationRow]:
    """How often the interval ever excludes the truth."""
    missed = _missed
    return [
        CalibrationRow(
            table="Intervals",
            name=name,
            trial=coverage,
            settings=world,
            runs={"full": 300, "quick": 100, "slice": 1},
            measures=(
                Measure(name="ever missed %", figure=share(missed), bound=5.0, detail=upper_limit(missed)),
            ),
        )
        for name, world in _INTERVALS.items()
    ]


def _missed(outcome: Outcome) -> bool:
    return bool(outcome["missed"])
