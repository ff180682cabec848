"""Histories of counts, drawn minute by minute: what the strategies are tried on.

Requests of a minute are Poisson, split by the weights; events are binomial at a variant's own rate, which may
swing with the day (all variants alike) and carry noise: common to all, its own, or its own and lasting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weigh = Callable[[int, Array, Array, Array], Array]

DAY = 1440
WEEK = 7 * DAY
NAMES = ("A", "B", "C", "D", "E")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is true: `ratios` are the variants' rates relative to `rate`, `weights` who gets which share.

    Before minute `onset` all variants have the same rate.
    """

    minutes: int = WEEK
    per_minute: float = 100.0
    rate: float = 0.05
    ratios: tuple[float, ...] = (1.0, 1.0)
    onset: int = 0
    weights: str = "even"
    swing: float = 0.5
    traffic_swing: float = 0.5
    common_cv: float = 0.0
    own_cv: float = 0.0
    lasting: float = 0.0
    missing: float = 0.0
    revised: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Weights (percent), trials, events and what is missing, each by variant and minute."""

    weights: Array
    trials: NDArray[np.int64]
    events: NDArray[np.int64]
    missing: NDArray[np.bool_]
    revised: NDArray[np.bool_]


def draw(world: World, random: np.random.Generator) -> History:
    """Draw one history."""
    count = len(world.ratios)
    at = np.arange(world.minutes)
    day = np.sin(2.0 * np.pi * at / DAY)
    rates = _rates(world, day, random)
    calls = random.poisson(world.per_minute * (1.0 + world.traffic_swing * day))
    weights = np.empty((count, world.minutes))
    trials = np.empty((count, world.minutes), dtype=np.int64)
    events = np.empty((count, world.minutes), dtype=np.int64)
    weigh = WEIGHTS[world.weights]
    seen_trials, seen_events = np.zeros(count), np.zeros(count)
    for start in range(0, world.minutes, 30):
        part = slice(start, min(start + 30, world.minutes))
        shares = weigh(start, day[part], seen_trials, seen_events)
        weights[:, part] = 100.0 * shares[:, None]
        trials[:, part] = random.multinomial(calls[part], shares).T
        events[:, part] = random.binomial(trials[:, part], rates[:, part])
        seen_trials += trials[:, part].sum(axis=1)
        seen_events += events[:, part].sum(axis=1)
    return History(
        weights=weights,
        trials=trials,
        events=events,
        missing=random.random((count, world.minutes)) < world.missing,
        revised=random.random(world.minutes) < world.revised,
    )


def _rates(world: World, day: Array, random: np.random.Generator) -> Array:
    size = (len(world.ratios), world.minutes)
    ratios = np.where(np.arange(world.minutes) < world.onset, 1.0, np.array(world.ratios)[:, None])
    rates = world.rate * ratios * (1.0 + world.swing * day)
    if world.common_cv:
        rates = rates * _gamma(world.common_cv, (1, world.minutes), random)
    if world.lasting:
        rates = rates * _lasting(world.own_cv, world.lasting, size, random)
    elif world.own_cv:
        rates = rates * _gamma(world.own_cv, size, random)
    return np.clip(rates, 0.0, 1.0)


def _gamma(cv: float, size: tuple[int, int], random: np.random.Generator) -> Array:
    return random.gamma(1.0 / cv**2, cv**2, size)


def _lasting(cv: float, memory: float, size: tuple[int, int], random: np.random.Generator) -> Array:
    """Log-normal noise whose logarithm is an autoregression: one minute keeps `memory` of the one before."""
    spread = np.sqrt(np.log1p(cv**2))
    steps = random.normal(0.0, spread * np.sqrt(1.0 - memory**2), size)
    logs = np.empty(size)
    logs[:, 0] = random.normal(0.0, spread, size[0])
    for minute in range(1, size[1]):
        logs[:, minute] = memory * logs[:, minute - 1] + steps[:, minute]
    return np.asarray(np.exp(logs - spread**2 / 2.0))


def _split(share: float, count: int) -> Array:
    """Give `share` to the challengers together, the rest to the baseline."""
    return np.array([1.0 - share, *([share / (count - 1)] * (count - 1))])


def _even(_start: int, _day: Array, trials: Array, _events: Array) -> Array:
    return np.full(len(trials), 1.0 / len(trials))


def _canary(share: float) -> Weigh:
    return lambda _start, _day, trials, _events: _split(share, len(trials))


def _ramp(start: int, _day: Array, trials: Array, _events: Array) -> Array:
    steps = (0.01, 0.05, 0.10, 0.25, 0.50)
    return _split(steps[min(start // DAY, len(steps) - 1)], len(trials))


def _with_the_day(_start: int, day: Array, trials: Array, _events: Array) -> Array:
    """The challengers get most when rates are highest."""
    return _split(0.5 + 0.4 * float(day[0]), len(trials))


def _follow(_start: int, _day: Array, trials: Array, events: Array) -> Array:
    """As a bandit would: most to what seems best so far."""
    rates = (events + 5.0) / (trials + 100.0)
    errors = np.sqrt(rates / (trials + 100.0))
    scores = np.exp(1.5 * (rates - rates.mean()) / errors.mean())
    shares = 0.05 + (1.0 - 0.05 * len(trials)) * scores / scores.sum()
    return np.asarray(shares / shares.sum())


WEIGHTS: dict[str, Weigh] = {
    "even": _even,
    "90/10": _canary(0.10),
    "99/1": _canary(0.01),
    "ramp": _ramp,
    "with the day": _with_the_day,
    "follow the data": _follow,
}


def seeded(*parts: Any) -> np.random.Generator:
    """Return the generator of these parts: the same parts, the same draws, in every process."""
    digest = sha256("|".join(map(repr, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
