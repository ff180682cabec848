"""The bounds of a scalable target that are intended now: those of the spec, or of a scheduled action.

AWS runs scheduled actions, and the operator must not undo what they did. The intended bounds are those of the
declared action that was due last since the spec's bounds changed. Where it is open what AWS did, what AWS
holds decides: shortly after an action is due, at local times that clocks skip or repeat, while scheduled
scaling is suspended, and after the record of changes was lost.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.desired_scaling import SUSPENDED_MEMBERS, Bounds, DesiredScaling
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedTarget
from sagemaker_ab.planning.scaling_records import ScalingRecord
from sagemaker_ab.planning.scheduled_actions import ActionTimes, Members

LATE_SECONDS: Final = 300.0
"""How late AWS may run a scheduled action. A guess: AWS's documentation names no bound."""
_MEMBERS: Final = ("MinCapacity", "MaxCapacity")


@dataclass(frozen=True, slots=True)
class Run:
    """A time at which a scheduled action is due, and the bound that it then sets, if one is asked about."""

    at: float
    name: str
    value: int = 0
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Intended:
    """The intended bounds of a variant.

    `in_effect` is the declared action that was due last, with its due time, if it set one of them. `foreign`
    are the actions that the spec does not declare and whose bounds are in effect.
    """

    bounds: Bounds
    in_effect: Run | None = None
    foreign: tuple[str, ...] = ()


def with_intended_bounds(
    desired: Desired, observed: Observed, records: Mapping[str, ScalingRecord]
) -> Desired:
    """Return the desired state in which every scalable target has the bounds that are intended now."""
    variants = tuple(
        _with_bounds(variant, observed, records.get(variant.name)) for variant in desired.variants
    )
    return replace(desired, variants=variants)


def next_run(scaling: DesiredScaling, target: ObservedTarget | None, now: float) -> Run | None:
    """Return the next time at which a declared action is due; None while scheduled scaling is suspended."""
    if target is not None and target.suspended.get(SUSPENDED_MEMBERS["scheduled"]):
        return None
    live = target.scheduled_actions if target else {}
    runs = []
    for name, members in scaling.scheduled_actions.items():
        created = live[name].created if name in live else now
        at = ActionTimes.of(members, created=created).next(now)
        if at is not None:
            runs.append(Run(at, name))
    return min(runs, key=lambda run: run.at, default=None)


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
    found = [_bound(member, scaling, record, target, now) for member in _MEMBERS]
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


def _bound(
    member: str, scaling: DesiredScaling, record: ScalingRecord, target: ObservedTarget | None, now: float
) -> tuple[int, Run | None, tuple[str, ...]]:
    """Return one bound, the run of a declared action that set it, and the foreign actions that did."""
    minimum = member == _MEMBERS[0]
    declared = scaling.declared.minimum if minimum else scaling.declared.maximum
    values = {name: bounds[member] for name, bounds in _changes(scaling).items() if member in bounds}
    runs = _possible([*_runs(values, scaling, record, target, now)], now)
    latest = runs[0] if runs else None
    primary = latest.value if latest else declared
    if target is None:
        return primary, latest, ()
    live = target.min_capacity if minimum else target.max_capacity
    for run in runs:
        if run.value == live:
            return live, run, ()
    if live in _also_possible(declared, values.values(), record, target, runs, now):
        return live, None, ()
    foreign = tuple(sorted(_foreign(member, live, scaling, record, target, now)))
    return (live, None, foreign) if foreign else (primary, latest, ())


def _also_possible(  # noqa: PLR0913, PLR0917 - what decides about one bound
    declared: int,
    values: Iterable[int],
    record: ScalingRecord,
    target: ObservedTarget,
    runs: Sequence[Run],
    now: float,
) -> Collection[int]:
    """Return the values that a bound may have although no known run has set it."""
    suspended = bool(target.suspended.get(SUSPENDED_MEMBERS["scheduled"]))
    undecided = not any(_surely_ran(run, now) for run in runs)
    if suspended or (undecided and record.lost):
        return {declared, *values}
    return {declared} if undecided else ()


def _changes(scaling: DesiredScaling) -> Mapping[str, Members]:
    return {name: members["ScalableTargetAction"] for name, members in scaling.scheduled_actions.items()}


def _runs(
    values: Mapping[str, int],
    scaling: DesiredScaling,
    record: ScalingRecord,
    target: ObservedTarget | None,
    now: float,
) -> Iterator[Run]:
    """Yield the runs of declared actions that may have set a bound, up to the last that surely did."""
    for name, value in values.items():
        live = target.scheduled_actions.get(name) if target else None
        known = record.actions.get(name)
        since = max(record.since, known.since if known else now)
        times = ActionTimes.of(scaling.scheduled_actions[name], created=live.created if live else now)
        for due in times.backward(now, since=since):
            run = Run(due.at, name, value, due.certain)
            yield run
            if _surely_ran(run, now):
                break


def _surely_ran(run: Run, now: float) -> bool:
    return run.certain and run.at <= now - LATE_SECONDS


def _possible(runs: Sequence[Run], now: float) -> Sequence[Run]:
    """Return the runs that may have been the last one: the latest that surely was one, and those after it."""
    last = max((run.at for run in runs if _surely_ran(run, now)), default=0.0)
    return sorted((run for run in runs if run.at >= last), key=lambda run: -run.at)


def _foreign(  # noqa: PLR0913, PLR0917 - what decides about one bound
    member: str, live: int, scaling: DesiredScaling, record: ScalingRecord, target: ObservedTarget, now: float
) -> Iterator[str]:
    """Yield the actions that the spec does not declare and whose bound is in effect."""
    if scaling.removes_foreign:
        return
    for name, action in target.scheduled_actions.items():
        ours = name in scaling.scheduled_actions or name in record.actions
        sets = action.members.get("ScalableTargetAction", {}).get(member)
        if not ours and sets == live and _ran_after(action, record.since, now):
            yield name


def _ran_after(action: ObservedAction, since: float, now: float) -> bool:
    """Return whether an action was due since a time; one that cannot be read may have been."""
    try:
        dues = ActionTimes.of(action.members, created=action.created).backward(now, since=since)
    except ValueError:
        return True
    return next(dues, None) is not None
