"""What an endpoint is busy with, and how that ends: the moving part of its state machine.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html (EndpointStatus)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.happenings import EndpointSettled, InstancesLaunched, announce
from sandbox.aws.engine.records import EndpointStatus, Variant, counts_by_type
from sandbox.aws.engine.sagemaker.fleet import has_gpu, trouble
from sandbox.aws.engine.sagemaker.quotas import overdrawn
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.sagemaker.waiting import waits
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.answers import NewerValue
    from sandbox.aws.engine.core import Failure, Region
    from sandbox.aws.engine.records import Endpoint


Ending = Callable[["Endpoint"], None]
"""What becomes of an endpoint when the work on it has had its time."""


def begin(region: Region, endpoint: Endpoint, *, seconds: float, ending: Ending) -> None:
    """Save an endpoint as busy; ``ending`` gets it when the time has passed, unless it is gone by then."""
    store = store_of(region)
    store.stop_work(endpoint.name)
    store.save(endpoint)

    def end() -> None:
        store.work.pop(endpoint.name.lower(), None)
        present = store.endpoint(endpoint.name)
        if present is not None:
            ending(present)

    store.work[endpoint.name.lower()] = region.clock.after(seconds, end)


def once_equipped(
    region: Region, launching: Sequence[Variant], failure: Failure | None, ending: Ending
) -> Ending:
    """Return the end of a launch that first waits for machines; one that is to fail does not wait."""
    waiting = waits(region, launching)

    def end(present: Endpoint) -> None:
        if waiting():
            begin(region, present, seconds=region.ledger.seconds("sim.capacity-poll"), ending=end)
        else:
            ending(present)

    return ending if failure else end


def settle(
    region: Region, endpoint: Endpoint, status: EndpointStatus | NewerValue, *, reason: str = ""
) -> None:
    """Save an endpoint as no longer busy, and tell the other services."""
    calm = tuple(replace(variant, phases=()) for variant in endpoint.variants)
    settled = replace(
        endpoint,
        status=status,
        variants=calm,
        pending=None,
        failure_reason=reason,
        modified=region.clock.now(),
    )
    store_of(region).save(settled)
    announce(EndpointSettled(region, settled))


def _launch_seconds(region: Region, variants: tuple[Variant, ...], cpu: str, gpu: str) -> float:
    if any(one.model.missing for one in variants):
        return region.ledger.seconds("sm.model.missing-seconds")
    return region.ledger.seconds(gpu if any(has_gpu(one.instance_type) for one in variants) else cpu)


def announce_launch(
    region: Region, endpoint: Endpoint, variants: tuple[tuple[Variant, int], ...], failure: Failure | None
) -> None:
    """Tell of new instances, unless so much is missing that no container comes to run."""
    no_machine = failure is not None and failure.reason == region.ledger.text("sm.failure.capacity")
    growing = tuple((variant, more) for variant, more in variants if more > 0)
    if growing and not no_machine and not trouble(region, [variant for variant, _ in growing]):
        announce(InstancesLaunched(region, endpoint, growing, failure is not None))


def _whole(variants: tuple[Variant, ...]) -> tuple[tuple[Variant, int], ...]:
    return tuple((variant, variant.desired_instance_count) for variant in variants)


@holds("sm.endpoint.failed-create")
def begin_creating(region: Region, endpoint: Endpoint, failure: Failure | None) -> None:
    """Create the pending fleet: InService in the end, or Failed."""
    if endpoint.pending is None:
        raise ValueError("an endpoint being created has a pending deployment")
    fleet = endpoint.pending.variants
    trouble_now = _trouble_watch(region, endpoint, fleet)

    def ending(present: Endpoint) -> None:
        reason = failure.reason if failure else trouble_now()
        if failure or reason:
            settle(region, present, EndpointStatus.FAILED, reason=reason)
        else:
            take_over(region, present)

    seconds = _launch_seconds(region, fleet, "sm.endpoint.creating-cpu", "sm.endpoint.creating-gpu")
    if failure:
        seconds = region.ledger.seconds("sm.endpoint.failing")
    begin(region, endpoint, seconds=seconds, ending=once_equipped(region, fleet, failure, ending))
    announce_launch(region, endpoint, _whole(fleet), failure)


def needed_configs(region: Region, names: set[str]) -> tuple[str, ...]:
    """Return the configs without which the work on an endpoint fails."""
    store = store_of(region)

    def needed(name: str) -> bool:
        return store.config(name) is not None or region.ledger.value("sm.update.config-deleted") == "fail"

    return tuple(sorted(name for name in names if needed(name)))


@holds("sm.endpoint.config-deleted-while-busy")
def _trouble_watch(region: Region, endpoint: Endpoint, fleet: tuple[Variant, ...]) -> Callable[[], str]:
    """Return what tells, at the end, why the work on an endpoint fails; empty if it does not."""
    store = store_of(region)
    in_use = {endpoint.config_name} | ({endpoint.pending.config_name} if endpoint.pending else set())
    watched = needed_configs(region, in_use)

    def tell() -> str:
        gone = next((name for name in watched if store.config(name) is None), None)
        if gone:
            return config_gone(region, gone)
        return overdrawn(region, counts_by_type(fleet)) or trouble(region, fleet)

    return tell


def config_gone(region: Region, name: str) -> str:
    """Return the failure reason that names a deleted config."""
    return region.ledger.text("sm.failure.config-deleted", arn=arn_of(region, "endpoint-config", name))


def take_over(region: Region, endpoint: Endpoint) -> None:
    """Let the pending fleet be the endpoint's only one from now on."""
    if endpoint.pending is None:
        raise ValueError("a fleet that takes over is that of a pending deployment")
    pending = endpoint.pending
    running = tuple(
        replace(variant, current_instance_count=variant.desired_instance_count)
        for variant in pending.variants
    )
    renewed = replace(endpoint, variants=running, config_name=pending.config_name, capture=pending.capture)
    settle(region, renewed, EndpointStatus.IN_SERVICE)


