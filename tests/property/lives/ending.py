"""How a life ends: what lasts is taken back, and AWS comes to hold what the spec asks for, then nothing.

Where only a person can help, the operator says so by a reason of `REMEDIES`, and for the cause that is named
there; the person helps, and it goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sagemaker_ab.api.resource import ACCOUNT
from sandbox.safety.intent import Intent
from tests.property.lives.people import forget_theirs
from tests.property.lives.sketch import IMAGE, Scaling, Variant
from tests.property.lives.specs import UNKNOWN_VERSION
from tests.property.lives.world import THEIRS, World

_MOST_REMEDIES = 6


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a person does about a reason; `due` tells whether a life gave cause for it."""

    due: Callable[[World], object]
    help: Callable[[World], object]


def end(world: World) -> None:
    """Hold that a life comes to a good end."""
    _calm(world)
    if world.cluster.resource is None or world.cluster.deleting:
        _settle(world, gone=True)
        kept = world.sketch.deletion == "Retain" or world.taken or world.left_unguarded
        assert _left(world) == set() or kept
        world.apply(world.sketch)
    _settle(world, gone=False)
    if world.taken:
        _restore_tags(world)
        _settle(world, gone=False)

    assert held(world) == asked(world)
    assert refused(world) == []
    _clear_up(world)


def _calm(world: World) -> None:
    """Let AWS be as it should be; what people did to the resource and its objects stays."""
    server = world.operator.api_server
    server.failures = 0
    chaos = world.sim.gateway.faults.chaos
    chaos.stale = chaos.lost_answers = chaos.throttling = False
    for lift in reversed(world.lifts):
        lift()


def _settle(world: World, *, gone: bool) -> None:
    """Request reconciles until it is done; a deployment that was under way when all calmed may fail yet."""
    operator = world.operator
    for _ in range(_MOST_REMEDIES):
        if world.cluster.resource is not None:
            world.request_reconcile()
        operator.settle_or_stall()
        if world.cluster.resource is None if gone else operator.ready:
            return
        reason = operator.conditions["Stalled"].split()[1].rstrip(":")
        remedy = REMEDIES.get(reason)
        assert remedy is not None, f"no person should be needed: {operator.conditions}"
        assert remedy.due(world), f"nothing gave cause for it: {operator.conditions}"
        remedy.help(world)
    raise AssertionError(f"no help was enough: {operator.conditions}")


def _restore_tags(world: World) -> None:
    """Give our objects back the owner tags that somebody took from them."""
    for arn, tags in world.taken.items():
        given = [{"Key": key, "Value": value} for key, value in tags.items()]
        world.call("AddTags", ResourceArn=arn, Tags=given)
    world.taken.clear()


def _relocate(world: World) -> None:
    world.cluster.annotate(**{ACCOUNT: "123456789012"})


def _know_images(world: World) -> None:
    models = tuple(replace(m, image=IMAGE) if m.image == UNKNOWN_VERSION else m for m in world.sketch.models)
    world.apply(replace(world.sketch, models=models))


def _uses_unknown_image(world: World) -> bool:
    used = {variant.model for variant in world.sketch.variants}
    return any(model.image == UNKNOWN_VERSION and model.name in used for model in world.sketch.models)


def _lacks_a_model(world: World) -> bool:
    """Tell whether the config in use is gone and names a model that is gone and that no spec has any more."""
    return _config_is_gone(world) and "Could not find model" in world.operator.conditions["Stalled"]


def _mixes_fleets(world: World) -> bool:
    """Tell whether AWS failed to roll back: out of that leads nothing but another update."""
    return (world.endpoint or {}).get("status") == "UpdateRollbackFailed"


def _leave_fleet(world: World) -> None:
    """Delete an endpoint whose config cannot be created again, or deploy what replaces mixed fleets."""
    if _lacks_a_model(world):
        world.edit(delete={"endpoint": "reviews"})
    else:
        _deploy_again(world)


