"""Guardrails, latency, sample ratio: false alarms, and how soon what is real is found."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from calibration.rows import CalibrationRow, Measure, Outcome, quantile, share, upper_limit
from calibration.trial import Looks, ab_test, final_decision, policy_of, rows_of
from calibration.worlds import DAY, NAMES, World, draw, seeded
from sagemaker_ab.api.policies.parts import Guardrail
from sagemaker_ab.api.policies.traffic import Policy
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import Reason, Verdict
from sagemaker_ab.traffic.evidence.ledger import Row
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.watch import within_margin

_HALF_DAY: Final = 720
_EVERY_MINUTE: Final = Looks(1)
_PROOF: Final = 20.0


def _steady(metric: str, *, margin: int, rate: str, percent: int) -> Policy:
    """One step that outlasts the history, with one guardrail."""
    return policy_of(
        "Stepped",
        baseline="A",
        candidate="B",
        steps=[{"percent": percent, "hold": {"minDurationSeconds": 864_000, "minRequests": 1}}],
        guardrails=[{"metric": metric, "noWorseThanPercent": margin}],
        falseAlarmRate=rate,
        deadlineSeconds=864_000,
        onSampleRatioMismatch="Warn",
        onNoTraffic="Warn",
    )


def run_with_guardrail(seed: int, world: World) -> Outcome:
    """When the guardrail on server errors ended the run, if it did."""
    history = draw(world, seeded("guard", repr(world)[-12:], seed))
    percent = {"90/10": 10, "99/1": 1, "even": 50}[world.weights]
    policy = _steady("ServerErrors", margin=0, rate="0.01", percent=percent)
    decision = final_decision(policy, rows_of(history, errors=True), variants=2, looks=_EVERY_MINUTE)
    breached = decision.outcome.verdict is Verdict.ROLLBACK
    return {"breached": breached, "minutes": decision.at if breached else None}


def _breached(outcome: Outcome) -> bool:
    return bool(outcome["breached"])


_CANARY: Final = World(minutes=_HALF_DAY, rate=0.01, weights="90/10", swing=0.0, traffic_swing=0.0)


def _canary(**changes: Any) -> World:
    return replace(_CANARY, **changes)


_HARMLESS: Final[dict[str, tuple[World, float | None]]] = {
    "canary 10 %": (_canary(), 1.0),
    "canary 10 %, daily swing": (_canary(swing=0.5, traffic_swing=0.5), 1.0),
    "canary 1 %": (_canary(weights="99/1"), 1.0),
    "canary 10 %, 10 a minute": (_canary(per_minute=10), 1.0),
    "50/50": (_canary(weights="even"), 1.0),
    "canary 10 %, own noise CV 0.7": (_canary(own_cv=0.7), 4.0),
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
}


def guardrails(_profile: str) -> list[CalibrationRow]:
    """Server errors, base 1 %, half a day, false alarm rate 1 %."""
    harmless = [
        CalibrationRow(
            table="Guardrail: false alarms",
            name=name,
            trial=run_with_guardrail,
            settings=world,
            runs={"full": 2000, "quick": 600, "slice": 2},
            measures=(
                Measure(name="false %", figure=share(_breached), bound=bound, detail=upper_limit(_breached)),
            ),
        )
        for name, (world, bound) in _HARMLESS.items()
    ]
    harmful = [
        CalibrationRow(
            table="Guardrail: minutes of data until harm is found",
            name=name,
            trial=run_with_guardrail,
            settings=world,
            runs={"full": 400, "quick": 200, "slice": 10},
            measures=(
                Measure(name="median min", figure=quantile("minutes", 0.5), bound=bound),
                Measure(name="95th min", figure=quantile("minutes", 0.95)),
            ),
        )
        for name, (world, bound) in _HARMFUL.items()
    ]
    return harmless + harmful


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """Average latencies: B's is `ratio` times A's; a minute's own noise, and that of single calls."""

    per_minute: float = 100.0
    share: float = 0.5
    ratio: float = 1.0
    call_cv: float = 0.5
    own_cv: float = 0.0
    minutes: int = DAY


def latency_run(seed: int, world: Slowness) -> Outcome:
    """When "worse than 10 %" and "not worse than 10 %" were proven, if they were."""
    random = seeded("latency", repr(world)[-12:], seed)
    policy = _steady("Latency", margin=10, rate="0.05", percent=round(100 * world.share))
    guardrail = Guardrail(metric="Latency", no_worse_than_percent=10)
    seen: dict[str, int | None] = {"worse": None, "not worse": None}

    def watch(run: Run, at: int) -> None:
        if seen["not worse"] is None and within_margin(guardrail, NAMES[1], run.evidence) >= _PROOF:
            seen["not worse"] = at

    decision = final_decision(policy, _latencies(world, random), variants=2, looks=_EVERY_MINUTE, watch=watch)
    if decision.outcome.reason is Reason.GUARDRAIL_BREACHED:
        seen["worse"] = decision.at
    return dict(seen)


