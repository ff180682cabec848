"""What a resource has declared so far, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.intended import Span
from sandbox.safety.scaling_content import declared_action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.safety.intent import IntendedVariant, Intent
    from sandbox.safety.resources import Version


@dataclass(frozen=True, slots=True)
class Clocks:
    """Turn a moment on the operator's machine into AWS's time, or somewhat earlier or later."""

    before: Callable[[float], float]
    after: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Former:
    """The names that any version of a resource has declared for a variant."""

    policies: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    suspensions: frozenset[str] = frozenset()
    """The kinds of scaling that were to be suspended."""


def life(versions: Sequence[Version], intent: Intent) -> list[Version]:
    """Return the versions of a resource, oldest first, since it was created."""
    found: list[Version] = []
    for version in reversed(versions):
        if version.uid != intent.uid or version.gone:
            if found:
                break
            continue
        found.append(version)
    return found[::-1]


def former(versions: Sequence[Version], variant: str) -> Former:
    """Return what the versions of one resource declare for a variant."""
    seen = [one.intent.variants[variant] for one in versions if variant in one.intent.variants]
    return Former(
        policies=frozenset(name for one in seen for name in one.policies),
        actions=frozenset(name for one in seen for name in one.scheduled),
        suspensions=frozenset(kind for one in seen for kind, value in one.suspended.items() if value),
    )


def since_loss(versions: Sequence[Version]) -> Sequence[Version]:
    """Return the versions since the status was last lost or replaced by something else."""
    for place in range(len(versions) - 1, 0, -1):
        if _written(versions[place - 1]) and not _written(versions[place]):
            return versions[place:]
    return versions


def _written(version: Version) -> bool:
    """Tell whether an operator has written the status; that of a new object is about generation -1."""
    return int(version.status.get("observedGeneration", -1)) >= 0


def bounds_span(versions: Sequence[Version], intent: Intent, variant: str, clocks: Clocks) -> Span:
    """Return since when a variant has had its bounds."""

    def same(one: IntendedVariant) -> bool:
        return _bounds(one) == _bounds(intent.variants[variant])

    return _span(_generations(versions, intent, variant, same), versions, clocks)


def action_span(versions: Sequence[Version], intent: Intent, variant: str, name: str, clocks: Clocks) -> Span:
    """Return since when a variant has had a scheduled action as it is."""
    wanted = declared_action(intent.variants[variant].scheduled[name])

    def same(one: IntendedVariant) -> bool:
        return name in one.scheduled and declared_action(one.scheduled[name]) == wanted

    return _span(_generations(versions, intent, variant, same), versions, clocks)


def _bounds(variant: IntendedVariant) -> tuple[int, int] | None:
    scaling = variant.autoscaling
    return None if scaling is None else (scaling["minCapacity"], scaling["maxCapacity"])


def _generations(
    versions: Sequence[Version], intent: Intent, variant: str, same: Callable[[IntendedVariant], bool]
) -> Version | None:
    """Return the first version from which on, up to one generation, a variant has been as ``same`` says."""
    first = None
    for version in reversed([one for one in versions if one.intent.generation <= intent.generation]):
        found = version.intent.variants.get(variant)
        if found is None or not same(found):
            break
        first = version
    return first


def _span(first: Version | None, versions: Sequence[Version], clocks: Clocks) -> Span:
    """Return the span that a version begins.

    The operator knows of it when it has told of that generation, in a status that was not lost since.
    """
    if first is None:
        return Span(float("inf"), float("inf"))
    told = next(
        (
            one
            for one in since_loss(versions)
            if one.status.get("observedGeneration", -1) >= first.intent.generation
            and one.latest >= first.latest
        ),
        None,
    )
    high = float("inf") if told is None else clocks.after(told.latest)
    remembered = since_loss(versions)
    known = any(_written(one) and one.latest < first.earliest for one in remembered)
    begin = max(first.earliest, remembered[0].earliest)
    return Span(clocks.before(first.earliest), high, None if known else clocks.before(begin))
