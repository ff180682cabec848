"""What serves after a change of the spec before, during or after a stepped rollout."""

import copy

from tests.integration.rollouts import Rollout, stepped
from tests.integration.stage import counts, with_revision
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


def test_after_a_promotion_a_new_model_of_the_baseline_waits_for_the_winner_to_be_committed():
    rollout = promoted()
    calls = rollout.weight_calls()
    rollout.cluster.apply(with_revision(stepped(), "2", model="bert-a"))
    rollout.run(minutes=8)
    assert rollout.weight_calls() == calls
    assert rollout.weights == CANDIDATE
    assert "Commit the winner" in rollout.status["message"]
    assert "Commit the winner" in rollout.operator.conditions["Ready"]


def test_the_baseline_keeps_its_instances_until_manual_weights_have_given_it_the_traffic():
    scaling = {**AUTOSCALING, "minCapacity": 1, "maxCapacity": 10, "initialInstanceCount": 8}
    base = with_variant(spec(), "VariantA", instanceCount=None, autoscaling=scaling)
    rollout = Rollout(stepped(base))
    rollout.run(minutes=3)
    rollout.command(promote=rollout.status["run"])
    rollout.run(minutes=1)
    before = len(rollout.operator.writes())
    rollout.cluster.apply(manual(90, 10, base))
    rollout.until(lambda: rollout.operator.ready, minutes=10)
    assert rollout.weights == FIRST
    assert counts(rollout.operator)["VariantA"] == 8
    sent = [write["operation"] for write in rollout.operator.writes()[before:]]
    weights = "UpdateEndpointWeightsAndCapacities"
    assert "RegisterScalableTarget" not in sent[: sent.index(weights)]