def _deploy_again(world: World) -> None:
    models = tuple(replace(model, revision=f"{model.revision}again") for model in world.sketch.models)
    world.apply(replace(world.sketch, models=models))


def _config_is_gone(world: World) -> bool:
    endpoint = world.endpoint
    return endpoint is not None and endpoint["config"] not in world.state.get("endpointConfigs", {})


def _delete_former_policies(world: World) -> None:
    """Delete the policies that the spec does not declare, which the operator leaves without its record."""
    for variant in world.sketch.variants:
        resource = f"endpoint/reviews/variant/{variant.name}"
        target = world.state.get("scalableTargets", {}).get(resource, {"policies": {}})
        declared = {policy["name"] for policy in _declared(world, variant.name).manifest()["policies"]}
        for name in target["policies"].keys() - declared:
            world.call(
                "DeleteScalingPolicy",
                service="application-autoscaling",
                ServiceNamespace="sagemaker",
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
                ResourceId=resource,
                PolicyName=name,
            )


REMEDIES: Mapping[str, Remedy] = {
    "ForeignScaling": Remedy(lambda world: world.lost_status, _delete_former_policies),
    "NotOwned": Remedy(lambda world: world.taken, _restore_tags),
    "LocationChanged": Remedy(lambda world: world.relocated, _relocate),
    "UnknownImage": Remedy(_uses_unknown_image, _know_images),
    "EndpointConfigMissing": Remedy(
        _config_is_gone, lambda world: world.edit(delete={"endpoint": "reviews"})
    ),
    "Refused": Remedy(lambda world: _mixes_fleets(world) or _lacks_a_model(world), _leave_fleet),
    # A request is all that it takes, and comes with every round.
    "DeploymentFailed": Remedy(lambda _: True, lambda _: None),
}


def held(world: World) -> dict[str, Any]:
    """Return what AWS holds of the resource."""
    state, endpoint = world.state, world.endpoint
    assert endpoint is not None
    targets = {
        resource.rsplit("/", 1)[1]: _scaling_held(world, resource.rsplit("/", 1)[1], target)
        for resource, target in state.get("scalableTargets", {}).items()
    }
    _, tags = world.tags("endpoint", "reviews")
    return {
        "models": {name for name in state.get("models", {}) if not name.startswith(THEIRS)},
        "configs": {name for name in state.get("endpointConfigs", {}) if not name.startswith(THEIRS)},
        "variants": {
            name: (
                variant["model"],
                variant["instanceType"],
                variant["currentWeight"],
                None if name in targets else variant["currentInstanceCount"],
            )
            for name, variant in endpoint["variants"].items()
        },
        "targets": targets,
        "alarms": sorted(
            name.split("/")[3] for name in state.get("alarms", {}) if not name.startswith(THEIRS)
        ),
        "tags": {key: value for key, value in tags.items() if key in world.wanted().all_tags},
    }


def asked(world: World) -> dict[str, Any]:
    """Return what AWS is to hold of the resource; weights and counts do not choose the config's name."""
    wanted, endpoint = world.wanted(), world.endpoint
    uid = {"sagemaker-ab.dev/uid": world.cluster.resource["metadata"]["uid"]}
    return {
        "models": {model.name for model in wanted.models},
        "configs": {endpoint["config"]} if endpoint else set(),
        "variants": {
            v.name: (v.model_name, v.instance_type, float(weight), None if v.scaling else v.instance_count)
            for v, weight in zip(wanted.variants, wanted.weights.values(), strict=True)
        },
        "targets": {v.name: _scaling_asked(world, v) for v in world.sketch.variants if _scales(v)},
        "alarms": sorted(v.name for v in world.sketch.variants if _scales(v) and v.size.steps),
        "tags": {**wanted.all_tags} | uid,
    }


def _scales(variant: Variant) -> bool:
    return isinstance(variant.size, Scaling)


def _declared(world: World, name: str) -> Scaling:
    sizes = {variant.name: variant.size for variant in world.sketch.variants}
    size = sizes.get(name)
    return size if isinstance(size, Scaling) else Scaling()


