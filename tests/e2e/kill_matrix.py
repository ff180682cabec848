"""Whatever happens at whichever write, AWS ends as if nothing had happened.

Each scenario is first played undisturbed, and AWS's call log tells its writes. Then it is played again for
each write and each disturbance: the operator is killed while the request is on its way, or while the answer
is; or a connection breaks before the effect, or after it. At the end AWS's whole state is compared with that
of the undisturbed run: the same, so no orphans and no doubles. A change may end with the resource stalled.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from tests.e2e.operator_process import Operator
from tests.e2e.reviews import Change, Manifest, Reviews, conditions_of, ready, up_to_date
from tests.e2e.simulated_aws import SimulatedAws

SPEED = 250.0
"""How many times as fast as real time AWS's clock runs here, where it runs."""

Act = Callable[[Reviews, SimulatedAws], None]
"""What a user does to the resource, or somebody else to AWS."""


def applied(*changes: Change) -> Act:
    """Create the resource, or change it."""
    return lambda resource, _: resource.apply(*changes)


def deleted(resource: Reviews, _: SimulatedAws) -> None:
    """Ask for the deletion of the resource, if there is one."""
    if resource.found():
        resource.delete()


def applied_in_vain(*changes: Change) -> Act:
    """Change the resource, while each update of the endpoint fails."""

    def act(resource: Reviews, aws: SimulatedAws) -> None:
        failure = {"fail": {"reason": "The container did not start."}}
        aws.add_fault(failure, match={"operation": "UpdateEndpoint"}, count=None)
        resource.apply(*changes)

    return act


def stalled(resource: Manifest) -> bool:
    """Tell whether a resource says of its newest generation that its deployment failed."""
    reason = conditions_of(resource).get("Stalled", {}).get("reason")
    return reason == "DeploymentFailed" and up_to_date(resource)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is done, and what had been done before, step by step; the one undoes the other.

    `ended` tells whether the operator has brought what is done to its end.
    """

    name: str
    before: tuple[Act, ...]
    act: Act
    ended: Callable[[Manifest], bool] = ready


class Stage:
    """A resource, an AWS and an operator that can be killed and started again."""

    def __init__(self, resource: Reviews, aws: SimulatedAws, operator: Operator, eventually: Any) -> None:
        self.resource = resource
        self.aws = aws
        self._operator = operator
        self._eventually = eventually
        self._programs = ExitStack()
        self._uid = ""
        self.aws.set_speed(SPEED)
        self.start_operator()

    def start_operator(self) -> None:
        self._program = self._programs.enter_context(self._operator.running())

    def kill_operator(self) -> None:
        assert self._program.running
        self._program.kill()

    def close(self) -> None:
        self._programs.close()

    def play(self, *acts: Act, ended: Callable[[Manifest], bool] = ready) -> str:
        """Let things be done without disturbance, and return AWS's state when all has come to rest."""
        for fault in self.aws.faults():
            self.aws.remove_fault(fault["id"])
        for act in acts:
            act(self.resource, self.aws)
            self._eventually(lambda: self._settled(ended), within=90)
        if self.resource.found():
            self.aws.rests()
        return self.state()

    def ends_in(self, state: str, ended: Callable[[Manifest], bool]) -> None:
        """Wait until what was done has come to this end, and stays there."""
        self._eventually(
            lambda: (self._settled(ended), self.state()), lambda seen: seen == (True, state), within=90
        )
        if self.resource.found():
            self.aws.is_asked_again()
            assert self.state() == state

    def sees_call(self, outcome: str) -> dict[str, Any]:
        """Wait for the call of which this became, and return it."""
        found = self._eventually(lambda: [call for call in self.aws.calls() if call["outcome"] == outcome])
        return dict(found[0])

    def state(self) -> str:
        """Return all that AWS remembers; which namespace and which object it was for does not matter."""
        found = self.resource.found()
        self._uid = found["metadata"]["uid"] if found else self._uid
        text = json.dumps(self.aws.everything(), indent=1, sort_keys=True)
        return text.replace(self.resource.namespace, "NAMESPACE").replace(self._uid or "UID", "UID")

    def _settled(self, ended: Callable[[Manifest], bool]) -> bool:
        found = self.resource.found()
        return found is None or ("deletionTimestamp" not in found["metadata"] and ended(found))


