"""What the bandit costs and whom it ends with, beside Thompson sampling on pooled counts."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bench.calibration.rows import CalibrationRow, Measure, Outcome
from bench.calibration.trial import policy_of
from bench.calibration.worlds import DAY, NAMES, WEEK, Array, seeded
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run

_FLOOR, _CEILING, _STEP, _DEADBAND = 0.05, 0.90, 0.20, 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Three variants, the last of them better; all swing with the day."""

    rate: float = 0.10
    effect: float = 1.10
    swing: float = 0.5
    per_minute: float = 100.0
    warm_up_minutes: int = 720
    update_minutes: int = 30

    @property
    def ratios(self) -> Array:
        return np.array([1.0, 1.0, self.effect])


def stratified(seed: int, arms: Arms) -> Outcome:
    """A week in which the strategy itself chooses the weights."""
    policy = policy_of(
        "Bandit",
        metric="Successes",
        warmUpSeconds=arms.warm_up_minutes * 60,
        updateSeconds=arms.update_minutes * 60,
        seed=seed,
    )
    run = Run(policy, NAMES[:3], started=0)
    weights = run.look(0).outcome.weights

    def choose(at: int, trials: Array, events: Array) -> Array:
        nonlocal weights
        rows = []
        for minute in range(trials.shape[1]):
            for place, name in enumerate(NAMES[:3]):
                n, x = int(trials[place, minute]), int(events[place, minute])
                rows.append(
                    CountsRow(
                        at + minute, name, Counts(weight=weights[name], invocations=n, successes=x, trials=n)
                    )
                )
        run.ingest(rows)
        weights = run.look(at + trials.shape[1]).outcome.weights
        return _shares(weights)

    return _week(arms, seed, choose, _shares(weights))


def pooled(seed: int, arms: Arms) -> Outcome:
    """The same week and the same bounds, with Beta posteriors of counts summed over weights."""
    random = seeded("pooled", arms, seed)
    trials_seen, events_seen = np.zeros(3), np.zeros(3)
    weights = np.full(3, 1.0 / 3.0)

    def choose(at: int, trials: Array, events: Array) -> Array:
        nonlocal weights, trials_seen, events_seen
        trials_seen, events_seen = trials_seen + trials.sum(axis=1), events_seen + events.sum(axis=1)
        if at + trials.shape[1] < arms.warm_up_minutes:
            return weights
        drawn = random.beta(1.0 + events_seen, 1.0 + trials_seen - events_seen, (600, 3))
        best = np.bincount(drawn.argmax(axis=1), minlength=3) / 600.0
        target = np.minimum(_FLOOR + (1.0 - 3.0 * _FLOOR) * best, _CEILING)
        change = target / target.sum() - weights
        most = float(np.abs(change).max())
        if most >= _DEADBAND:
            weights = weights + change * min(1.0, _STEP / most)
        return weights

    return _week(arms, seed, choose, weights)


def _shares(weights: Any) -> Array:
    return np.array([weights[name] for name in NAMES[:3]]) / 100.0


def _week(arms: Arms, seed: int, choose: Any, shares: Array) -> Outcome:
    """Regret against an even split of the week, and the share of the best on the last day."""
    random = seeded("learning", arms, seed)
    step = arms.update_minutes
    lost = even = last = 0.0
    for at in range(0, WEEK, step):
        day = np.sin(2.0 * np.pi * np.arange(at, at + step) / DAY)
        rates = arms.rate * arms.ratios[:, None] * (1.0 + arms.swing * day)
        trials = random.multinomial(random.poisson(arms.per_minute, step), shares / shares.sum()).T
        events = random.binomial(trials, rates)
        gap = rates.max(axis=0) - rates
        lost += float((trials * gap).sum())
        even += float((trials.sum(axis=0) * gap.mean(axis=0)).sum())
        if at >= WEEK - DAY:
            last += float(shares[-1]) * step / DAY
        shares = choose(at, trials, events)
    return {"regret": lost / even, "last": last}


def _mean(name: str, outcomes: Any) -> float:
    return float(np.mean([outcome[name] for outcome in outcomes]))


def _worst(name: str, outcomes: Any) -> float:
    return float(min(outcome[name] for outcome in outcomes))


def bandits(_profile: str) -> list[CalibrationRow]:
    """Regret ÷ even split (mean), and the share of the best on the last day in the worst run."""
    harder = Arms(swing=0.8, effect=1.05)
    hasty = Arms(warm_up_minutes=0, update_minutes=10)
    cases: tuple[tuple[str, Any, Arms, float | None, float | None], ...] = (
        ("stratified, +10 %, swing 50 %", stratified, Arms(), 0.3, 0.75),
        ("pooled, +10 %, swing 50 %", pooled, Arms(), None, None),
        ("stratified, +5 %, swing 80 %", stratified, harder, None, None),
        ("pooled, +5 %, swing 80 %", pooled, harder, None, None),
        ("stratified, no warm-up, every 10 minutes", stratified, hasty, None, None),
        ("pooled, no warm-up, every 10 minutes", pooled, hasty, None, None),
    )
    return [
        CalibrationRow(
            table="Bandit",
            name=name,
            trial=trial,
            settings=arms,
            runs={"full": 200 if regret else 100, "quick": 200 if regret else 50, "slice": 1},
            measures=(
                Measure(name="regret ÷ even", figure=partial(_mean, "regret"), bound=regret),
                Measure(name="worst last share", figure=partial(_worst, "last"), bound=last, at_least=True),
            ),
        )
        for name, trial, arms, regret, last in cases
    ]
