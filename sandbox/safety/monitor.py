"""Monitors: they bring a judge what the simulated AWS and Kubernetes hold."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

from sandbox.aws.recording import Recorder
from sandbox.safety.aws_state import AwsState
from sandbox.safety.calls import Call
from sandbox.safety.judge import Judge
from sandbox.safety.kubernetes import ResourceWatch
from sandbox.safety.resources import Version
from sandbox.safety.violations import SafetyViolated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.aws.control import Control
    from sandbox.aws.inprocess import InProcessAws
    from sandbox.aws.recording import Entry
    from sandbox.cluster.cluster import Cluster
    from sandbox.safety.aws_state import Raw
    from sandbox.safety.bounds import Bounds


_OF_RECORD = (
    *("time", "account", "region", "service", "operation", "params", "write", "outcome", "code", "message"),
)
"""What a call takes over from the call log's record."""
_OF_ENTRY = ("number", "local", "shown_at")
_STATES = ("before", "after", "shown")


class InProcessMonitor:
    """Watches an operator that shares a process, and a clock that stands, with the simulated AWS.

    Whoever plays Kubernetes reports each version as it comes.
    """

    def __init__(self, aws: InProcessAws, *, bounds: Bounds, access_key: str = "AKIASANDBOX") -> None:
        self.judge = Judge(bounds)
        self._access_key = access_key
        self._clock = aws.engine.clock
        self._recorder = aws.gateway.recorder = Recorder(aws.engine, local_clock=self._clock.now)
        self._recorder.on = True
        self._read = 0
        self._states: dict[int, AwsState] = {}

    def changed(self, resource: Raw, *, gone: bool = False) -> None:
        """Take down a version of a resource, which is current from now on."""
        self.catch_up()
        now = self._clock.now()
        version = Version(copy.deepcopy(dict(resource)), earliest=now, latest=now, gone=gone)
        self.judge.judge_version(version, self.judge.announce(version))

    def restarted(self) -> None:
        """Take down that the operator has lost its memory."""
        self.catch_up()
        self.judge.restarted(self._clock.now())

    def resumes(self, due: float) -> None:
        """Take down that the operator runs again, which it wanted to do at ``due`` already."""
        if self._clock.now() > due:
            self.judge.history.pauses.append((due, self._clock.now()))

    def catch_up(self) -> None:
        """Judge the calls that have come since."""
        entries = self._recorder.entries[self._read :]
        self._read += len(entries)
        for entry in entries:
            if entry.record.access_key == self._access_key:
                self.judge.judge_call(_call_of(entry, self._state))

    def require_safe(self) -> None:
        """Raise SafetyViolated if a rule has been broken."""
        self.catch_up()
        require_safe(self.judge)

    def require_safe_at_rest(self) -> None:
        """Raise SafetyViolated if a rule has been broken, or something is left undone."""
        self.catch_up()
        self.judge.judge_rest()
        require_safe(self.judge)

    def _state(self, number: int) -> AwsState:
        if number not in self._states:
            self._states[number] = AwsState(self._recorder.states[number])
        return self._states[number]


class RemoteMonitor:
    """Watches operators that work between a cluster and a simulated AWS in other processes.

    It judges when it is closed or asked to: the versions of resources come with a delay.
    """

    def __init__(
        self, control: Control, cluster: Cluster, *, bounds: Bounds, access_key: str, namespace: str = ""
    ) -> None:
        self._control = control
        self._bounds = [(0.0, bounds)]
        self._access_key = access_key
        self._restarts: list[float] = []
        control.record()
        self._watch = ResourceWatch(cluster, namespace=namespace, lag=bounds.lag)

    def restarted(self) -> None:
        """Take down that an operator is started."""
        self._restarts.append(time.time())

    def judge_by(self, bounds: Bounds) -> None:
        """Judge what happens from now on by other bounds, because AWS's clock runs at another speed."""
        self._bounds.append((time.time(), bounds))

    def stop(self) -> None:
        """End the watch; a second call does nothing."""
        self._watch.close()

    def close(self) -> Judge:
        """End the watch, and judge all that was seen."""
        self.stop()
        return judged(
            self._control.recording(),
            self._watch.versions,
            self._restarts,
            bounds=self._bounds,
            access_keys={self._access_key},
        )


def require_safe(judge: Judge) -> None:
    """Raise SafetyViolated with what has been found so far."""
    if judge.violations:
        raise SafetyViolated(judge.violations)


def judged(
    recording: Mapping[str, Any],
    versions: Iterable[Version],
    restarts: Iterable[float],
    *,
    bounds: Iterable[tuple[float, Bounds]],
    access_keys: Iterable[str],
) -> Judge:
    """Judge a whole run from what was recorded of it.

    ``recording`` is what the simulation's control returns, ``access_keys`` are the operator's.
    Each of ``bounds`` holds from a time on the operator's clock until the next one's.
    """
    (_, first), *changes = sorted(bounds, key=lambda each: each[0])
    judge, keys = Judge(first), set(access_keys)
    states = {int(number): AwsState(raw) for number, raw in recording["states"].items()}
    for moment in restarts:
        judge.restarted(moment)
    replaced = [(version, judge.announce(version)) for version in versions]
    events: list[tuple[float, int, Any]] = [
        (version.latest, 1, (version, former)) for version, former in replaced
    ]
    events.extend(
        (entry["local"], 0, entry) for entry in recording["entries"] if entry["record"]["access_key"] in keys
    )
    for moment, is_version, event in sorted(events, key=lambda event: event[:2]):
        while changes and changes[0][0] <= moment:
            judge.history.bounds = changes.pop(0)[1]
        if is_version:
            judge.judge_version(*event)
        else:
            judge.judge_call(call_of(event, states.__getitem__))
    return judge


def call_of(entry: Mapping[str, Any], state: Callable[[int], AwsState]) -> Call:
    """Return a recorded call as the rules see it; ``state`` finds states by their numbers."""
    members: dict[str, Any] = {name: entry[name] for name in _OF_ENTRY}
    members |= {name: entry["record"][name] for name in _OF_RECORD}
    members |= {name: state(entry[name]) for name in _STATES}
    return Call(**members)


def _call_of(entry: Entry, state: Callable[[int], AwsState]) -> Call:
    """Return the same of an entry that has not left the process."""
    members: dict[str, Any] = {name: getattr(entry, name) for name in _OF_ENTRY}
    members |= {name: getattr(entry.record, name) for name in _OF_RECORD}
    members |= {name: state(getattr(entry, name)) for name in _STATES}
    return Call(**members)
