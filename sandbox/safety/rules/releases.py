"""Releases: scaling that is taken off a serving variant because AWS refuses an update otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.safety.aws_state import AwsState, Raw, Target
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent

_REPORTED = frozenset({"conditions", "metrics", "variants", "summary"})
"""Parts of a status that report to people, and save nothing."""


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


def is_saved(target: Target, status: Raw) -> bool:
    """Tell whether a status holds all that a target consists of, in whatever form.

    Some object in it has to name the variant and hold the bounds, and of each policy and scheduled action
    the name and every value.
    """
    wanted = {target.variant, *_leaves([target.minimum, target.maximum])}
    for name, content in (*target.policies.items(), *target.scheduled.items()):
        wanted |= {name, *_leaves(content)}
    if any(target.suspended.values()):
        wanted.add("true")
    kept = {key: value for key, value in status.items() if key not in _REPORTED}
    return any(wanted <= set(_values(found)) for found in _objects(kept))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object within a value."""
    if isinstance(value, Mapping):
        yield value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _objects(part)


def _values(value: Any) -> Iterator[str]:
    """Yield the texts of all keys and leaves within a value; a leaf that is JSON is read as well."""
    if isinstance(value, Mapping):
        yield from map(str, value)
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    if parts is not None:
        for part in parts:
            yield from _values(part)
        return
    yield from _leaves(value)
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except ValueError:
            return
        if not isinstance(parsed, str):
            yield from _values(parsed)


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts of the leaves within a value, without empty ones; equal numbers have equal texts."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    if parts is not None:
        for part in parts:
            yield from _leaves(part)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, (int, float)):
        yield f"{float(value):g}"
    elif value:
        yield str(value)
