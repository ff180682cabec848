"""Whatever happens to an endpoint and its resource, no safety rule is broken, and AWS becomes as specified.

A life is a spec and what happens to it at any moment, also between two calls of one reconcile: changes of
the spec, people who change or delete what the operator has made, faults of AWS and of the API server, and the
end of the process. The safety monitor judges all the while. In the end everything is taken back that only a
person or AWS can take back. Then AWS comes to hold what the last spec asks for and nothing more, what is
somebody else's was not touched, and no call was refused for a reason that the operator could have known.
"""

import logging
import os
import random

import pytest
from hypothesis import HealthCheck, example, given, settings

from sandbox.aws.inprocess import InProcessAws
from tests.property.lives.ending import end
from tests.property.lives.life import dealt, lives, play
from tests.property.lives.world import World
from tests.seeds import SEEDS, blamed

_LIVES = int(os.environ.get("LIVES", "12"))
"""How many random lives each seed has."""
_EVERYDAY = "SANDBOX_SEEDS" not in os.environ
"""Plays the same lives each time; ``make seeds`` looks for new ones."""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_operator_is_safe_and_converges_whatever_happens(seed, record_property, caplog):
    caplog.set_level(logging.CRITICAL)
    played, figures = [], {"lives": 0, "calls judged": 0, "writes judged": 0, "status writes judged": 0}

    @given(life=lives())
    @settings(
        max_examples=_LIVES,
        deadline=None,
        derandomize=_EVERYDAY,
        database=None,  # one that failed under a seed would be played again under all
        suppress_health_check=[HealthCheck.too_slow],
    )
    def live(life):
        played[:] = [life]
        world = lived(InProcessAws(seed=seed), life)
        figures["lives"] += 1
        figures["calls judged"] += len(world.operator.safety.judge.history.calls)
        figures["writes judged"] += world.operator.safety.judge.judged
        figures["status writes judged"] += world.cluster.status_writes

    for life in dealt(seed):
        live = example(life=life)(live)
    try:
        live()
    except Exception as error:
        error.add_note(f"{played[0]!r}\n{blamed(seed, lambda sim: lived(sim, played[0]))}")
        raise
    for what, number in figures.items():
        record_property("count", (what, number))


def lived(sim, life):
    random.seed(0)  # spreads the waits; equal ones, so that a failure can be played again
    world = World(sim)
    play(world, life)
    end(world)
    return world
