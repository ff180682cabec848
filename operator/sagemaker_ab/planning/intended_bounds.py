"""The bounds of a scalable target that are intended now: those of the spec, or of a scheduled action.

AWS runs scheduled actions, and the operator must not undo what they did. The intended bounds are those of the
declared action that was due last since the spec's bounds changed. Where it is open what AWS did, what AWS
holds decides: shortly after an action is due, at local times that clocks skip or repeat, within the period of
a rate, while scheduled scaling is suspended, and after the record of changes was lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.desired_scaling import SUSPENDED_MEMBERS, Bounds, DesiredScaling
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedTarget
from sagemaker_ab.planning.scaling_records import ScalingRecord
from sagemaker_ab.planning.scheduled_actions import ActionTimes, Members
from sagemaker_ab.planning.schedules import Due

LATE_SECONDS: Final = 300.0
"""How late AWS may run a scheduled action. A guess: AWS's documentation names no bound."""
_MEMBERS: Final = ("MinCapacity", "MaxCapacity")


@dataclass(frozen=True, slots=True)
class Run:
    """A time at which a scheduled action is due, and the bound that it then sets.

    `certain` is that of `Due`, `timed` that of `ActionTimes`.
    """

    at: float
    name: str
    value: int
    certain: bool
    timed: bool

    @property
    def guessed(self) -> bool:
        """Whether nothing but what AWS holds can show that the action ran."""
        return not self.timed and not self.certain


@dataclass(frozen=True, slots=True)
class Intended:
    """The intended bounds of a variant.

    `in_effect` is the run of the declared action that was due last, if it set one of them. `foreign` are the
    actions that the spec does not declare and whose bounds are in effect.
    """

    bounds: Bounds
    in_effect: Run | None = None
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Context:
    """What decides about the bounds of one variant at a time on AWS's clock."""

    scaling: DesiredScaling
    record: ScalingRecord
    target: ObservedTarget | None
    now: float

    @property
    def settled(self) -> float:
        """The time up to which AWS has run what was certainly due."""
        return self.now - LATE_SECONDS

    def surely_ran(self, run: Run) -> bool:
        return run.certain and run.at <= self.settled


def with_intended_bounds(
    desired: Desired, observed: Observed, records: Mapping[str, ScalingRecord]
) -> Desired:
    """Return the desired state in which every scalable target has the bounds that are intended now."""
    variants = tuple(
        _with_bounds(variant, observed, records.get(variant.name)) for variant in desired.variants
    )
    return replace(desired, variants=variants)


def _with_bounds(variant: DesiredVariant, observed: Observed, record: ScalingRecord | None) -> DesiredVariant:
    scaling = variant.scaling
    if scaling is None or record is None:
        return variant
    found = intended(scaling, record, observed.targets.get(variant.name), observed.now)
    return replace(variant, scaling=replace(scaling, bounds=found.bounds))


def intended(
    scaling: DesiredScaling, record: ScalingRecord, target: ObservedTarget | None, now: float
) -> Intended:
    """Return the bounds that are intended at a time on AWS's clock."""
    context = _Context(scaling, record, target, now)
    found = [_bound(member, context) for member in _MEMBERS]
    (minimum, *_), (maximum, *_) = found
    if minimum > maximum:
        # A single bound that a scheduled action sets beyond the other moves that one too, or should.
        minimum = maximum = max(found, key=_precedence)[0]
    runs = [run for _, run, _ in found if run is not None]
    return Intended(
        bounds=Bounds(minimum, maximum),
        in_effect=max(runs, key=lambda run: run.at, default=None),
        foreign=tuple(sorted({name for *_, names in found for name in names})),
    )


def _precedence(bound: tuple[int, Run | None, tuple[str, ...]]) -> tuple[bool, float]:
    """Order bounds by who set them: somebody else's action, which is in effect, then the latest run."""
    _, run, foreign = bound
    return bool(foreign), run.at if run else 0.0


