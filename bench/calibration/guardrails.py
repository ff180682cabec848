"""Guardrails on server errors: false alarms, and how soon harm is found."""

from dataclasses import replace
from typing import Any, Final

from bench.calibration.rows import CalibrationRow, Outcome, percent_of, quantile_of
from bench.calibration.trial import guarded, last_decision, looked_at, rows_of
from bench.calibration.worlds import DAY, World, draw, seeded
from sagemaker_ab.traffic.decision import Verdict

_PERCENTS: Final = {"90/10": 10, "99/1": 1, "even": 50}


def run_with_guardrail(seed: int, world: World) -> Outcome:
    """When the guardrail ended the run, if it did: minutes since the harm began."""
    history = draw(world, seeded("guardrail", world, seed))
    policy = guarded("ServerErrors", margin=0, rate="0.01", percent=_PERCENTS[world.weights])
    decision = last_decision(looked_at(policy, rows_of(history, errors=True), variants=2))
    breached = decision.outcome.verdict is Verdict.ROLLBACK
    return {"breached": breached, "minutes": decision.at - world.onset if breached else None}


def _breached(outcome: Outcome) -> bool:
    return bool(outcome["breached"])


def _canary(**changes: Any) -> World:
    half_a_day = World(minutes=720, rate=0.01, weights="90/10", swing=0.0, traffic_swing=0.0)
    return replace(half_a_day, **changes)


def _after_a_day(ratio: float) -> World:
    return _canary(ratios=(1.0, ratio), onset=DAY, minutes=2 * DAY)


_HARMLESS: Final[dict[str, tuple[World, float | None]]] = {
    "canary 10 %": (_canary(), 1.0),
    "canary 10 %, a day": (_canary(minutes=DAY), 1.0),
    "canary 10 %, daily swing": (_canary(swing=0.5, traffic_swing=0.5), 1.0),
    "canary 1 %": (_canary(weights="99/1"), 1.0),
    "canary 10 %, 10 a minute": (_canary(per_minute=10), 1.0),
    "50/50": (_canary(weights="even"), 1.0),
    "canary 10 %, own noise CV 0.7": (_canary(own_cv=0.7), 1.0),
    "canary 10 %, own noise CV 1.4": (_canary(own_cv=1.4), 4.0),
    "limit: 50/50, own noise CV 1.4": (_canary(own_cv=1.4, weights="even"), None),
    "limit: noise lasts, AR 0.95": (_canary(own_cv=0.3, lasting=0.95), None),
}
_HARMFUL: Final[dict[str, tuple[World, float | None]]] = {
    "×2, canary 10 %": (_canary(ratios=(1.0, 2.0)), None),
    "×5, canary 10 %": (_canary(ratios=(1.0, 5.0)), 30.0),
    "×20, canary 10 %": (_canary(ratios=(1.0, 20.0)), 6.0),
    "dead container, canary 10 %": (_canary(ratios=(1.0, 100.0)), 6.0),
    "×20, canary 1 %": (_canary(ratios=(1.0, 20.0), weights="99/1"), 45.0),
    "×20, canary 10 %, 10 a minute": (_canary(ratios=(1.0, 20.0), per_minute=10), None),
    "×5 after an hour, canary 10 %": (_canary(ratios=(1.0, 5.0), onset=60), None),
    "×20 after an hour, canary 10 %": (_canary(ratios=(1.0, 20.0), onset=60), None),
    "×2 after a healthy day, canary 10 %": (_after_a_day(2.0), None),
    "×3 after a healthy day, canary 10 %": (_after_a_day(3.0), None),
    "×5 after a healthy day, canary 10 %": (_after_a_day(5.0), 40.0),
    "×20 after a healthy day, canary 10 %": (_after_a_day(20.0), 10.0),
}


_RUNS: Final = {"full": 400, "quick": 200, "slice": 10}
_FEWER_RUNS: Final = {"full": 200, "quick": 50, "slice": 1}


def guardrails(_profile: str) -> list[CalibrationRow]:
    """One guardrail, base 1 %, 100 requests a minute, half a day, false alarm rate 1 %."""
    harmless = [
        CalibrationRow(
            table="Guardrail: false alarms",
            name=name,
            trial=run_with_guardrail,
            settings=world,
            runs={"full": 600, "quick": 200, "slice": 1},
            measures=(percent_of("false %", _breached, bound=bound),),
        )
        for name, (world, bound) in _HARMLESS.items()
    ]
    harmful = [
        CalibrationRow(
            table="Guardrail: minutes of data until harm is found",
            name=name,
            trial=run_with_guardrail,
            settings=world,
            runs=_RUNS if world.minutes <= DAY else _FEWER_RUNS,
            measures=(
                quantile_of("median min", "minutes", 0.5, bound=bound),
                quantile_of("95th min", "minutes", 0.95),
            ),
        )
        for name, (world, bound) in _HARMFUL.items()
    ]
    return harmless + harmful
