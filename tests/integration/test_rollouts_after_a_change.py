"""What serves after a change of the spec before, during or after a stepped rollout."""

import copy

from tests.integration.rollouts import Rollout, stepped
from tests.integration.stage import counts, endpoint, target, with_revision
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

FIRST = {"VariantA": 90.0, "VariantB": 10.0}
CANDIDATE = {"VariantA": 0.0, "VariantB": 100.0}
BASELINE = {"VariantA": 100.0, "VariantB": 0.0}


def manual(first, second, base=None):
    base = copy.deepcopy(base or spec())
    for variant, weight in zip(base["variants"], (first, second), strict=True):
        variant["weight"] = weight
    return base


def promoted(base=None):
    """Return a rollout whose candidate a person has promoted."""
    rollout = Rollout(stepped(base))
    rollout.run(minutes=3)
    rollout.command(promote=rollout.status["run"])
    rollout.until(lambda: rollout.weights == CANDIDATE, minutes=60)
    rollout.run(minutes=3)
    return rollout


def test_a_run_that_was_promoted_is_not_restored_after_manual_weights():
    rollout = promoted()
    run = rollout.status["run"]
    rollout.cluster.apply(manual(100, 0))
    rollout.until(lambda: rollout.weights == BASELINE, minutes=5)
    rollout.run(minutes=2)
    calls = len(rollout.weight_calls())
    rollout.cluster.apply(stepped())
    rollout.run(minutes=6)
    assert rollout.weight_calls()[calls:] == [FIRST]
    assert rollout.status["run"] not in {None, run}
    assert rollout.status["step"]["number"] == 1
