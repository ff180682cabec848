"""A life: what happens to a resource and its endpoint, and when; as a strategy, and how it is played."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.property.lives.brief import Brief
from tests.property.lives.hands import Apply
from tests.property.lives.happenings import EACH, HAPPENINGS
from tests.property.lives.sketch import Action, Scaling, Sketch, Steps, Variant
from tests.property.lives.specs import changes, sketches
from tests.property.lives.world import Happening, World

_MOST_EVENTS = 16
_DEALT = 6
"""How many happenings a life holds that is not left to chance."""


@dataclass(frozen=True, slots=True, repr=False)
class Event(Brief):
    """`what` happens after so many reconciles: before the next one, or at a point within it."""

    after: int
    what: Happening
    point: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Life(Brief):
    first: Sketch
    events: tuple[Event, ...] = ()


def play(world: World, life: Life) -> None:
    """Let a life happen, up to where what lasts has not been taken back."""
    world.apply(life.first)
    for event in life.events:
        for _ in range(event.after):
            world.reconcile()
        world.meet(event.what, point=event.point)


@st.composite
def lives(draw):
    """Draw lives of some events, each of which comes when the operator has done a little, or all.

    Half of the lives begin with an endpoint that has come into service.
    """
    first = last = draw(sketches())
    events = []
    for number in range(draw(st.integers(1, _MOST_EVENTS))):
        after, point = draw(_AFTER if number else _FIRST_AFTER), draw(_POINTS)
        if draw(st.integers(0, 3)) == 0:
            last = draw(changes(last))
            events.append(Event(after, Apply(last), point))
        else:
            events.append(Event(after, draw(HAPPENINGS), point))
    return Life(first, tuple(events))


_AFTER = st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, 13])
_FIRST_AFTER = st.sampled_from([0, 1, 2, 3, 5, 26, 26, 26, 26])
_POINTS = st.just(0) | st.integers(1, 40)

_SCALED = Sketch().with_variant(
    Variant("VariantB", "bert-b", size=Scaling(steps=Steps(), actions=(Action(schedule="rate(7 minutes)"),)))
)
_CHANGED = replace(
    _SCALED.with_variant(Variant(weight=10, size=2)),
    models=(replace(_SCALED.models[0], revision="2"), *_SCALED.models[1:]),
)


def dealt(seed: int) -> Iterator[Life]:
    """Yield lives of an endpoint in service that is then to change; two seeds hold all that may happen."""
    happenings = list(EACH[seed % 2 :: 2])
    random.Random(seed).shuffle(happenings)
    for at in range(0, len(happenings), _DEALT):
        events = [Event(4, happening) for happening in happenings[at : at + _DEALT]]
        yield Life(
            _SCALED,
            (Event(26, events[0].what), *events[1:], Event(4, Apply(_CHANGED)), Event(8, Apply(_CHANGED))),
        )