@holds("sm.update.failed-keeps-old", "sm.update.silent-rollback")
def begin_updating(region: Region, endpoint: Endpoint, failure: Failure | None, arrived: Ending) -> None:
    """Bring the pending fleet in beside the old one: then it has ``arrived``, or the old config stays."""
    if endpoint.pending is None:
        raise ValueError("an endpoint being updated has a pending deployment")
    pending = endpoint.pending
    trouble_now = _trouble_watch(region, endpoint, pending.variants)

    def ending(present: Endpoint) -> None:
        reason = failure.reason if failure else trouble_now()
        if failure and failure.status is EndpointStatus.ROLLING_BACK:
            roll_back(region, present, present.variants, reason)
        elif failure and failure.status is EndpointStatus.UPDATE_ROLLBACK_FAILED:
            fail_rollback(region, present, reason)
        elif failure or reason:
            settle(region, present, EndpointStatus.IN_SERVICE, reason=reason)
        else:
            arrived(present)

    seconds = _launch_seconds(region, pending.variants, "sm.update.seconds-cpu", "sm.update.seconds-gpu")
    equipped = once_equipped(region, pending.variants, failure, ending)
    begin(region, endpoint, seconds=seconds, ending=equipped)
    announce_launch(region, endpoint, _whole(pending.variants), failure)


@holds("sm.endpoint.rollback-failed")
def fail_rollback(region: Region, endpoint: Endpoint, reason: str) -> None:
    """Leave an endpoint in service and in need of another update."""
    settle(region, endpoint, EndpointStatus.UPDATE_ROLLBACK_FAILED, reason=reason)


@holds("sm.uewc.rolling-back")
def roll_back(region: Region, endpoint: Endpoint, before: tuple[Variant, ...], reason: str) -> None:
    """Return to what was ``before`` by way of RollingBack."""
    rolling = replace(endpoint, status=EndpointStatus.ROLLING_BACK, variants=before, pending=None)

    def ending(present: Endpoint) -> None:
        settle(region, present, EndpointStatus.IN_SERVICE, reason=reason)

    begin(region, rolling, seconds=region.ledger.seconds("sm.uewc.rolling-back-seconds"), ending=ending)
