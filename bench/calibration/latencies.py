"""Average latencies: wrong at the margin either way, and how soon a slower variant is found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.calibration.rows import CalibrationRow, Outcome, percent_of, quantile_of
from bench.calibration.trial import guarded, looked_at
from bench.calibration.worlds import DAY, NAMES, seeded
from sagemaker_ab.api.policies.common import Guardrail
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.strategies.health_checks import non_inferiority_evidence

_PROOF: Final = 20.0
_GUARDRAIL: Final = Guardrail(metric="Latency", no_worse_than_percent=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowness:
    """B's average latency is `ratio` times A's; `own_cv` is a minute's own noise, `call_cv` a call's."""

    per_minute: float = 100.0
    share: float = 0.5
    ratio: float = 1.0
    call_cv: float = 0.5
    own_cv: float = 0.0
    minutes: int = DAY


def latency_run(seed: int, world: Slowness) -> Outcome:
    """When "worse than 10 %" and "not worse than 10 %" were proven, if they were."""
    minutes = _minutes(world, seeded("latency", world, seed))
    policy = guarded("Latency", margin=10, rate="0.05", percent=round(100 * world.share))
    seen: Outcome = {"worse": None, "not worse": None}
    for run, decision in looked_at(policy, minutes, variants=2):
        if (
            seen["not worse"] is None
            and non_inferiority_evidence(_GUARDRAIL, NAMES[1], run.evidence) >= _PROOF
        ):
            seen["not worse"] = decision.at
        if decision.outcome.reason is DecisionReason.GUARDRAIL_BREACHED:
            seen["worse"] = decision.at
    return seen


def _minutes(world: Slowness, random: np.random.Generator) -> Iterator[list[CountsRow]]:
    variants = list(zip(NAMES, (1.0 - world.share, world.share), (1.0, world.ratio), strict=False))
    for at in range(world.minutes):
        yield [
            CountsRow(at, name, _counts(world, random, share=share, mean=50_000.0 * ratio))
            for name, share, ratio in variants
        ]


def _counts(world: Slowness, random: np.random.Generator, *, share: float, mean: float) -> Counts:
    calls = int(random.poisson(world.per_minute * share))
    level = mean * random.gamma(1.0 / world.own_cv**2, world.own_cv**2) if world.own_cv else mean
    shape = calls / world.call_cv**2
    average = float(level * random.gamma(shape, 1.0 / shape)) if calls else None
    return Counts(weight=100.0 * share, invocations=calls, latency_average_micros=average)


def _worse(outcome: Outcome) -> bool:
    return outcome["worse"] is not None


def _not_worse(outcome: Outcome) -> bool:
    return outcome["not worse"] is not None


_CASES: Final[dict[str, tuple[Slowness, float | None]]] = {
    "100/min, 50/50": (Slowness(), 240.0),
    "100/min, 90/10, noise 10 %": (Slowness(share=0.1, own_cv=0.1), None),
    "30/min, 90/10": (Slowness(per_minute=30.0, share=0.1), 480.0),
}


def latencies(_profile: str) -> list[CalibrationRow]:
    """Margin 10 %, alpha 5 %, a day of independent minutes."""
    at_margin = [
        CalibrationRow(
            table="Latency: wrong at the margin",
            name=name,
            trial=latency_run,
            settings=replace(world, ratio=1.10),
            runs={"full": 400, "quick": 150, "slice": 1},
            measures=(
                percent_of("worse %", _worse, bound=5.0),
                percent_of("not worse %", _not_worse, bound=5.0),
            ),
        )
        for name, (world, _) in _CASES.items()
    ]
    slower = [
        CalibrationRow(
            table="Latency: minutes until 20 % worse is found",
            name=name,
            trial=latency_run,
            settings=replace(world, ratio=1.20),
            runs={"full": 150, "quick": 80, "slice": 1},
            measures=(quantile_of("median min", "worse", 0.5, bound=bound),),
        )
        for name, (world, bound) in _CASES.items()
    ]
    return at_margin + slower
