"""All of AWS's answers have a wrong date for some minutes of a rollout, which is healthy."""

import pytest

from tests.integration.rollouts import Rollout, stepped
from tests.unit.planning.worlds import spec

DAY = 86_400
wrong = pytest.mark.parametrize("ahead", [2 * DAY, -2 * DAY], ids=["ahead", "behind"])


def dated(rollout, ahead):
    return rollout.sim.fault({"date": {"ahead": ahead}}, count=None)


def dated_right(rollout, fault):
    rollout.sim.gateway.faults.remove(fault)


@wrong
def test_wrong_dates_in_the_middle_do_not_end_a_rollout(ahead):
    rollout = Rollout(stepped(deadlineSeconds=14_400))
    rollout.run(minutes=8)
    run = rollout.status["run"]
    fault = dated(rollout, ahead)
    rollout.run(minutes=5)
    dated_right(rollout, fault)
    rollout.until_ended()
    assert (rollout.status["run"], rollout.status["outcome"]) == (run, "Promoted")


@wrong
@pytest.mark.parametrize("before", [0, 3])
def test_a_rollout_that_starts_at_wrong_dates_does_not_keep_its_start(ahead, before):
    rollout = Rollout(spec())
    rollout.run(minutes=10)
    fault = dated(rollout, ahead)
    rollout.run(minutes=before)
    rollout.cluster.apply(stepped(deadlineSeconds=14_400))
    rollout.run(minutes=5)
    dated_right(rollout, fault)
    rollout.until(lambda: rollout.status.get("outcome") in {"Promoted", "RolledBack"}, minutes=120)
    assert rollout.status["outcome"] == "Promoted"


def test_a_rollout_of_an_endpoint_that_was_not_changed_for_days_does_not_keep_a_start_in_the_past():
    rollout = Rollout(spec(), rate=0)
    rollout.run(minutes=3 * 1440)
    rollout.requests(100)
    fault = dated(rollout, -2 * DAY)
    rollout.run(minutes=3)
    rollout.cluster.apply(stepped(deadlineSeconds=14_400))
    rollout.run(minutes=5)
    assert rollout.weights["VariantB"] == 10
    dated_right(rollout, fault)
    rollout.until(lambda: rollout.status.get("outcome") in {"Promoted", "RolledBack"}, minutes=120)
    assert rollout.status["outcome"] == "Promoted"