def _bound(member: str, context: _Context) -> tuple[int, Run | None, tuple[str, ...]]:
    """Return one bound, the run of a declared action that set it, and the foreign actions that did."""
    scaling, target = context.scaling, context.target
    minimum = member == _MEMBERS[0]
    declared = scaling.declared.minimum if minimum else scaling.declared.maximum
    values = {name: bounds[member] for name, bounds in _changes(scaling).items() if member in bounds}
    runs = _possible([*_runs(values, context)], context)
    known = [run for run in runs if not run.guessed]
    latest = known[0] if known else None
    primary = latest.value if latest else declared
    if target is None:
        return primary, latest, ()
    live = target.min_capacity if minimum else target.max_capacity
    for run in known:
        if run.value == live:
            return live, run, ()
    if live in _also_possible(declared, values.values(), runs, context):
        return live, None, ()
    for run in runs:
        if run.value == live:
            return live, run, ()
    foreign = tuple(sorted(_foreign(member, live, context)))
    return (live, None, foreign) if foreign else (primary, latest, ())


def _also_possible(
    declared: int, values: Iterable[int], runs: Sequence[Run], context: _Context
) -> Collection[int]:
    """Return the values that a bound may have although no known run has set it."""
    suspended = bool(context.target and context.target.suspended.get(SUSPENDED_MEMBERS["scheduled"]))
    undecided = not any(context.surely_ran(run) for run in runs)
    if suspended or (undecided and context.record.lost):
        return {declared, *values}
    return {declared} if undecided else ()


def _changes(scaling: DesiredScaling) -> Mapping[str, Members]:
    return {name: members["ScalableTargetAction"] for name, members in scaling.scheduled_actions.items()}


def _runs(values: Mapping[str, int], context: _Context) -> Iterator[Run]:
    """Yield the runs of declared actions that may have set a bound, up to the last that surely did."""
    for name, value in values.items():
        times = ActionTimes.of(context.scaling.scheduled_actions[name])
        for due in _dues(times, _since(name, times, context), context):
            run = Run(due.at, name, value, due.certain, times.timed)
            yield run
            if context.surely_ran(run):
                break


def _since(name: str, times: ActionTimes, context: _Context) -> float:
    """Return the time after which a declared action counts.

    A rate may count from when it was put, which for a restored action is later than the spec's change.
    """
    known = context.record.actions.get(name)
    since = max(context.record.since, known.since if known else context.now)
    live = context.target.scheduled_actions.get(name) if context.target else None
    return since if times.timed or live is None else max(since, live.created)


def _dues(times: ActionTimes, since: float, context: _Context) -> Iterator[Due]:
    """Yield the due times that AWS may be late with, then those before them.

    A rate's certain times lie whole periods before the time that is asked about.
    """
    recent = times.backward(context.now, since=max(since, context.settled))
    return chain(recent, times.backward(context.settled, since=since))


def _possible(runs: Sequence[Run], context: _Context) -> Sequence[Run]:
    """Return the runs that may have been the last one: the latest that surely was one, and those after it."""
    last = max((run.at for run in runs if context.surely_ran(run)), default=0.0)
    return sorted((run for run in runs if run.at >= last), key=lambda run: -run.at)


def _foreign(member: str, live: int, context: _Context) -> Iterator[str]:
    """Yield the actions that the spec does not declare and whose bound is in effect."""
    scaling, record, target = context.scaling, context.record, context.target
    if scaling.removes_foreign or target is None:
        return
    for name, action in target.scheduled_actions.items():
        ours = name in scaling.scheduled_actions or name in record.actions
        sets = action.members.get("ScalableTargetAction", {}).get(member)
        if not ours and sets == live and _ran_after(action, record.since, context.now):
            yield name


def _ran_after(action: ObservedAction, since: float, now: float) -> bool:
    """Return whether an action may have been due since a time; one that cannot be read may have been."""
    try:
        dues = ActionTimes.of(action.members).backward(now, since=since)
    except ValueError:
        return True
    return next(dues, None) is not None