def _scaling_held(world: World, name: str, target: dict[str, Any]) -> dict[str, Any]:
    """Return the autoscaling of a variant, without what the spec leaves to others."""
    declared, store = _declared(world, name), world.scaling
    manifest = declared.manifest()
    policies = {policy["name"] for policy in manifest["policies"]}
    actions = {action["name"] for action in manifest.get("scheduledActions", ())}
    every = declared.foreign == "Remove"
    kept = [store.alarms_of(one) for one in store.policies.all() if one.resource.variant == name]
    members = {"scaleIn": "scale_in", "scaleOut": "scale_out", "scheduled": "scheduled"}
    return {
        "bounds": _bounds(world, name, target),
        "policies": sorted(each for each in target["policies"] if every or each in policies),
        "actions": sorted(each for each in target["scheduledActions"] if every or each in actions),
        "alarms of tracking": sum(len(names) for names in kept if names) >= 2,
        "suspended": {
            kind: target["suspended"][member]
            for kind, member in members.items()
            if every or kind in declared.suspended
        },
    }


def _bounds(world: World, name: str, target: dict[str, Any]) -> tuple[int, int]:
    """Return the spec's bounds in the place of those that its schedule, or one that it leaves, has set."""
    declared, safety = _declared(world, name), world.operator.safety
    safety.catch_up()
    history = safety.judge.history
    version = history.timeline.newest(("ml", "reviews"))
    if version is not None and name in version.intent.variants and _scales_in(version.intent, name):
        bounds = history.governed(version.intent, name, history.truth, world.sim.engine.clock.now()).bounds
        if bounds.accept(target["min"], target["max"]):
            return declared.least, declared.most
    return target["min"], target["max"]


def _scales_in(intent: Intent, name: str) -> bool:
    return intent.variants[name].autoscaling is not None


def _scaling_asked(world: World, variant: Variant) -> dict[str, Any]:
    declared = _declared(world, variant.name)
    manifest = declared.manifest()
    over = {one.name for one in declared.actions if one.schedule.startswith("at(")}
    listed = world.state["scalableTargets"].get(f"endpoint/reviews/variant/{variant.name}", {})
    actions = {action["name"] for action in manifest.get("scheduledActions", ())}
    suspended = dict(declared.suspended)
    if declared.foreign == "Remove":
        suspended = dict.fromkeys(("scaleIn", "scaleOut", "scheduled"), False) | suspended
    return {
        "bounds": (declared.least, declared.most),
        "policies": sorted(policy["name"] for policy in manifest["policies"]),
        # AWS may refuse or drop an action that has run for good.
        "actions": sorted(actions - (over - listed.get("scheduledActions", {}).keys())),
        "alarms of tracking": True,
        "suspended": suspended,
    }


def refused(world: World) -> list[tuple[str, str]]:
    """Return the writes that were refused for a reason that the operator could have known."""
    calls = [call for call in world.operator.writes() if call["outcome"] == "refused"]
    texts = [(call["operation"], f"{call['code']}: {call['message']}") for call in calls]
    return [(op, text) for op, text in texts if not any(words in text for words in world.refusals)]


def _clear_up(world: World) -> None:
    """Delete the resource as its spec says, then once more so that nothing is to stay."""
    if world.sketch.deletion == "Retain":
        before = _left(world)
        world.cluster.delete()
        world.operator.settle()
        assert world.cluster.resource is None
        assert _left(world) == before
        world.apply(replace(world.sketch, deletion="Delete"))
        world.operator.settle()
        assert held(world) == asked(world)
    forget_theirs(world)
    world.cluster.delete()
    world.operator.settle()

    assert world.cluster.resource is None
    assert world.sim.state() == {}


def _left(world: World) -> set[str]:
    """Return the names of what AWS holds beside what others made."""
    sections = ("models", "endpointConfigs", "endpoints")
    names = {f"{kind}/{name}" for kind in sections for name in world.state.get(kind, {})}
    return {name for name in names if not name.partition("/")[2].startswith(THEIRS)}
