"""What can befall a resource in AWS: what others do to it, what AWS does, and what goes missing around it.

A hardship that lasts is taken back by whoever caused it; the others pass.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_ab.planning.desired import Desired
from sandbox.aws.errors import AwsError
from sandbox.aws.inprocess import InProcessAws

THEIRS = "theirs"
"""The name of the model and the config that somebody else made."""
PLACE = "123456789012/us-east-1"
_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
_ROLE = "arn:aws:iam::123456789012:role/sagemaker"
_OUR_CLUSTER = "sagemaker-ab.dev/cluster-id"
_TARGET = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}

Lift = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Hardship:
    """`befall` may return what takes it back; `refusals` are what calls may be refused with because of it."""

    befall: Callable[[InProcessAws, Desired], Lift | None]
    refusals: tuple[str, ...] = ()


def state_of(sim: InProcessAws) -> dict[str, Any]:
    """What AWS holds at the place where the resource is."""
    found: dict[str, Any] = sim.state().get(PLACE, {})
    return found


def endpoint_of(sim: InProcessAws) -> dict[str, Any] | None:
    found: dict[str, Any] | None = state_of(sim).get("endpoints", {}).get("reviews")
    return found


def _ours(sim: InProcessAws, kind: str, name: str) -> bool:
    """Tell whether an object carries the tag by which we know that it is ours."""
    tags = state_of(sim).get("tags", {})
    return any(arn.endswith(f":{kind}/{name}") and _OUR_CLUSTER in found for arn, found in tags.items())


def _call(sim: InProcessAws, operation: str, *, service: str = "sagemaker", **params: Any) -> bool:
    """Let somebody else call; tell whether AWS took it."""
    try:
        sim.edit(call={"service": service, "operation": operation, "params": params})
    except AwsError:
        return False
    return True


def _fault(effect: Mapping[str, Any], *refusals: str, **rule: Any) -> Hardship:
    """Order a fault of requests; the order is withdrawn in the end."""

    def befall(sim: InProcessAws, _: Desired) -> Lift:
        ordered = sim.fault(effect, **rule)

        def withdraw() -> None:
            sim.gateway.faults.remove(ordered)

        return withdraw

    return Hardship(befall, refusals)


def _missing(thing: str, name: str, *refusals: str) -> Hardship:
    def befall(sim: InProcessAws, _: Desired) -> Lift:
        sim.edit(missing={thing: name})
        return lambda: sim.edit(restored={thing: name})

    return Hardship(befall, refusals)


def _no_quota(sim: InProcessAws, _: Desired) -> Lift:
    sim.edit(quota={"ml.m5.large": 0})
    return lambda: sim.edit(quota={"ml.m5.large": None})


def _status(status: str, *, seconds: float | None = None) -> Hardship:
    """Put an endpoint that exists into a status; one that is out of service comes back in the end."""
    lasting = {} if seconds is None else {"seconds": seconds}

    def back(sim: InProcessAws) -> None:
        endpoint = endpoint_of(sim)
        if endpoint and endpoint["status"] == status == "OutOfService":
            sim.edit(status={"endpoint": "reviews", "status": "InService"})

    def befall(sim: InProcessAws, _: Desired) -> Lift:
        endpoint = endpoint_of(sim)
        if endpoint and endpoint["status"] == "InService":
            sim.edit(status={"endpoint": "reviews", "status": status, "reason": "as ordered"} | lasting)
        return lambda: back(sim)

    return Hardship(befall, ("out of service", "OutOfService"))


def _their_config(sim: InProcessAws, name: str = THEIRS) -> bool:
    """Somebody else makes a config; tell whether the name was free."""
    _call(
        sim,
        "CreateModel",
        ModelName=THEIRS,
        ExecutionRoleArn=_ROLE,
        PrimaryContainer={"Image": _IMAGE, "ModelDataUrl": "s3://theirs/model.tar.gz"},
    )
    variant = {"VariantName": "VariantA", "ModelName": THEIRS, "InstanceType": "ml.m5.large"}
    rest = {"InitialInstanceCount": 1, "InitialVariantWeight": 1.0}
    return _call(sim, "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[variant | rest])


def forget_theirs(sim: InProcessAws) -> None:
    """Let somebody else clear up behind themselves."""
    sim.edit(delete={"config": THEIRS})
    sim.edit(delete={"model": THEIRS})


def _their_endpoint(sim: InProcessAws, _: Desired) -> Lift | None:
    """Somebody else has taken the endpoint's name; nobody but they may change what they have."""
    _their_config(sim)
    if not _call(sim, "CreateEndpoint", EndpointName="reviews", EndpointConfigName=THEIRS):
        return None

    def leave() -> None:
        assert endpoint_of(sim)
        assert not _ours(sim, "endpoint", "reviews")
        sim.edit(delete={"endpoint": "reviews"})

    return leave


