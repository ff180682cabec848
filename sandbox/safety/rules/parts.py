"""What a call does to the parts of a variant's autoscaling, and whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.intent import SUSPENSIONS
from sandbox.safety.rules.releases import intends_no_scaling
from sandbox.safety.scaling_content import (
    STEPS,
    declared_action,
    declared_policy,
    live_action,
    live_policy,
    tracked_metric,
)
from sandbox.safety.scaling_matching import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState, Raw, Target
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import IntendedVariant, Intent

Finding = tuple[str, str]
"""What was found, and what would have been right."""


def parts_taken(call: Call, intents: list[Intent], history: History) -> Iterator[Finding]:
    """Yield the policy or scheduled action of a serving variant that a call deletes and should not."""
    name, kind = _named(call)
    deletes = bool(kind) and call.operation.startswith("Delete") and call.effective
    if not deletes or not serves(call) or not intents:
        return
    if any(_may_go(call, name, kind, intent, history) for intent in intents):
        return
    declares = any(name in _declared(kind, one.variants.get(call.variant)) for one in intents)
    why = "does not ask for its" if declares else "has never declared its"
    yield f"{call.variant} serves, and {intents[0]} {why} {kind} {name} to go", f"keep the {kind} {name}"


def parts_put(call: Call, intents: list[Intent], released: Target | None) -> Iterator[Finding]:
    """Yield the policy or scheduled action that a call puts, and that neither a spec nor a release has.

    One that is put once more as it is, because a stale read did not show it yet, changes nothing.
    """
    name, kind = _named(call)
    if not kind or not call.operation.startswith("Put") or not call.effective or not intents:
        return
    if any(name in _declared(kind, one.variants.get(call.variant)) for one in intents):
        return
    place = call.endpoint, call.variant
    after = call.after.targets.get(place)
    content = _content(kind, after, name) if after else None
    before = [target for target in (released, call.before.targets.get(place)) if target is not None]
    if content is None or all(_content(kind, target, name) != content for target in before):
        yield (
            f"{intents[0]} declares no {kind} {name} of {call.variant}, and none like it was released",
            f"leave the {kind} {name} of somebody else as it is",
        )


def suspension_changed(
    call: Call, intents: list[Intent], released: Target | None, history: History
) -> Iterator[Finding]:
    """Yield the kinds of scaling that a call suspends or resumes without being asked to."""
    place = call.endpoint, call.variant
    before, after = call.before.targets.get(place), call.after.targets.get(place)
    if before is None or after is None or not serves(call) or not intents:
        return
    for kind, value in after.suspended.items():
        if value == before.suspended[kind] or (released is not None and released.suspended[kind] == value):
            continue
        if not any(_asks_for(kind, call.variant, one, history, value=value) for one in intents):
            says = "suspends" if value else "resumes"
            yield (
                f"it {says} {SUSPENSIONS[kind]} of {call.variant}, and no spec asks for it",
                "send the suspensions that the spec does not declare as they are",
            )


def bounds_set(
    call: Call, intents: list[Intent], released: Target | None, history: History
) -> Iterator[Finding]:
    """Yield the bounds that a registration sets, and which are neither intended now nor were there."""
    if call.operation != "RegisterScalableTarget" or not call.effective:
        return
    place = call.endpoint, call.variant
    scaled = [
        one
        for one in intents
        if call.variant in one.variants and one.variants[call.variant].autoscaling is not None
    ]
    after, present = call.after.targets.get(place), [call.before.targets.get(place), released]
    if after is None or len(scaled) != len(intents) or not intents:
        return
    there = [one for one in present if one is not None]
    bounds = [history.governed(one, call.variant, call.before, call.time).bounds for one in scaled]
    for what, value, ours, others in (
        ("minimum", after.minimum, [one.lows for one in bounds], [one.minimum for one in there]),
        ("maximum", after.maximum, [one.highs for one in bounds], [one.maximum for one in there]),
    ):
        if value not in others and not any(value in some for some in ours):
            right = " or ".join(sorted({str(number) for some in ours for number in some}))
            yield (
                f"the {what} of {call.variant} becomes {value}, and {intents[0]} intends {right} now",
                f"set the {what} that is intended now, {right}",
            )


def alarms_changed(call: Call, intents: list[Intent]) -> Iterator[Finding]:
    """Yield the alarms that a call changes though they are not ours, or are needed by a step policy."""
    if not call.alarms or not call.effective:
        return
    for name in call.alarms:
        if not name.startswith("sagemaker-ab/"):
            yield f"{name} is no alarm of ours", "leave the alarms of others as they are"
        elif call.operation == "DeleteAlarms" and intents:
            policy = _fired_by(name, call.before, intents[0])
            if policy and all(_fired_by(name, call.before, one) for one in intents):
                yield f"{name} fires the step policy {policy} of {intents[0]}", f"keep the alarm {name}"


def serves(call: Call) -> bool:
    endpoint = call.before.endpoint(call.endpoint)
    return endpoint is not None and endpoint.serving and call.variant in endpoint.variants


def _named(call: Call) -> tuple[str, str]:
    """Return the name and the kind of the part that a call puts or deletes; empty for other calls."""
    if call.operation.endswith("ScalingPolicy"):
        return str(call.params.get("PolicyName", "")), "policy"
    if call.operation.endswith("ScheduledAction"):
        return str(call.params.get("ScheduledActionName", "")), "scheduled action"
    return "", ""


def _declared(kind: str, wanted: IntendedVariant | None) -> dict[str, Raw]:
    if wanted is None:
        return {}
    return dict({"policy": wanted.policies, "scheduled action": wanted.scheduled}.get(kind, {}))


def _content(kind: str, target: Target, name: str) -> Raw | None:
    if kind == "policy":
        return live_policy(target.policies[name]) if name in target.policies else None
    return live_action(target.scheduled[name]) if name in target.scheduled else None


def _may_go(call: Call, name: str, kind: str, intent: Intent, history: History) -> bool:
    if intends_no_scaling(call.variant, intent):
        return True
    wanted = intent.variants.get(call.variant)
    if wanted is None:
        return False
    declared = _declared(kind, wanted)
    if name not in declared:
        former = history.former(intent, call.variant)
        ever = former.policies if kind == "policy" else former.actions
        return wanted.removes_foreign or name in ever
    live = call.before.targets.get((call.endpoint, call.variant))
    content = _content(kind, live, name) if live else None
    if content is None or kind != "policy":
        return content is not None and content != declared_action(declared[name])
    asked = declared_policy(declared[name])
    return bool(content["type"] != asked["type"]) or tracked_metric(content) != tracked_metric(asked)


def _asks_for(kind: str, variant: str, intent: Intent, history: History, *, value: bool) -> bool:
    wanted = intent.variants.get(variant)
    if wanted is None or wanted.autoscaling is None:
        return False
    if kind in wanted.suspended:
        return wanted.suspended[kind] == value
    return not value and (wanted.removes_foreign or kind in history.former(intent, variant).suspensions)


def _fired_by(alarm: str, state: AwsState, intent: Intent) -> str:
    """Return the step policy of a spec that an alarm fires; empty if there is none."""
    if intent.deleting:
        return ""
    actions = state.alarms.get(alarm, {}).get("AlarmActions", ())
    for variant in intent.variants.values():
        target = state.targets.get((intent.endpoint, variant.name))
        for name, raw in variant.policies.items():
            arn = target.arns.get(name) if target else None
            if raw["type"] == STEPS and arn in actions and is_ours(alarm, intent.endpoint, variant.name):
                return name
    return ""
