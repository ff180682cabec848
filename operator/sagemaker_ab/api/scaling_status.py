"""``status.scaling``: what the operator knows of the scalable targets of the variants."""

from typing import Annotated, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_SET, ApiModel, CutTo, ListMap, Timestamp

MOST_RECORDED: Final = 50
"""More names than a spec can have: those of an earlier spec stay until they are gone from AWS."""
MOST_VARIANTS: Final = 20
"""The 10 variants that a spec can have, and as many of earlier specs."""
ScalingName = Annotated[str, Field(max_length=256)]
Capacity = Annotated[int, Field(ge=0, le=10000)]


class ScheduledActionStatus(ApiModel):
    """A scheduled action of the spec."""

    name: ScalingName
    """The name of the action."""

    fingerprint: Annotated[str, Field(max_length=64)]
    """A hash of the action. Times at which an earlier version of the action was due do not count."""

    since: Timestamp
    """The time at which the operator first saw this version of the action, by the clock of AWS."""


class ActionInTime(ApiModel):
    """A scheduled action, and a time at which it is due."""

    name: ScalingName
    """The name of the action."""

    at: Timestamp | None = None
    """The time at which the action is due. Absent for a rate, whose times AWS does not document, and for an
    action that is due again within an hour.
    """


class ScalingActivity(ApiModel):
    """A scaling activity of Application Auto Scaling, or its decision not to scale."""

    status: Annotated[str, Field(max_length=32)]
    """The status of the activity, such as Successful, InProgress, Failed or Unfulfilled; NotScaled if AWS
    decided not to scale. AWS field: StatusCode.
    """

    reason: Annotated[str, Field(max_length=64)] | None = None
    """Why the activity failed or was not started, as one word."""

    message: Annotated[str, CutTo(1024)]
    """What AWS says about the activity."""

    since: Timestamp
    """The time at which the first of a series of equal activities started, by the clock of AWS."""


class ScalingStatus(ApiModel):
    """The scalable target of a variant, as far as AWS does not show it."""

    name: Annotated[str, Field(max_length=63)]
    """The name of the variant."""

    min_capacity: Capacity
    """The minimum in the spec."""

    max_capacity: Capacity
    """The maximum in the spec."""

    since: Timestamp
    """The time at which the operator first saw these bounds in the spec, by the clock of AWS. Scheduled
    actions that were due before it do not count.
    """

    scheduled_actions: (
        Annotated[list[ScheduledActionStatus], Field(max_length=MOST_RECORDED), ListMap("name")] | None
    ) = None
    """The scheduled actions that the operator has put. It deletes those that the spec no longer has."""

    policies: (
        Annotated[list[ScalingName], Field(max_length=MOST_RECORDED, json_schema_extra=LIST_SET)] | None
    ) = None
    """The names of the policies that the operator has put. It deletes those that the spec no longer has."""

    suspended: (
        Annotated[
            list[Literal["scaleIn", "scaleOut", "scheduled"]],
            Field(max_length=3, json_schema_extra=LIST_SET),
        ]
        | None
    ) = None
    """The kinds of scaling that the operator has suspended. It resumes those that the spec no longer has."""

    scale_in_suspended_for: Annotated[str, Field(max_length=63)] | None = None
    """The ID of the run for which scale-in is suspended, so that the variant can take all traffic back. When
    the run ends, the operator resumes scale-in, unless the spec suspends it.
    """

    in_effect: ActionInTime | None = None
    """The scheduled action whose bounds are in effect, and when it was due. Absent while the bounds are those
    of the spec.
    """

    next: ActionInTime | None = None
    """The scheduled action of the spec that is due next. Rates do not count: their times are not known."""

    last_activity: ScalingActivity | None = None
    """The newest scaling activity of the variant, read every 10 minutes."""
