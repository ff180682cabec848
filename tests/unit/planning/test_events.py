"""A change of status is announced once, in the words of its condition."""

from datetime import UTC, datetime

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.scaling_status import ScalingActivity, ScalingStatus
from sagemaker_ab.api.status import Condition, Status
from sagemaker_ab.planning.events import EventDraft, draft_events

READY = (ConditionType.READY, "True", Reason.IN_SERVICE, "AWS matches the spec")
NOT_READY = (ConditionType.READY, "False", Reason.REFUSED, "CreateModel was refused")
STALLED = (ConditionType.STALLED, "True", Reason.REFUSED, "CreateModel was refused")
QUOTA = (ConditionType.STALLED, "True", Reason.QUOTA_EXCEEDED, "The quota of ml.m5.large is 2")


def status(*conditions):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Status(
        conditions=[
            Condition(type=kind, status=value, reason=reason, message=message, last_transition_time=moment)
            for kind, value, reason, message in conditions
        ]
    )


def events(before, after):
    return list(draft_events(before, after))


def test_becoming_ready_is_a_normal_event():
    expected = EventDraft("Normal", Reason.IN_SERVICE, "AWS matches the spec")

    assert events(Status(), status(READY)) == [expected]
    assert events(status(NOT_READY, STALLED), status(READY)) == [expected]


def test_staying_ready_is_no_event():
    assert events(status(READY), status(READY)) == []


def test_a_stall_is_a_warning():
    expected = EventDraft("Warning", Reason.REFUSED, "CreateModel was refused")

    assert events(Status(), status(NOT_READY, STALLED)) == [expected]
    assert events(status(READY), status(NOT_READY, STALLED)) == [expected]


def test_another_cause_of_a_stall_is_another_warning():
    expected = EventDraft("Warning", Reason.QUOTA_EXCEEDED, "The quota of ml.m5.large is 2")

    assert events(status(NOT_READY, STALLED), status(NOT_READY, QUOTA)) == [expected]
    assert events(status(NOT_READY, QUOTA), status(NOT_READY, QUOTA)) == []


def test_the_end_of_a_stall_is_no_event_of_its_own():
    assert events(status(NOT_READY, STALLED), status(NOT_READY)) == []


def scaled(status="Failed", reason="QuotaExceeded", *, name="VariantB", minute=0, message="AWS says why"):
    """A status whose variant has this last activity."""
    moment = datetime(2026, 1, 1, 0, minute, tzinfo=UTC)
    activity = ScalingActivity(status=status, reason=reason, message=message, since=moment)
    return Status(
        scaling=[
            ScalingStatus(name=name, min_capacity=1, max_capacity=4, since=moment, last_activity=activity),
            ScalingStatus(name="Idle", min_capacity=1, max_capacity=4, since=moment),
        ]
    )


def test_failed_scaling_is_a_warning_that_names_variant_reason_and_way_out():
    (event,) = events(Status(), scaled())

    assert (event.kind, event.reason) == ("Warning", "ScalingFailed")
    assert event.message.startswith("Variant VariantB was not scaled (QuotaExceeded). AWS: AWS says why.")
    assert event.message.endswith("Request a higher quota in Service Quotas, or lower maxCapacity.")


def test_scaling_that_fails_again_for_the_same_reason_is_no_event():
    assert events(scaled(), scaled(minute=1, message="another number of instances")) == []


def test_scaling_that_fails_for_another_reason_is_another_warning():
    assert [event.reason for event in events(scaled(), scaled(reason="InsufficientCapacity"))] == [
        "ScalingFailed"
    ]


def test_scaling_that_fails_in_another_variant_is_another_warning():
    (event,) = events(scaled(), scaled(name="VariantA"))
    assert event.message.startswith("Variant VariantA")


def test_scaling_that_recovers_is_no_event_and_a_later_failure_is_one():
    recovered = scaled("Successful", None)

    assert events(scaled(), recovered) == []
    assert [event.reason for event in events(recovered, scaled())] == ["ScalingFailed"]


def test_a_bound_that_is_reached_is_no_event():
    assert events(Status(), scaled("NotScaled", "AlreadyAtMaxCapacity")) == []