def _latencies(world: Slowness, random: np.random.Generator) -> Any:
    percents = (100.0 * (1.0 - world.share), 100.0 * world.share)
    for at in range(world.minutes):
        rows = []
        for name, percent, mean in zip(NAMES, percents, (1.0, world.ratio), strict=False):
            calls = int(random.poisson(world.per_minute * percent / 100.0))
            level = (
                50_000.0
                * mean
                * (random.gamma(1 / world.own_cv**2, world.own_cv**2) if world.own_cv else 1.0)
            )
            shape = calls / world.call_cv**2
            average = float(level * random.gamma(shape, 1.0 / shape)) if calls else None
            rows.append(
                Row(at, name, Counts(weight=percent, invocations=calls, latency_average_micros=average))
            )
        yield rows


def _worse(outcome: Outcome) -> bool:
    return outcome["worse"] is not None


def _not_worse(outcome: Outcome) -> bool:
    return outcome["not worse"] is not None


_LATENCIES: Final = {
    "100/min, 50/50": Slowness(),
    "100/min, 90/10, noise 10 %": Slowness(share=0.1, own_cv=0.1),
    "30/min, 90/10": Slowness(per_minute=30.0, share=0.1),
}
_FOUND_WITHIN: Final = {"100/min, 50/50": 240.0, "30/min, 90/10": 480.0}


def latencies(_profile: str) -> list[CalibrationRow]:
    """Margin 10 %, alpha 5 %, a day of independent minutes."""
    rows = []
    for name, world in _LATENCIES.items():
        settings = {field: getattr(world, field) for field in Slowness.__dataclass_fields__}
        at_margin = Slowness(**(settings | {"ratio": 1.10}))
        slower = Slowness(**(settings | {"ratio": 1.20}))
        rows += [
            CalibrationRow(
                table="Latency: wrong at the margin",
                name=name,
                trial=latency_run,
                settings=at_margin,
                runs={"full": 500, "quick": 150, "slice": 1},
                measures=(
                    Measure(name="worse %", figure=share(_worse), bound=5.0, detail=upper_limit(_worse)),
                    Measure(
                        name="not worse %",
                        figure=share(_not_worse),
                        bound=5.0,
                        detail=upper_limit(_not_worse),
                    ),
                ),
            ),
            CalibrationRow(
                table="Latency: minutes until 20 % worse is found",
                name=name,
                trial=latency_run,
                settings=slower,
                runs={"full": 200, "quick": 80, "slice": 1},
                measures=(
                    Measure(name="median min", figure=quantile("worse", 0.5), bound=_FOUND_WITHIN.get(name)),
                ),
            ),
        ]
    return rows


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
    random = seeded("split", repr(world)[-12:], seed)
    policy = ab_test(2, onSampleRatioMismatch="Hold")
    held: list[int] = []

    def minutes() -> Any:
        for at in range(world.minutes):
            share_now = float(np.clip(world.declared + world.off + random.normal(0.0, world.noise), 0.0, 1.0))
            calls = int(random.poisson(world.per_minute))
            own = int(random.binomial(calls, share_now))
            weights = (100.0 * (1.0 - world.declared), 100.0 * world.declared)
            yield [
                Row(at, name, Counts(weight=weight, invocations=n))
                for name, weight, n in zip(NAMES, weights, (calls - own, own), strict=False)
            ]

    def watch(run: Run, at: int) -> None:
        if not held and run.look(at).outcome.reason is Reason.SAMPLE_RATIO_MISMATCH:
            held.append(at)

    final_decision(policy, minutes(), variants=2, looks=_EVERY_MINUTE, watch=watch)
    return {"held": bool(held), "minutes": held[0] if held else None}


def _held(outcome: Outcome) -> bool:
    return bool(outcome["held"])


def sample_ratios(_profile: str) -> list[CalibrationRow]:
    """A day at the declared share, and at a share that is off."""
    right = {
        "50/50": Split(),
        "50/50, share noise 5 points": Split(noise=0.05),
        "90/10": Split(declared=0.1),
    }
    off = {"8 points off": (Split(off=0.08, minutes=300), 40.0), "4 points off": (Split(off=0.04), None)}
    return [
        CalibrationRow(
            table="Sample ratio: false alarms",
            name=name,
            trial=split_day,
            settings=world,
            runs={"full": 1000, "quick": 200, "slice": 1},
            measures=(Measure(name="held %", figure=share(_held), bound=0.0, detail=upper_limit(_held)),),
        )
        for name, world in right.items()
    ] + [
        CalibrationRow(
            table="Sample ratio: minutes until found",
            name=name,
            trial=split_day,
            settings=world,
            runs={"full": 200, "quick": 60, "slice": 4},
            measures=(Measure(name="median min", figure=quantile("minutes", 0.5), bound=bound),),
        )
        for name, (world, bound) in off.items()
    ]
