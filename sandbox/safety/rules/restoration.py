"""What has to be there again after a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.safety.aws_state import Target
    from sandbox.safety.intent import IntendedVariant


def missing(
    released: Target, foreign: set[str], wanted: IntendedVariant | None, live: Target | None
) -> list[str]:
    """Return what a variant lacks of what was released.

    ``foreign`` names the policies that no spec asked for. Where the spec governs, it is as the spec says;
    ``wanted`` is None for a variant that the spec does not name, which gets all back as it was.
    """
    if live is None:
        return ["its scalable target"]
    governed = wanted is not None and wanted.autoscaling is not None
    lacking = [
        f"policy {name}"
        for name in _policies(released, foreign, wanted)
        if name not in live.policies or live.policies[name] != released.policies[name]
    ]
    lacking += [
        f"scheduled action {name}" for name in _scheduled(released, wanted) if name not in live.scheduled
    ]
    if not governed and (live.minimum, live.maximum) != (released.minimum, released.maximum):
        lacking.append(f"its bounds {released.minimum} to {released.maximum}")
    suspension_governed = governed and wanted is not None and "suspended" in (wanted.autoscaling or {})
    if not suspension_governed and live.suspended != released.suspended:
        lacking.append("its suspension")
    return lacking


def _policies(released: Target, foreign: set[str], wanted: IntendedVariant | None) -> list[str]:
    if wanted is None or wanted.autoscaling is None:
        return sorted(released.policies)
    if not wanted.foreign_policies_stay:
        return []
    return sorted((foreign & released.policies.keys()) - wanted.policies.keys())


def _scheduled(released: Target, wanted: IntendedVariant | None) -> list[str]:
    if wanted is None or wanted.autoscaling is None:
        return sorted(released.scheduled)
    if not wanted.foreign_actions_stay:
        return []
    return sorted(released.scheduled.keys() - wanted.scheduled.keys())