def _their_model(sim: InProcessAws, wanted: Desired) -> Lift | None:
    """Somebody else has taken the name of a model that is about to be created."""
    name, container = wanted.models[0].name, {"Image": _IMAGE}
    if not _call(sim, "CreateModel", ModelName=name, ExecutionRoleArn=_ROLE, PrimaryContainer=container):
        return None

    def leave() -> None:
        assert state_of(sim)["models"][name]["PrimaryContainer"] == container
        sim.edit(delete={"model": name})

    return leave


def _their_config_of_our_name(sim: InProcessAws, wanted: Desired) -> Lift | None:
    """Somebody else has taken the name of the config that is about to be created."""
    name = wanted.config_name
    if not _their_config(sim, name):
        return None

    def leave() -> None:
        assert state_of(sim)["endpointConfigs"][name]["ProductionVariants"][0]["ModelName"] == THEIRS
        sim.edit(delete={"config": name})
        # A config made anew under its name may look like the one before for as long as reads are stale: AWS
        # may then build either, and no name tells which.
        sim.advance(seconds=10)

    return leave


def _their_update(sim: InProcessAws, _: Desired) -> None:
    """Somebody else deploys a config of their own on the endpoint."""
    _their_config(sim)
    _call(sim, "UpdateEndpoint", EndpointName="reviews", EndpointConfigName=THEIRS)


def _disowned(sim: InProcessAws, _: Desired) -> Lift | None:
    """Somebody takes the tag away by which we know that the endpoint is ours."""
    arn = next((arn for arn in state_of(sim).get("tags", {}) if arn.endswith("endpoint/reviews")), None)
    tags = state_of(sim)["tags"][arn] if arn else {}
    if _OUR_CLUSTER not in tags:
        return None
    _call(sim, "DeleteTags", ResourceArn=arn, TagKeys=[_OUR_CLUSTER])

    def own() -> None:
        _call(sim, "AddTags", ResourceArn=arn, Tags=[{"Key": _OUR_CLUSTER, "Value": tags[_OUR_CLUSTER]}])

    return own


def _retagged(sim: InProcessAws, _: Desired) -> None:
    """Somebody else changes a tag of ours that only says something."""
    arn = next((arn for arn in state_of(sim).get("tags", {}) if arn.endswith("endpoint/reviews")), None)
    if arn:
        _call(sim, "AddTags", ResourceArn=arn, Tags=[{"Key": "team", "Value": "theirs"}])


def _on_variants(act: Callable[[InProcessAws, Mapping[str, str]], None]) -> Hardship:
    """Do something to the autoscaling of each variant that there is."""

    def befall(sim: InProcessAws, _: Desired) -> None:
        for name in (endpoint_of(sim) or {"variants": {}})["variants"]:
            act(sim, _TARGET | {"ResourceId": f"endpoint/reviews/variant/{name}"})

    return Hardship(befall, ("scalable target",))


def _scale(sim: InProcessAws, operation: str, target: Mapping[str, str], **params: Any) -> None:
    _call(sim, operation, service="application-autoscaling", **target, **params)


def _registered(sim: InProcessAws, target: Mapping[str, str]) -> None:
    _scale(sim, "RegisterScalableTarget", target, MinCapacity=1, MaxCapacity=2)


def _their_policy(sim: InProcessAws, target: Mapping[str, str]) -> None:
    _registered(sim, target)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": 7.0, "PredefinedMetricSpecification": metric}
    kind = "TargetTrackingScaling"
    rest = {"PolicyType": kind, f"{kind}PolicyConfiguration": tracking}
    _scale(sim, "PutScalingPolicy", target, PolicyName=THEIRS, **rest)


def _deregistered(sim: InProcessAws, target: Mapping[str, str]) -> None:
    _scale(sim, "DeregisterScalableTarget", target)


def _edited(**edits: Any) -> Hardship:
    """Change an endpoint in service at once; AWS keeps no trace of who it was."""

    def befall(sim: InProcessAws, _: Desired) -> None:
        endpoint = endpoint_of(sim)
        if endpoint and endpoint["status"] == "InService" and "VariantA" in endpoint["variants"]:
            sim.edit(**edits)

    return Hardship(befall)


