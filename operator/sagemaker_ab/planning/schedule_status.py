"""The scheduled action in effect and the one that is due next, as status shows them.

A time is shown only if it stays for an hour: one that changed more often would notify every watch.
"""

from datetime import datetime
from typing import Final

from sagemaker_ab.api.scaling_status import ActionInTime
from sagemaker_ab.planning.desired_scaling import SUSPENDED_MEMBERS, DesiredScaling
from sagemaker_ab.planning.intended_bounds import intended
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.scaling_records import ScalingRecord, moment
from sagemaker_ab.planning.scheduled_actions import ActionTimes

_SHORTEST_SECONDS: Final = 3600.0
"""An action that is due again earlier is shown without a time."""


def action_in_effect(
    scaling: DesiredScaling, record: ScalingRecord, target: ObservedTarget | None, now: float
) -> ActionInTime | None:
    """Return the declared action whose bounds are in effect; None while they are those of the spec."""
    run = intended(scaling, record, target, now).in_effect
    if run is None:
        return None
    times = ActionTimes.of(scaling.scheduled_actions[run.name])
    return ActionInTime(name=run.name, at=_shown(times, run.at))


def next_action(scaling: DesiredScaling, target: ObservedTarget | None, now: float) -> ActionInTime | None:
    """Return the declared action that is due next, of those whose times are known.

    While scheduled scaling is suspended, none is due.
    """
    if target is not None and target.suspended.get(SUSPENDED_MEMBERS["scheduled"]):
        return None
    found = []
    for name, members in scaling.scheduled_actions.items():
        times = ActionTimes.of(members)
        at = times.next(now)
        if at is not None:
            found.append((at, name, times))
    if not found:
        return None
    at, name, times = min(found, key=lambda action: action[0])
    return ActionInTime(name=name, at=_shown(times, at))


def _shown(times: ActionTimes, at: float) -> datetime | None:
    following = times.next(at)
    frequent = following is not None and following - at < _SHORTEST_SECONDS
    return moment(at) if times.timed and not frequent else None
