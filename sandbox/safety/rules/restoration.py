"""What has to be there again after a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.intent import SUSPENSIONS
from sandbox.safety.scaling_content import live_action, live_policy
from sandbox.safety.scaling_matching import alarm_differences, policy_differences, schedule_differences
from sandbox.safety.schedules import is_over

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState, Target
    from sandbox.safety.declarations import Former
    from sandbox.safety.intent import IntendedVariant, Intent
    from sandbox.safety.scaling_history import Governed

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a variant is to have again, by one version of its resource.

    ``governed`` is None for a variant that the spec does not scale. ``former`` has what the spec has ever
    declared. ``state`` is what AWS holds ``now``. Unless it is still ``recorded`` what was released, only the
    spec says what is to come back.
    """

    intent: Intent
    former: Former
    governed: Governed | None
    state: AwsState
    now: float
    recorded: bool = True


def missing(released: Target, wants: Restored) -> list[str]:
    """Return what a variant lacks of what was released.

    Where the spec governs, it is as the spec says, with the alarms of its step policies. What the spec does
    not declare any more need not come back. A variant that the spec does not name gets all back as it was.
    """
    intent, state, governed, now = wants.intent, wants.state, wants.governed, wants.now
    live = state.targets.get((released.endpoint, released.variant))
    wanted = intent.variants.get(released.variant)
    governs = wanted is not None and wanted.autoscaling is not None and governed is not None
    if not governs and not wants.recorded:
        return []
    if live is None:
        return ["its scalable target"]
    if wanted is None or wanted.autoscaling is None or governed is None:
        return [*_bounds(released, live), *_foreign(released, live, None, wants.former, now)]
    declared = [
        *policy_differences(wanted, live, governed),
        *schedule_differences(wanted, live, governed),
        *alarm_differences(intent.endpoint, wanted, live, state.alarms, _NOTHING),
    ]
    prefix = f"{wanted.name} has no "
    return [
        *(one.removeprefix(prefix) for one in declared if one.startswith(prefix)),
        *(one for one in declared if "another" in one),
        *(_foreign(released, live, wanted, wants.former, now) if wants.recorded else ()),
    ]


def _bounds(released: Target, live: Target) -> Iterator[str]:
    if (live.minimum, live.maximum) != (released.minimum, released.maximum):
        yield f"its bounds {released.minimum} to {released.maximum}"


def _foreign(
    released: Target, live: Target, wanted: IntendedVariant | None, former: Former, now: float
) -> Iterator[str]:
    """Yield what the spec does not govern: of a variant that it does not name, everything."""
    if wanted is not None and wanted.removes_foreign:
        return
    for name in sorted(released.policies):
        if wanted is not None and (name in wanted.policies or name in former.policies):
            continue
        if name not in live.policies or live_policy(live.policies[name]) != live_policy(
            released.policies[name]
        ):
            yield f"policy {name}"
    for name in sorted(released.scheduled):
        action = live_action(released.scheduled[name])
        if (wanted is not None and (name in wanted.scheduled or name in former.actions)) or is_over(
            action, now
        ):
            continue
        if name not in live.scheduled or live_action(live.scheduled[name]) != action:
            yield f"scheduled action {name}"
    for kind, value in released.suspended.items():
        governs = wanted is not None and (kind in wanted.suspended or kind in former.suspensions)
        if not governs and live.suspended[kind] != value:
            yield f"its suspension of {SUSPENSIONS[kind]}"
