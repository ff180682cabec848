"""The changes of a serving fleet that a resource asks for, and what holds each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import TOLERANCE, shares
from sandbox.safety.matching import tag_differences
from sandbox.safety.scaling_content import declared_policy, live_policy, tracked_metric
from sandbox.safety.scaling_matching import alarm_differences, scaling_differences, tracking_differences
from sandbox.safety.strategy import RUN_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.aws_state import AwsState, Endpoint, Target
    from sandbox.safety.calls import Call
    from sandbox.safety.intent import IntendedVariant, Intent
    from sandbox.safety.scaling_history import Governed

_SCALING = frozenset(
    {
        *("RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy", "DeleteScalingPolicy"),
        *("PutScheduledAction", "DeleteScheduledAction", "PutMetricAlarm", "DeleteAlarms"),
    }
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change that one or two calls make.

    ``holders`` are the variants because of which it has to wait, policies that the spec does not name, or the
    tag that names the run.
    """

    key: str
    says: str
    holders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest states that the operator was shown: of the endpoint, its autoscaling, its tags, its alarms.

    ``alarms`` and ``tracking_alarms`` are None if it was never shown any. ``governed`` has what the variants
    that scale are to be, by name. `sized`: the operator knows on which instance types the variants run.
    """

    fleet: AwsState
    scaling: AwsState
    tags: AwsState
    alarms: AwsState | None
    tracking_alarms: AwsState | None
    governed: Mapping[str, Governed]
    sized: bool


def owed(intent: Intent, shown: Shown) -> Iterator[Adjustment]:
    """Yield the adjustments that bring a serving fleet nearer to what a resource asks for.

    A variant that is to get another instance type is left to the rollout, and all are that may be unless
    the operator knows their types.
    """
    endpoint = shown.fleet.endpoint(intent.endpoint)
    if endpoint is None:
        return
    yield from _weights(intent, endpoint, shown)
    for name in sorted(intent.variants.keys() & endpoint.variants.keys()) if shown.sized else ():
        if intent.variants[name].instance_type == endpoint.variants[name].instance_type:
            yield from _variant(name, intent, endpoint, shown)
    for difference in tag_differences(intent, shown.tags):
        yield Adjustment("tags", difference)


def attempted(call: Call) -> set[str]:
    """Return the keys of the adjustments that a call makes or tries to make."""
    if call.operation == "UpdateEndpointWeightsAndCapacities":
        keys: set[str] = set()
        for change in call.params.get("DesiredWeightsAndCapacities", ()):
            keys |= {"weights"} if "DesiredWeight" in change else set()
            keys |= {f"count of {change['VariantName']}"} if "DesiredInstanceCount" in change else set()
        return keys
    if call.operation in _SCALING:
        return {f"scaling of {call.variant}"}
    return {"tags"} if call.operation in {"AddTags", "DeleteTags"} else set()


def _weights(intent: Intent, endpoint: Endpoint, shown: Shown) -> Iterator[Adjustment]:
    wanted = _wanted_weights(intent, endpoint)
    if wanted is None:
        return
    now, then = endpoint.shares, shares(wanted)
    if all(abs(now[name] - share) <= TOLERANCE for name, share in then.items()):
        return
    short = {
        name
        for name, share in then.items()
        if share > now[name] + TOLERANCE and _lacks_instances(name, intent, endpoint, shown)
    }
    told = ", ".join(f"{name} from {now[name]:.1%} to {share:.1%}" for name, share in then.items())
    holders = short | ({RUN_TAG} if _awaits_tag(intent, shown) else set())
    held = frozenset() if intent.overrides_instances else frozenset(holders)
    yield Adjustment("weights", f"shift the traffic of {told}", held)


def _awaits_tag(intent: Intent, shown: Shown) -> bool:
    """Tell whether the endpoint does not name the run yet, whose weights must not go out before."""
    endpoint, chosen = shown.tags.endpoint(intent.endpoint), intent.chosen
    if endpoint is None or chosen is None or not chosen.run:
        return False
    return not chosen.is_remembered(endpoint.tags)


def _wanted_weights(intent: Intent, endpoint: Endpoint) -> Mapping[str, float] | None:
    """Return the weights of the variants that there are.

    While the rollout has variants to add, the others get what is intended. While it has variants to remove,
    only zeros are sent, as long as anything is left.
    """
    if intent.shares is None:
        return None
    live = {name: variant.desired_weight for name, variant in endpoint.variants.items()}
    intended = {name: one.weight or 0.0 for name, one in intent.variants.items() if name in live}
    wanted = intended
    if live.keys() - intent.variants.keys():
        wanted = live | {name: 0.0 for name, weight in intended.items() if not weight}
    return wanted if sum(wanted.values()) > 0 else None


def _lacks_instances(name: str, intent: Intent, endpoint: Endpoint, shown: Shown) -> bool:
    wanted = intent.variants.get(name)
    if wanted is None:
        return False
    least = shown.governed[name].bounds.least if name in shown.governed else wanted.count
    return endpoint.variants[name].current_count < least


def _variant(name: str, intent: Intent, endpoint: Endpoint, shown: Shown) -> Iterator[Adjustment]:
    wanted, live = intent.variants[name], endpoint.variants[name]
    target = shown.scaling.targets.get((endpoint.name, name))
    excess = endpoint.shares[name] > (intent.shares or {}).get(name, 1.0) + TOLERANCE
    held, kept = frozenset({name} if excess else ()), frozenset({name} if wanted.kept else ())
    if name not in shown.governed:
        if target is not None:
            yield Adjustment(f"scaling of {name}", f"{name} has a scalable target")
        elif live.desired_count != wanted.count:
            says = f"change {name} from {live.desired_count} to {wanted.count} instances"
            lowers = wanted.count < live.desired_count
            yield Adjustment(f"count of {name}", says, held | kept if lowers else frozenset())
        return
    governed = shown.governed[name]
    blocked = _blocked(wanted, target)
    free = [raw for policy, raw in wanted.policies.items() if policy not in blocked]
    unblocked = replace(wanted, autoscaling={**(wanted.autoscaling or {}), "policies": free})
    differences = list(_scaling(intent.endpoint, unblocked, target, shown))
    if blocked and not differences:
        says = f"{name} has no policies {', '.join(sorted(blocked))}"
        yield Adjustment(f"scaling of {name}", says, frozenset(blocked.values()))
    elif differences:
        lowers = target is not None and min(governed.bounds.minimums) < target.minimum
        holders = held if lowers else frozenset()
        if min(governed.bounds.maximums) < live.desired_count:
            holders |= held | kept
        yield Adjustment(f"scaling of {name}", "; ".join(differences), holders)


def _blocked(wanted: IntendedVariant, target: Target | None) -> Mapping[str, str]:
    """Return the policies that AWS refuses while there is one of somebody else, and that one.

    AWS allows one policy for a metric, and what the spec does not name is left alone.
    """
    if target is None or wanted.removes_foreign:
        return {}
    theirs = {
        name: tracked_metric(live_policy(live))
        for name, live in target.policies.items()
        if name not in wanted.policies
    }
    return {
        policy: name
        for policy, raw in wanted.policies.items()
        for name, metric in theirs.items()
        if metric is not None and metric == tracked_metric(declared_policy(raw))
    }


def _scaling(endpoint: str, wanted: IntendedVariant, target: Target | None, shown: Shown) -> Iterator[str]:
    governed = shown.governed[wanted.name]
    yield from scaling_differences(wanted, target, governed)
    if shown.alarms is not None:
        alarms = shown.alarms.alarms
        yield from alarm_differences(endpoint, wanted, target, alarms, governed.alarm_prefixes)
    if shown.tracking_alarms is not None:
        yield from tracking_differences(wanted, shown.tracking_alarms.targets.get((endpoint, wanted.name)))
