"""Between equals, how often a winner is named; between unequals, how often a wrong one."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bench.calibration.rows import CalibrationRow, Outcome, percent_of
from bench.calibration.trial import Looks, ab_test, last_decision, looked_at, rows_of
from bench.calibration.worlds import DAY, NAMES, World, draw, seeded
from sagemaker_ab.traffic.decision import DecisionReason, Verdict

_LATER: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A world, how it is looked at, and what differs in the policy."""

    world: World
    later: int = 1
    changes: tuple[tuple[str, Any], ...] = ()


def contest_run(seed: int, contest: Contest) -> Outcome:
    """Who is named, with what reason, after how many minutes."""
    world = contest.world
    history = draw(world, seeded("contest", world, seed))
    count = len(world.ratios)
    policy = ab_test(count, **dict(contest.changes))
    looked = looked_at(policy, rows_of(history), variants=count, looks=Looks(contest.later))
    decision = last_decision(looked)
    named = decision.outcome.verdict is Verdict.WINNER
    return {
        "winner": decision.outcome.winner,
        "reason": decision.outcome.reason,
        "minutes": decision.at if named else None,
    }


def is_named(outcome: Outcome) -> bool:
    return outcome["winner"] is not None


def _expecting(**hypothesis: Any) -> tuple[tuple[str, Any], ...]:
    return (("hypothesis", {"metric": "Successes", **hypothesis}),)


_DAY_LONG: Final = (("minDurationSeconds", 86400),)
_WEEK_LONG: Final = (("minDurationSeconds", 604_800),)

_EQUALS: Final[dict[str, tuple[World, tuple[tuple[str, Any], ...], float | None]]] = {
    "even": (World(), (), 5.0),
    "weights follow the data": (World(weights="follow the data"), (), 5.0),
    "90/10": (World(weights="90/10"), (), 5.0),
    "ramp 1 to 50": (World(weights="ramp"), (), 5.0),
    "weights move with the day": (World(weights="with the day"), (), 5.0),
    "common noise CV 1": (World(common_cv=1.0), (), 5.0),
    "own noise CV 0.7": (World(own_cv=0.7), (), 5.0),
    "own noise CV 1.4": (World(own_cv=1.4), (), 5.0),
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
    "1 %, 10 a minute, 90/10": (World(rate=0.01, per_minute=10, weights="90/10"), (), 5.0),
    "0.2 %, 10 a minute": (World(rate=0.002, per_minute=10), (), 5.0),
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
    "Superior, 90/10, own noise CV 1.4": (
        World(weights="90/10", own_cv=1.4),
        _expecting(expect="Superior"),
        5.0,
    ),
    "NonInferior at its margin": (
        World(ratios=(1.0, 0.95)),
        _expecting(expect="NonInferior", marginPercent=5),
        5.0,
    ),
    "limit: AR 0.95, at once": (World(own_cv=0.3, lasting=0.95), (), None),
    "limit: AR 0.99, after a day": (World(own_cv=0.3, lasting=0.99), _DAY_LONG, None),
}


def false_winners(profile: str) -> list[CalibrationRow]:
    """No difference for a week, or one that just does not do: how often a winner is named all the same."""
    return [
        CalibrationRow(
            table="False winners between equals",
            name=name,
            trial=contest_run,
            settings=Contest(world=world, later=1 if profile == "full" else _LATER, changes=changes),
            runs={"full": 500 if bound else 200, "quick": 200 if bound else 100, "slice": 1},
            measures=(percent_of("false %", is_named, bound=bound),),
        )
        for name, (world, changes, bound) in _EQUALS.items()
    ]


_UNEQUAL: Final[dict[str, World]] = {
    "B 1 % better, 1000 a minute": World(ratios=(1.0, 1.01), per_minute=1000),
    "B 5 % better": World(ratios=(1.0, 1.05)),
    "B 10 % worse, 90/10": World(ratios=(1.0, 0.9), weights="90/10"),
    "Simpson: B 5 % better, pooled worse": World(ratios=(1.0, 1.05), weights="with the day", swing=-0.8),
    "Simpson: B 5 % worse, pooled better": World(ratios=(1.0, 0.95), weights="with the day", swing=0.8),
    "B better, weights follow the data": World(ratios=(1.0, 1.1), weights="follow the data", per_minute=30),
    "B 5 %, C 10 % better": World(ratios=(1.0, 1.05, 1.1), per_minute=300),
    "B as A, C 10 % worse": World(ratios=(1.0, 1.0, 0.9), per_minute=300),
    "own noise CV 1.4, B 10 % better": World(ratios=(1.0, 1.1), own_cv=1.4),
}


def _is_wrong(ratios: tuple[float, ...], outcome: Outcome) -> bool:
    """Say whether a worse one than the baseline is named, or it itself, or one as proven best that is not."""
    if not is_named(outcome):
        return False
    truth = dict(zip(NAMES, ratios, strict=False))
    winner, best = truth[outcome["winner"]], max(ratios)
    if outcome["reason"] == DecisionReason.PROVEN:
        return winner < best
    return winner < 1.0 or (outcome["winner"] == NAMES[0] and best > 1.0)


def wrong_winners(_profile: str) -> list[CalibrationRow]:
    """A difference: how often a worse variant is named, or the baseline when a challenger is better.

    Looked at every minute of the first day, then every 5, when blocks close.
    """
    return [
        CalibrationRow(
            table="Wrong winners",
            name=name,
            trial=contest_run,
            settings=Contest(world=world, later=_LATER),
            runs={"full": 300, "quick": 100, "slice": 1},
            measures=(
                percent_of("wrong %", partial(_is_wrong, world.ratios), bound=1.0),
                percent_of("named %", is_named),
            ),
        )
        for name, world in _UNEQUAL.items()
    ]
