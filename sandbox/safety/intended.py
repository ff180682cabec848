"""The bounds that a variant is to have: the spec's, or those of the scheduled action that was due last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.scaling_content import declared_action, live_action
from sandbox.safety.schedules import TOLERANCE_SECONDS, Due, period_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sandbox.safety.aws_state import Raw, Target
    from sandbox.safety.intent import IntendedVariant
    from sandbox.safety.schedules import Schedules

_BEFORE_SECONDS = 60.0
"""For so long before that, the action must have been in AWS to be sure to run."""


@dataclass(frozen=True, slots=True)
class IntendedBounds:
    """The bounds that are right now: several where it is not known which.

    ``foreign`` are those that scheduled actions have set which the spec does not declare and leaves alone.
    """

    minimums: frozenset[int]
    maximums: frozenset[int]
    foreign: frozenset[tuple[int, int]] = frozenset()

    @property
    def lows(self) -> frozenset[int]:
        """The minimums that are right or left alone; an action may change one bound and leave the other."""
        return self.minimums | {minimum for minimum, _ in self.foreign}

    @property
    def highs(self) -> frozenset[int]:
        return self.maximums | {maximum for _, maximum in self.foreign}

    @property
    def least(self) -> int:
        """The smallest minimum that is right."""
        return min(self.lows)

    def accept(self, minimum: int, maximum: int) -> bool:
        lows, highs = self.lows, self.highs
        if minimum == maximum and max(lows) > min(highs):
            # A single bound beyond the other moves that one too.
            return minimum in lows | highs
        return minimum in lows and maximum in highs

    def __str__(self) -> str:
        lows, highs = (" or ".join(map(str, sorted(some))) for some in (self.minimums, self.maximums))
        return f"{lows} to {highs}"


@dataclass(frozen=True, slots=True)
class Span:
    """Since when something has been in the spec, by AWS's clock: not before ``low``, surely after ``high``.

    ``high`` is when the operator had told in the status of the spec that brought it. Of the time before
    ``unknown_before`` it has no record: the resource was new, or its status was lost, when it found this in
    the spec. It may have taken over what AWS held. None: it knows an earlier spec.
    """

    low: float
    high: float
    unknown_before: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What AWS held of a variant's schedule from a time on; ``actions`` is None without a scalable target."""

    time: float
    suspended: bool = False
    actions: Mapping[str, Raw] | None = None
    since: Mapping[str, float] | None = None

    @classmethod
    def of(cls, time: float, target: Target | None) -> Held:
        if target is None:
            return cls(time)
        actions = {name: live_action(raw) for name, raw in target.scheduled.items()}
        return cls(time, target.suspended["scheduled"], actions, dict(target.scheduled_since))

    def same(self, other: Held) -> bool:
        mine, others = (
            (self.suspended, self.actions, self.since),
            (other.suspended, other.actions, other.since),
        )
        return mine == others

    def runs(self, name: str, action: Raw) -> bool:
        """Tell whether an action would run."""
        return not self.suspended and (self.actions or {}).get(name) == action


@dataclass(frozen=True, slots=True)
class _Effect:
    time: float
    sure: bool
    minimum: int | None
    maximum: int | None


