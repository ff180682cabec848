"""A record of requests with what AWS held when they came, for a judge of their sender.

The call log tells what was asked and what became of it; whether a call was right depends on the state that
it met. While recording, the gateway notes the true state before and after each request, and for a read the
state that its answer showed, which may be some seconds old.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.cloudwatch.alarm_store import AlarmStore
from sandbox.aws.engine.sagemaker.store import store_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.calls import CallRecord
    from sandbox.aws.engine.autoscaling.records import (
        Run,
        ScalableTarget,
        ScalingPolicy,
        ScheduledAction,
    )
    from sandbox.aws.engine.cloudwatch.alarm_store import MetricAlarm
    from sandbox.aws.engine.core import JSON, Engine, Region
    from sandbox.aws.engine.records import Endpoint, EndpointConfig, Model, Variant

SERVICES = frozenset({"sagemaker", "application-autoscaling", "resourcegroupstaggingapi"})
"""The services whose requests are recorded: those that tell or change what an endpoint is."""
ALARM_OPERATIONS = frozenset({"PutMetricAlarm", "DeleteAlarms", "DescribeAlarms"})
"""What is recorded of CloudWatch."""

_LATELY = 8
"""With so many of the last states a new one is compared, to be kept once."""


@dataclass(slots=True)
class Entry:
    """One request. ``before``, ``after`` and ``shown`` are numbers of states.

    ``local`` is the time on the clock of whoever sends requests, ``shown_at`` the time on AWS's clock as of
    which a read was answered.
    """

    number: int
    record: CallRecord
    local: float
    before: int
    after: int
    shown: int
    shown_at: float


@dataclass(frozen=True, slots=True)
class _Contents:
    """The records of one region: immutable, so that equal ones need not be told apart."""

    endpoints: list[Endpoint]
    configs: list[EndpointConfig]
    models: list[Model]
    targets: list[ScalableTarget]
    policies: list[ScalingPolicy]
    scheduled: list[ScheduledAction]
    tags: dict[str, Any]
    alarms: list[MetricAlarm]
    tracking_alarms: dict[str, list[str]]
    """Those that there are, by the ARN of the policy that keeps them."""
    runs: dict[str, dict[str, Run]]
    """By resource id, the last time that each scheduled action ran."""


class Recorder:
    """Keeps entries and states while it is switched on; states that are equal are kept once."""

    def __init__(self, engine: Engine, *, local_clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._local_clock = local_clock
        self.on = False
        self.entries: list[Entry] = []
        self.states: list[JSON] = []
        self._lately: dict[tuple[str, str], list[tuple[_Contents, int]]] = {}

    def note(self, record: CallRecord, *, stale: float) -> Entry | None:
        """Note a request that is about to take effect; a read of it is ``stale`` seconds old."""
        if not self.on or (record.service not in SERVICES and record.operation not in ALARM_OPERATIONS):
            return None
        now = self._engine.clock.now()
        before = self._state(record, None)
        shown_at = now if record.write else now - stale
        shown = before if shown_at == now else self._state(record, shown_at)
        entry = Entry(len(self.entries) + 1, record, self._local_clock(), before, before, shown, shown_at)
        self.entries.append(entry)
        return entry

    def complete(self, entry: Entry | None) -> None:
        """Note what a request has made of AWS."""
        if entry is not None and entry.record.write:
            entry.after = self._state(entry.record, None)

    def since(self, number: int) -> JSON:
        """Return the entries after a number, with the states that they name."""
        entries = self.entries[number:]
        named = {number for one in entries for number in (one.before, one.after, one.shown)}
        return {
            "entries": [asdict(entry) for entry in entries],
            "states": {str(number): self.states[number] for number in sorted(named)},
        }

    def _state(self, record: CallRecord, at: float | None) -> int:
        region = self._engine.region(record.account, record.region)
        contents = _contents(region, at)
        lately = self._lately.setdefault((record.account, record.region), [])
        for known, number in reversed(lately):
            if known == contents:
                return number
        number = len(self.states)
        self.states.append(_described(contents))
        lately.append((contents, number))
        del lately[:-_LATELY]
        return number


def _contents(region: Region, at: float | None) -> _Contents:
    sagemaker, scaling = store_of(region), region.store(AutoScalingStore)
    endpoints, configs = sagemaker.endpoints.all(at), sagemaker.configs.all(at)
    models = sagemaker.models.all(at)
    arns = [
        *(one.arn for one in endpoints),
        *(one.arn for one in configs),
        *(one.arn for one in models),
    ]
    policies = scaling.policies.all(at)
    return _Contents(
        endpoints=endpoints,
        configs=configs,
        models=models,
        targets=scaling.targets.all(at),
        policies=policies,
        scheduled=scaling.scheduled.all(at),
        tags={arn: sagemaker.tags.get(arn, at) or () for arn in arns},
        alarms=list(region.store(AlarmStore).alarms.values()),
        tracking_alarms={one.arn: scaling.alarms_of(one) for one in policies if one.tracks},
        runs={name: dict(runs) for name, runs in scaling.runs.items()},
    )


def _described(contents: _Contents) -> JSON:
    """Return a state as plain JSON."""
    tags = {arn: dict(found) for arn, found in contents.tags.items()}
    return {
        "endpoints": {one.name: _endpoint(one) | {"tags": tags[one.arn]} for one in contents.endpoints},
        "configs": {
            one.name: {"request": dict(one.request), "tags": tags[one.arn]} for one in contents.configs
        },
        "models": {
            one.name: {"request": dict(one.request), "tags": tags[one.arn]} for one in contents.models
        },
        "targets": {str(one.resource): _target(one, contents) for one in contents.targets},
        "alarms": {one.name: {**one.config, "ActionsEnabled": one.enabled} for one in contents.alarms},
    }


def _endpoint(endpoint: Endpoint) -> JSON:
    pending = endpoint.pending
    return {
        "arn": endpoint.arn,
        "status": endpoint.status.value,
        "created": endpoint.created,
        "config": endpoint.config_name,
        "failureReason": endpoint.failure_reason,
        "variants": {one.name: _variant(one) for one in endpoint.variants},
        "pending": None
        if pending is None
        else {
            "config": pending.config_name,
            "variants": {one.name: _variant(one) for one in pending.variants},
        },
    }


def _variant(variant: Variant) -> JSON:
    return {
        "model": variant.model.name,
        "instanceType": variant.instance_type,
        "currentWeight": variant.current_weight,
        "desiredWeight": variant.desired_weight,
        "currentCount": variant.current_instance_count,
        "desiredCount": variant.desired_instance_count,
    }


def _target(target: ScalableTarget, contents: _Contents) -> JSON:
    policies = [one for one in contents.policies if one.resource == target.resource]
    scheduled = [one for one in contents.scheduled if one.resource == target.resource]
    return {
        "endpoint": target.resource.endpoint,
        "variant": target.resource.variant,
        "min": target.minimum,
        "max": target.maximum,
        "suspended": asdict(target.suspended),
        "policies": {one.name: {"type": one.type.value, "config": dict(one.config)} for one in policies},
        "policyArns": {one.name: one.arn for one in policies},
        "trackingAlarms": {one.name: contents.tracking_alarms[one.arn] for one in policies if one.tracks},
        "scheduledActions": {
            one.name: {
                "schedule": one.schedule,
                "timezone": one.timezone,
                "start": one.start,
                "end": one.end,
                **one.bounds,
            }
            for one in scheduled
        },
        "scheduledSince": {one.name: one.created for one in scheduled},
        "runs": {name: asdict(run) for name, run in contents.runs.get(str(target.resource), {}).items()},
    }
