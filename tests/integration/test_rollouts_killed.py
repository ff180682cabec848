"""A run decides the same, and sends each weight once, wherever the operator's process ends."""

import random
from datetime import datetime
from itertools import count

import pytest

from tests.integration.kills import Killed
from tests.integration.rollouts import BREAKERS, STEPS, Rollout, stepped

WEIGHT_CALL = "UpdateEndpointWeightsAndCapacities"


class Killer:
    """Ends the process at a status write or a weight call, before or after its effect."""

    def __init__(self, rollout, *, kind, number, when):
        self.rollout, self.kind, self.number, self.when = rollout, kind, number, when
        self.count = 0
        self.killed = False
        gateway, cluster = rollout.sim.gateway, rollout.cluster
        self._perform, self._apply = gateway.perform, cluster.apply_status
        self._receive = gateway.receive
        gateway.receive, gateway.perform, cluster.apply_status = self.receive, self.perform, self.apply

    def _due(self, kind):
        if kind != self.kind or self.killed:
            return False
        self.count += 1
        self.killed = self.count == self.number
        return self.killed

    def apply(self, resource, status):
        due = self._due("status")
        if due and self.when == "before":
            raise Killed
        answer = self._apply(resource, status)
        if due:
            raise Killed
        return answer

    def receive(self, request):
        exchange = self._receive(request)
        weights = exchange.record.operation == WEIGHT_CALL
        if weights and self.when == "before" and self._due("weights"):
            exchange.abandon()
            raise Killed
        return exchange

    def perform(self, exchange):
        answer = self._perform(exchange)
        weights = exchange.record.operation == WEIGHT_CALL
        if weights and self.when == "after" and self._due("weights"):
            exchange.lose()
            raise Killed
        return answer


def good(rollout):
    """Nothing happens that the strategy must react to."""
    rollout.until_ended()


def bad(rollout):
    """A bad candidate is found in the middle of the first step.

    A rollback that is due together with another change of weights would replace it or not, depending on where
    the process ends.
    """
    rollout.fails("bert-a", 0.005)
    rollout.fails("bert-b", 0.3)
    rollout.until_ended()


def approved(rollout):
    """A person approves the first step when it waits for that."""
    rollout.until(lambda: "ApprovalRequired" in rollout.operator.conditions["Decided"])
    rollout.command(approve=f"{rollout.status['run']}/1")
    rollout.until_ended()


POLICIES = {
    good: stepped(breakers=BREAKERS),
    bad: stepped(breakers=[]),
    approved: stepped(steps=[{**STEPS[0], "approval": "Required"}, *STEPS[1:]]),
}


def played(script, **kill):
    """Play a rollout to its end; return it, and whether it was killed."""
    random.seed(1)
    rollout = Rollout(POLICIES[script])
    killer = Killer(rollout, **kill) if kill else None
    script(rollout)
    rollout.run(minutes=5)
    return rollout, killer is not None and killer.killed


def minutes(rollout):
    return [datetime.fromisoformat(each["at"]).timestamp() // 60 for each in rollout.status["decisions"]]


def reasons(rollout):
    return [(each["verdict"], each["reason"], each["step"]) for each in rollout.status["decisions"]]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "every"), [("weights", 1), ("status", 5)])
@pytest.mark.parametrize("script", POLICIES, ids=lambda script: script.__name__)
def test_a_run_that_is_killed_anywhere_decides_the_same(script, kind, every, when):
    """A process that has just started waits for a write that may be in flight, so a minute may pass.

    Of the many status writes every fifth is tried, another one for each case.
    """
    undisturbed, _ = played(script)
    first = 1 + list(POLICIES).index(script) * (every > 1)
    for number in count(first, every):
        found, killed = played(script, kind=kind, number=number, when=when)
        if not killed:
            assert number > 2
            return
        assert reasons(found) == reasons(undisturbed), number
        gaps = [abs(a - b) for a, b in zip(minutes(found), minutes(undisturbed), strict=True)]
        assert max(gaps) <= 1, number
        assert found.weights == undisturbed.weights
        assert found.weight_effects() == undisturbed.weight_effects(), number
