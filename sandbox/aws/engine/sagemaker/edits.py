"""What others do to SageMaker's resources behind the caller's back, and what goes missing around them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.answers import NewerValue
from sandbox.aws.engine.cloudwatch.metric_alarms import delete_alarm
from sandbox.aws.engine.core import JSON, Region, edit
from sandbox.aws.engine.happenings import EndpointDeletionAccepted, EndpointSettled, announce
from sandbox.aws.engine.records import EndpointStatus, is_status
from sandbox.aws.engine.sagemaker.endpoints import found_endpoint
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.engine.sagemaker.transitions import begin, settle
from sandbox.aws.engine.scenery import Thing
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.aws.engine.records import Endpoint, Variant


@edit("missing")
def _missing(region: Region, things: Mapping[str, str]) -> JSON:
    """``{"role"|"image"|"object"|"modelPackage"|"capacity": name}``: is not there until restored."""
    for thing, name in things.items():
        region.scenery.remove(Thing(thing), name)
    return {}


@edit("restored")
def _restored(region: Region, things: Mapping[str, str]) -> JSON:
    for thing, name in things.items():
        region.scenery.restore(Thing(thing), name)
    return {}


@edit("shortage")
def _shortage(region: Region, lasting: Mapping[str, float]) -> JSON:
    """``{instance type: seconds}``: no machine of a type is spare for so long, or until it is restored."""
    for instance_type, seconds in lasting.items():
        region.scenery.short_of(instance_type, region.clock.now() + float(seconds))
    return {}


@edit("quota")
def _quota(region: Region, limits: Mapping[str, int | None]) -> JSON:
    """``{instance type: instances}``: how many an account may have in a region; null lifts the limit.

    The quota on instances of all types goes by its name, ``Number of instances across active endpoints``.
    """
    for instance_type, instances in limits.items():
        region.scenery.set_quota(instance_type, instances)
    return {}


@edit("push")
def _push(region: Region, image: str) -> JSON:
    """Put another image under the same tag: what is deployed from now on resolves to another digest."""
    region.scenery.push(image)
    return {}


def _change_variants(region: Region, name: str, change: Callable[[Variant], Variant]) -> JSON:
    endpoint = found_endpoint(region, name)
    variants = tuple(change(variant) for variant in endpoint.variants)
    changed = replace(endpoint, variants=variants, modified=region.clock.now())
    store_of(region).save(changed)
    announce(EndpointSettled(region, changed))
    return {}


@edit("weights")
def _weights(region: Region, asked: Mapping[str, Any]) -> JSON:
    """``{"endpoint": name, "variants": {name: weight}}``: in effect at once, as if the update had ended."""
    wanted = asked["variants"]

    def change(variant: Variant) -> Variant:
        weight = float(wanted.get(variant.name, variant.desired_weight))
        return replace(variant, current_weight=weight, desired_weight=weight)

    return _change_variants(region, asked["endpoint"], change)


@edit("counts")
def _counts(region: Region, asked: Mapping[str, Any]) -> JSON:
    """``{"endpoint": name, "variants": {name: instances}}``: in effect at once."""
    wanted = asked["variants"]

    def change(variant: Variant) -> Variant:
        count = int(wanted.get(variant.name, variant.desired_instance_count))
        return replace(variant, current_instance_count=count, desired_instance_count=count)

    return _change_variants(region, asked["endpoint"], change)


@edit("delete")
def _delete(region: Region, asked: Mapping[str, str]) -> JSON:
    """``{"model"|"config"|"endpoint"|"alarm": name}``: is gone at once, whatever it was busy with."""
    store = store_of(region)
    if "alarm" in asked:
        delete_alarm(region, asked["alarm"])
    if "model" in asked:
        store.models.drop(asked["model"].lower())
    if "config" in asked:
        store.configs.drop(asked["config"].lower())
    if "endpoint" in asked:
        endpoint = found_endpoint(region, asked["endpoint"])
        announce(EndpointDeletionAccepted(region, replace(endpoint, status=EndpointStatus.DELETING)))
        store.forget(endpoint)
    return {}


@edit("status")
@holds("sm.endpoint.system-updating", "sm.endpoint.rollback-failed")
def _status(region: Region, asked: Mapping[str, Any]) -> JSON:
    """Put an endpoint into a status, for good or for some seconds.

    ``{"endpoint": name, "status": status, "seconds": number, "reason": text}``; then it is InService again.
    With ``"newer": true`` the status is one that no SDK knows.
    """
    endpoint = found_endpoint(region, asked["endpoint"])
    wanted, newer, reason = asked["status"], asked.get("newer", False), asked.get("reason", "")
    if not is_status(wanted, newer=newer):
        raise ValueError(f"no status {wanted!r} that is{'' if newer else ' not'} newer than the SDKs")
    status = NewerValue(wanted) if newer else EndpointStatus(wanted)
    if "seconds" not in asked:
        store_of(region).stop_work(endpoint.name)
        settle(region, endpoint, status, reason=reason)
        return {}

    def ending(present: Endpoint) -> None:
        settle(region, present, EndpointStatus.IN_SERVICE)

    changed = replace(endpoint, status=status, failure_reason=reason, modified=region.clock.now())
    begin(region, changed, seconds=asked["seconds"], ending=ending)
    return {}