def intended_bounds(  # noqa: PLR0913  all that decides it
    wanted: IntendedVariant,
    live: Target | None,
    *,
    bounds_since: Span,
    actions_since: Mapping[str, Span],
    held: Sequence[Held],
    schedules: Schedules,
    now: float,
) -> IntendedBounds:
    """Return the bounds that an autoscaled variant is to have now.

    An action that was due counts for sure when AWS held it then, unsuspended, and any reading of its schedule
    says so. Before the newest such one, everything that may have been due may count or not. So may what was
    due before a resource took over the target: the operator cannot know since when the spec says the same.
    """
    autoscaling = wanted.autoscaling or {}
    minimum, maximum = autoscaling["minCapacity"], autoscaling["maxCapacity"]
    effects: list[_Effect] = []
    for name, raw in wanted.scheduled.items():
        action, span = declared_action(raw), actions_since[name]
        low, high = max(bounds_since.low, span.low), max(bounds_since.high, span.high)
        crosses = (action["minimum"] or minimum) > (action["maximum"] or maximum)
        period = period_of(action)
        if period is None:
            dues = [
                Due(due.time, due.sure and high <= due.time and _ran(name, action, due.time, now, held))
                for due in schedules.dues(action, begin=low, now=now)
            ]
        else:
            dues = [*_at_a_rate(name, action, period, low=low, high=high, held=held, now=now)]
        effects += [
            _Effect(due.time, due.sure and not crosses, action["minimum"], action["maximum"]) for due in dues
        ]
        run = live.runs.get(name) if live else None
        taken_over = _later(bounds_since.unknown_before, span.unknown_before)
        if run is not None and (taken_over is not None or run["at"] >= low):
            effects.append(
                _Effect(run["at"], sure=False, minimum=action["minimum"], maximum=action["maximum"])
            )
        if taken_over is not None and _was_held(held, taken_over):
            effects.append(
                _Effect(taken_over, sure=False, minimum=action["minimum"], maximum=action["maximum"])
            )
    effects.sort(key=lambda effect: effect.time, reverse=True)
    minimums = _possible(((one.minimum, one.sure) for one in effects), minimum)
    maximums = _possible(((one.maximum, one.sure) for one in effects), maximum)
    return IntendedBounds(
        minimums=minimums,
        maximums=maximums,
        foreign=_foreign(
            wanted,
            live,
            minimums,
            maximums,
            lambda action: bool(schedules.dues(action, begin=bounds_since.low, now=now)),
        ),
    )


def _later(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _possible(newest_first: Iterable[tuple[int | None, bool]], declared: int) -> frozenset[int]:
    found: set[int] = set()
    for bound, sure in newest_first:
        if bound is not None:
            found.add(bound)
            if sure:
                return frozenset(found)
    return frozenset({*found, declared})


def _at_a_rate(  # noqa: PLR0913  all that decides it
    name: str, action: Raw, period: float, *, low: float, high: float, held: Sequence[Held], now: float
) -> Iterator[Due]:
    """Yield the latest time at which an action may have run, and the latest since which it surely has.

    From when a rate counts is not known, but in a period in which AWS holds the action it runs once. An
    action that was put anew may count from then.
    """
    start = low if action["start"] is None else max(low, action["start"])
    until = now if action["end"] is None else min(now, action["end"])
    if start >= until:
        return
    yield Due(until, sure=False)
    held_since = _held_since(name, action, held)
    since = min(until, now - TOLERANCE_SECONDS) - period
    if held_since is not None and since >= max(start, high, held_since + _BEFORE_SECONDS):
        yield Due(since, sure=True)


def _held_since(name: str, action: Raw, held: Sequence[Held]) -> float | None:
    """Return since when AWS has held an action that would run, put once; None if it does not hold it."""
    first: float | None = None
    put = (held[-1].since or {}).get(name) if held else None
    for one in reversed(held):
        if not one.runs(name, action) or (one.since or {}).get(name) != put:
            break
        first = one.time
    return first


def _was_held(held: Sequence[Held], time: float) -> bool:
    """Tell whether AWS had a scalable target at a time."""
    before = [one for one in held if one.time <= time]
    return bool(before) and before[-1].actions is not None


def _ran(name: str, action: Raw, due: float, now: float, held: Sequence[Held]) -> bool:
    """Tell whether an action surely ran: AWS held it all around that time, and time enough has gone by."""
    first, last = due - _BEFORE_SECONDS, due + TOLERANCE_SECONDS
    if not held or last > now:
        return False
    ends = [*(one.time for one in held[1:]), now]
    around = [one for one, end in zip(held, ends, strict=True) if one.time <= last and end >= first]
    return bool(around) and around[0].time <= first and all(one.runs(name, action) for one in around)


def _foreign(
    wanted: IntendedVariant,
    live: Target | None,
    minimums: frozenset[int],
    maximums: frozenset[int],
    was_due: Callable[[Raw], bool],
) -> frozenset[tuple[int, int]]:
    """Return the bounds that others' actions have set, or may have set.

    AWS shows nobody when a rate was due, nor whether scheduled scaling was suspended when another action was.
    """
    if live is None or wanted.removes_foreign:
        return frozenset()
    runs = (run for name, run in live.runs.items() if name not in wanted.scheduled)
    actions = (live_action(raw) for name, raw in live.scheduled.items() if name not in wanted.scheduled)
    possible = (action for action in actions if period_of(action) is not None or was_due(action))
    return frozenset((run["minimum"], run["maximum"]) for run in runs) | {
        (action["minimum"] or min(minimums), action["maximum"] or max(maximums)) for action in possible
    }