def _deleted(kind: str, section: str) -> Hardship:
    """Somebody deletes our models or configs, which AWS does not keep them from."""

    def befall(sim: InProcessAws, _: Desired) -> None:
        for name in list(state_of(sim).get(section, {})):
            if _ours(sim, kind, name):
                sim.edit(delete={kind.removeprefix("endpoint-"): name})

    return Hardship(befall)


def _deletion_begun(sim: InProcessAws, _: Desired) -> None:
    if _ours(sim, "endpoint", "reviews"):
        _call(sim, "DeleteEndpoint", EndpointName="reviews")


def _endpoint_deleted(sim: InProcessAws, _: Desired) -> None:
    if _ours(sim, "endpoint", "reviews"):
        sim.edit(delete={"endpoint": "reviews"})


_WRITES, _READS = {"write": True}, {"write": False}
_DEPLOYS = {"operation": "*teEndpoint"}
_NOT_NOW = {"error": {"code": "ServiceUnavailable", "text": "as ordered", "http": 503}}


def _named() -> Iterator[tuple[str, Hardship]]:
    yield "throttled", _fault({"throttle": True}, "Throttling", "Rate exceeded", count=6, probability=0.5)
    yield "unavailable", _fault(_NOT_NOW, "as ordered", count=3)
    yield "never arrives", _fault({"drop": "before"}, match=_WRITES, count=2)
    yield "never answered", _fault({"drop": "after"}, match=_WRITES, count=2)
    yield "stale", _fault({"stale": 5.0}, match=_READS, count=10, probability=0.7)
    yield "denied", _fault({"denied": True}, "AccessDenied", match=_WRITES, count=None)
    yield "read denied", _fault({"denied": True}, "AccessDenied", match=_READS, count=None, probability=0.3)
    yield "expired", _fault({"expired": True}, "ExpiredToken", count=4)
    yield "fails", _fault({"fail": {"reason": "as ordered"}}, match=_DEPLOYS)
    yield "fails silently", _fault({"fail": {"silent": True}}, match=_DEPLOYS)
    yield "fails for capacity", _fault({"fail": {"capacity": True}}, match=_DEPLOYS)
    for status in ("RollingBack", "UpdateRollbackFailed"):
        failure = {"fail": {"reason": "as ordered", "status": status}}
        yield f"ends in {status}", _fault(failure, match={"operation": "UpdateEndpoint*"})
    busy = {"status": {"status": "SystemUpdating", "seconds": 60.0}}
    yield "is busy when asked", _fault(busy, match=_WRITES | {"service": "sagemaker"}, count=2)
    yield "goes back", _fault({"fail": {"reason": "as ordered"}}, match={"operation": "*Capacities"})
    yield "no role", _missing("role", _ROLE, "role")
    yield "no image", _missing("image", _IMAGE, "image")
    yield "no object", _missing("object", "s3://bucket/bert-a/model.tar.gz", "model data")
    yield "no capacity", _missing("capacity", "ml.m5.large")
    yield "no quota", Hardship(_no_quota, ("ResourceLimitExceeded", "limit"))
    for status in ("Failed", "OutOfService", "UpdateRollbackFailed"):
        yield f"is {status}", _status(status)
    for status in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"):
        yield f"is {status}", _status(status, seconds=200.0)
    yield "endpoint taken", Hardship(_their_endpoint)
    yield "model taken", Hardship(_their_model)
    yield "config taken", Hardship(_their_config_of_our_name)
    yield "updated by others", Hardship(_their_update)
    yield "disowned", Hardship(_disowned)
    yield "retagged", Hardship(_retagged)
    yield "registered", _on_variants(_registered)
    yield "scaled by others", _on_variants(_their_policy)
    yield "deregistered", _on_variants(_deregistered)
    yield "shifted", _edited(weights={"endpoint": "reviews", "variants": {"VariantA": 7.0}})
    yield "resized", _edited(counts={"endpoint": "reviews", "variants": {"VariantA": 3}})
    yield "models deleted", _deleted("model", "models")
    yield "configs deleted", _deleted("endpoint-config", "endpointConfigs")
    yield "deletion begun", Hardship(_deletion_begun)
    yield "endpoint deleted", Hardship(_endpoint_deleted)


HARDSHIPS: Mapping[str, Hardship] = dict(_named())