@dataclass(frozen=True, slots=True)
class Recording:
    """An undisturbed run: the state before and after, and the writes between as operation and resource."""

    before: str
    after: str
    writes: list[tuple[str, str]]


def record(stage: Stage, scenario: Scenario) -> Recording:
    before = stage.play(*scenario.before)
    stage.aws.clear_calls()
    after = stage.play(scenario.act, ended=scenario.ended)
    writes = [(call["operation"], call["resource"]) for call in stage.aws.calls() if call["write"]]
    assert writes
    assert stage.aws.refusals() == []
    return Recording(before, after, writes)


Disturb = Callable[[Stage, int, Act], tuple[str, str]]


def killed(when: str) -> Disturb:
    """Kill the operator at a write, and start another one before AWS's clock moves on."""

    def disturb(stage: Stage, write: int, act: Act) -> tuple[str, str]:
        aws = stage.aws
        aws.hold({"write": write}, when=when)
        act(stage.resource, aws)
        (parked,) = aws.held(timeout=60)
        aws.set_speed(0)
        stage.kill_operator()
        aws.release(drop=True)
        stage.start_operator()
        aws.is_asked_again(passes=2)
        aws.set_speed(SPEED)
        return parked["operation"], parked["resource"]

    return disturb


def dropped(when: str) -> Disturb:
    """Break the connection of a write."""

    def disturb(stage: Stage, write: int, act: Act) -> tuple[str, str]:
        stage.aws.add_fault({"drop": when}, match={"write": write})
        act(stage.resource, stage.aws)
        outcome = "dropped-before" if when == "before" else "dropped-after-effect"
        call = stage.sees_call(outcome)
        return call["operation"], call["resource"]

    return disturb


def killed_by_turns(stage: Stage, write: int, act: Act) -> tuple[str, str]:
    """Kill the operator before the effect of every other write, and before the answer of the rest."""
    return killed(("before", "after")[write % 2])(stage, write, act)


DISTURBANCES = {
    "killed-before-the-effect": killed("before"),
    "killed-before-the-answer": killed("after"),
    "request-lost": dropped("before"),
    "answer-lost": dropped("after"),
}


class KillMatrix:
    """Plays scenarios on a stage; `recordings` keeps undisturbed runs by the names of their scenarios."""

    def __init__(
        self, stage: Stage, recordings: dict[str, Recording], note: Callable[[str, str], None]
    ) -> None:
        self._stage = stage
        self._recordings = recordings
        self._note = note

    def survives(self, disturbance: str, scenario: Scenario) -> None:
        """Play a scenario once for each of its writes, with that write disturbed: it ends as undisturbed."""
        self._play(disturbance, DISTURBANCES[disturbance], scenario)

    def survives_kills(self, scenario: Scenario) -> None:
        """Play a scenario once for each of its writes, killed at that write: it ends as undisturbed."""
        self._play("killed by turns", killed_by_turns, scenario)

    def _play(self, name: str, disturb: Disturb, scenario: Scenario) -> None:
        stage = self._stage
        if scenario.name not in self._recordings:
            self._recordings[scenario.name] = record(stage, scenario)
        recording = self._recordings[scenario.name]
        for number, write in enumerate(recording.writes, start=1):
            stage.play(*scenario.before)
            stage.ends_in(recording.before, ready)
            stage.aws.clear_calls()
            assert disturb(stage, number, scenario.act) == write
            stage.ends_in(recording.after, scenario.ended)
            assert stage.aws.unexplained_refusals() == [], f"at write {number}, {write}"
        self._note("figure", f"kill matrix: {scenario.name}, {name}: {len(recording.writes)} writes")
