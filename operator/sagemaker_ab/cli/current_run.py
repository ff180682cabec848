"""The run that a resource is in, for the commands that act on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.cli.snapshot import ResourceSnapshot, parse_resource
from sagemaker_ab.planning.runs.record import RunRecord


class NoRun(Exception):
    """The resource is in no run that a command could be for; the message says what is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRun:
    """A resource as the API server returned it, and the run in its status."""

    raw: Mapping[str, Any]
    snapshot: ResourceSnapshot
    traffic: TrafficStatus
    policy: Stepped
    record: RunRecord


def current_run(raw: Mapping[str, Any], *, expected: str | None = None) -> CurrentRun:
    """Return the run that is going on or has ended. Raises NoRun, also if it is not the `expected` one."""
    snapshot = parse_resource(raw)
    name, traffic, policy = snapshot.name, snapshot.status.traffic, snapshot.spec.traffic.policy
    if snapshot.deleted is not None:
        raise NoRun(f"{name} is being deleted")
    if policy is None:
        raise NoRun(f"{name} has no run: the strategy {snapshot.spec.traffic.strategy} has none")
    if traffic is None or traffic.mode is None:
        raise NoRun(f"{name} has no run: the operator has not acted on its strategy yet")
    if traffic.run is None:
        raise NoRun(f"{name} has no run yet: {traffic.message}")
    record = RunRecord.from_status(traffic)
    if record is None:
        raise NoRun(
            f"run {traffic.run} of {name} cannot be read from status; use the same version of command and "
            "operator"
        )
    if expected not in {None, record.run}:
        raise NoRun(f"{expected} is not the current run of {name}, which is {record.run}")
    return CurrentRun(raw=raw, snapshot=snapshot, traffic=traffic, policy=policy, record=record)
