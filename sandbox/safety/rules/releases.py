"""Releases: scaling that is taken off a serving variant because AWS refuses an update otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import production_variants
from sandbox.safety.history import ENDPOINT
from sandbox.safety.rules.restoration import Restored, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState, Endpoint, Target
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent


@dataclass(slots=True)
class Release:
    """A release: the call, what it took off, and what followed."""

    call: Call
    target: Target
    intents: list[Intent]
    update: Call | None = None
    attempts: list[Call] = field(default_factory=list)
    """The calls that were to restore it."""
    last_read: Call | None = None
    waited: float = 0.0


def is_release(call: Call, history: History) -> bool:
    """Tell whether a call has released a serving variant that its resource does not want unscaled.

    The spec that turns autoscaling off intends the deregistration, and so does a resource being deleted.
    """
    if call.operation != "DeregisterScalableTarget" or not call.effective:
        return False
    endpoint = call.before.endpoint(call.endpoint)
    serves = endpoint is not None and endpoint.serving and call.variant in endpoint.variants
    if not serves or (call.endpoint, call.variant) not in call.before.targets:
        return False
    return not any(intends_no_scaling(call.variant, one) for one in history.intents(call))


def intends_no_scaling(variant: str, intent: Intent) -> bool:
    """Tell whether a resource wants this variant without autoscaling."""
    wanted = intent.variants.get(variant)
    return intent.deleting or (wanted is not None and wanted.autoscaling is None)


def needs_release(variant: str, intent: Intent, state: AwsState, endpoint: str) -> bool:
    """Tell whether AWS would refuse the update that a resource asks for while a variant is scaled.

    It refuses to remove a registered variant, and to change its instance type.
    """
    wanted, live = intent.variants.get(variant), state.endpoint(endpoint)
    if wanted is None or live is None or variant not in live.variants:
        return True
    return wanted.instance_type != live.variants[variant].instance_type


def unready(config: str, state: AwsState) -> Iterator[str]:
    found = state.configs.get(config)
    if found is None:
        yield f"endpoint config {config}"
        return
    for model in {variant["ModelName"] for variant in production_variants(found).values()}:
        if model not in state.models:
            yield f"model {model}"


def was_busy(release: Release, call: Call, history: History) -> bool:
    """Tell whether a read after the release showed the endpoint at work, so that no update could follow."""
    for read in history.reads(ENDPOINT, call.endpoint):
        if read.number < release.call.number:
            return False
        shown = read.shown.endpoint(call.endpoint)
        if shown is None or not shown.in_service:
            return True
    return False


def lacking(release: Release, intents: list[Intent], call: Call, history: History) -> list[str]:
    """Return what is not restored, by the version of the resource that asks for the least."""
    return min((_lacking(release, intent, call, history) for intent in intents), key=len, default=[])


def _lacking(release: Release, intent: Intent, call: Call, history: History) -> list[str]:
    name = release.call.variant
    wanted, governed = intent.variants.get(name), None
    if wanted is not None and wanted.autoscaling is not None:
        governed = history.governed(intent, name, call.before, call.time)
    former = history.former(intent, name)
    recorded = not history.lost_status_since(intent, release.call.local)
    wants = Restored(intent, former, governed, call.before, call.time, recorded=recorded)
    return missing(release.target, wants)


def is_over(
    release: Release, shown: Endpoint | None, intents: list[Intent], call: Call, history: History
) -> bool:
    """Tell whether nothing is to be restored any more."""
    variant = release.call.variant
    gone = shown is None or (variant not in shown.variants and not shown.busy)
    if gone or all(intends_no_scaling(variant, intent) for intent in intents):
        return True
    return shown is not None and shown.in_service and not lacking(release, intents, call, history)


def in_backoff(release: Release, call: Call, history: History) -> bool:
    """Tell whether the restoration was refused so lately that it need not be tried again yet."""
    refused = [attempt for attempt in release.attempts if attempt.refused]
    if not refused:
        return False
    longest = history.bounds.longest_backoff(len(refused))
    return call.local < refused[-1].local + longest
