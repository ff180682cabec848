"""A scaling activity gets one word for why it failed, a text without request IDs, and a place in a series."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_ab.api.scaling_status import ScalingActivity
from sagemaker_ab.planning.scaling_activities import (
    Activity,
    NotScaled,
    ScalingReason,
    describe,
    failed,
    failure_message,
    fold_activities,
    in_progress,
    reason_of,
)
from sandbox.aws.ledger import row

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUOTA = (
    "Failed to set desired instance count to {count}. Reason: The account-level service limit 'ml.m5.large"
    " for endpoint usage' is 3 Instances, with current utilization of 3 Instances and a request delta of 1"
    " Instances. Please use AWS Service Quotas to request an increase for this quota. (Service:"
    " AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded; Request ID: {request}; Proxy:"
    " null)"
)
SUCCESS = "Successfully set desired instance count to {count}. Change successfully fulfilled by sagemaker."
WAITING = (
    "Successfully set desired instance count to {count}. Waiting for change to be fulfilled by sagemaker."
)


def activity(status, message="", *, minutes=0.0, count=4, not_scaled=(), description=None):
    return Activity(
        resource_id="endpoint/reviews/variant/VariantB",
        status=status,
        description=description or f"Setting desired instance count to {count}.",
        started=NOON + timedelta(minutes=minutes),
        status_message=message.format(count=count, request=f"request-{minutes}"),
        not_scaled=not_scaled,
    )


def by_quota(**changes):
    return activity("Failed", QUOTA, **changes)


def success(**changes):
    return activity("Successful", SUCCESS, **changes)


def not_scaled(code, capacity=None, **changes):
    reasons = (NotScaled(code, capacity),)
    return activity(
        "Failed", not_scaled=reasons, description="Attempting to scale due to alarm triggered", **changes
    )


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (QUOTA, "QuotaExceeded"),
        ("Reason: Unable to provision requested ML compute capacity due to an error", "InsufficientCapacity"),
        ("Reason: InsufficientInstanceCapacity", "InsufficientCapacity"),
        ('Reason: Cannot update in-progress endpoint "arn".', "UpdateInProgress"),
        (
            "Reason: the role is not authorized to perform: sagemaker:UpdateEndpointWeightsAndCapacities",
            "AccessDenied",
        ),
        ("Reason: Rate exceeded (Error Code: ThrottlingException)", "Other"),
        ("", "Other"),
    ],
)
def test_a_failure_is_classified_by_the_words_of_aws(message, reason):
    assert reason_of(activity("Failed", message)) == reason


def test_the_words_of_the_simulation_for_a_lack_of_capacity_are_classified():
    (text,) = (variant.value for variant in row("sm.failure.capacity").variants)
    assert reason_of(activity("Failed", text)) == "InsufficientCapacity"


@pytest.mark.parametrize("variant", row("autoscaling.activity-unfulfilled").variants)
def test_an_unfulfilled_activity_without_a_known_cause_is_unfulfilled(variant):
    message = variant.value.replace("{reason}", "the fleet was replaced")
    assert reason_of(activity("Unfulfilled", message)) == "Unfulfilled"


def test_an_unfulfilled_activity_may_give_its_cause():
    message = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
    assert reason_of(activity("Unfulfilled", message)) == "InsufficientCapacity"


@pytest.mark.parametrize("status", ["Pending", "InProgress", "Successful", "Overridden", "NewInAws"])
def test_an_activity_that_did_not_fail_has_no_reason(status):
    found = activity(status, "The text of a quota: ResourceLimitExceeded")
    assert reason_of(found) is None
    assert not failed(describe(found))


@pytest.mark.parametrize(
    ("code", "is_failure"),
    [
        ("AlreadyAtMaxCapacity", False),
        ("AlreadyAtMinCapacity", False),
        ("AlreadyAtDesiredCapacity", False),
        ("AutoScalingAnticipatedFlapping", False),
        ("TargetServicePutResourceAsUnscalable", True),
    ],
)
def test_a_decision_not_to_scale_keeps_the_code_of_aws(code, is_failure):
    """A bound that was reached is what the spec asks for; a variant that may not be scaled is not."""
    found = describe(not_scaled(code))
    assert (found.status, found.reason) == ("NotScaled", code)
    assert found.message.startswith("Attempting to scale due to alarm triggered: ")
    assert code not in found.message
    assert failed(found) == is_failure


def test_a_bound_is_named_with_its_number():
    found = describe(not_scaled("AlreadyAtMaxCapacity", 4))
    assert found.message == (
        "Attempting to scale due to alarm triggered: the variant already has its maximum number of instances"
        " (4)"
    )


def test_a_decision_follows_the_description_without_its_full_stop():
    reasons = (NotScaled("AlreadyAtMaxCapacity", 4),)
    found = describe(activity("Failed", not_scaled=reasons, description="Attempting to scale."))

    assert found.message == (
        "Attempting to scale: the variant already has its maximum number of instances (4)"
    )


def test_a_code_that_is_not_known_is_quoted():
    found = describe(not_scaled("SomethingNew"))
    assert (found.status, found.reason) == ("NotScaled", "Other")
    assert found.message == "Attempting to scale due to alarm triggered: SomethingNew"


def test_the_description_stands_for_a_missing_message():
    assert describe(activity("Pending")).message == "Setting desired instance count to 4."


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("x (Error Code: A; Request ID: 1-2)", "x (Error Code: A)"),
        ("x (Error Code: A; Request ID: 1-2; Proxy: null)", "x (Error Code: A; Proxy: null)"),
        (
            "x (Service: SageMaker, Status Code: 400, Request ID: 1-2) (SDK Attempt Count: 1)",
            "x (Service: SageMaker, Status Code: 400) (SDK Attempt Count: 1)",
        ),
        ("x (RequestId: 1-2)", "x ()"),
        ("x (A; Request ID: 1; Extended Request ID: 2=)", "x (A)"),
    ],
)
def test_the_ids_of_requests_are_left_out(said, kept):
    assert describe(activity("Failed", said)).message == kept


def test_a_long_status_and_a_long_message_fit_into_status():
    found = describe(activity("S" * 40, "m" * 2000))
    assert (len(found.status), len(found.message)) == (32, 1024)


def test_a_repeated_failure_is_dated_from_its_first():
    series = [by_quota(minutes=n / 6) for n in range(60)]
    found = fold_activities(None, series[::-1])
    assert found == describe(series[0])
    assert fold_activities(found, [by_quota(minutes=20), by_quota(minutes=15)]) == found


def test_a_failure_for_the_same_reason_with_another_number_of_instances_is_the_same_series():
    found = fold_activities(describe(by_quota(count=4)), [by_quota(minutes=9, count=6)])
    assert found.since == NOON
    assert "to 6." in found.message


def test_activities_that_were_read_before_change_nothing():
    found = fold_activities(None, [by_quota(minutes=1), by_quota()])
    assert fold_activities(found, [by_quota(minutes=1)]) == found
    assert fold_activities(found, []) == found


def test_a_failure_after_a_success_is_a_new_series():
    before = describe(by_quota())
    found = fold_activities(before, [by_quota(minutes=9), by_quota(minutes=8), success(minutes=5)])
    assert found.since == NOON + timedelta(minutes=8)


def test_a_failure_for_another_reason_is_a_new_series():
    other = activity("Failed", "Reason: InsufficientInstanceCapacity", minutes=9)
    assert fold_activities(describe(by_quota()), [other, by_quota(minutes=8)]) == describe(other)


def test_a_decision_of_another_policy_does_not_hide_a_failure_that_is_repeated():
    failure = fold_activities(None, [by_quota()])
    read = [
        not_scaled("AlreadyAtMinCapacity", minutes=10.1),
        by_quota(minutes=10),
        not_scaled("AlreadyAtMinCapacity", minutes=9),
        by_quota(minutes=8),
    ]
    assert fold_activities(failure, read) == failure


def test_a_decision_follows_a_failure_that_is_not_repeated_any_more():
    read = [not_scaled("AlreadyAtMinCapacity", minutes=10), by_quota(minutes=8)]
    assert fold_activities(describe(by_quota()), read).reason == "AlreadyAtMinCapacity"


def test_a_decision_follows_a_success_at_once():
    read = [not_scaled("AlreadyAtMaxCapacity", minutes=0.1), success()]
    assert fold_activities(None, read).reason == "AlreadyAtMaxCapacity"


def test_a_success_follows_a_failure():
    assert fold_activities(describe(by_quota()), [success(minutes=3)]) == describe(success(minutes=3))


def test_the_end_of_an_activity_in_progress_is_seen():
    started = describe(activity("InProgress", WAITING))
    assert in_progress(started)
    ended = fold_activities(started, [success()])
    assert ended == describe(success())
    assert not in_progress(ended)


def test_two_successes_with_different_numbers_are_two_activities():
    found = fold_activities(describe(success(count=4)), [success(minutes=30, count=3)])
    assert found.since == NOON + timedelta(minutes=30)


def test_the_message_of_a_failure_says_what_to_do_even_if_aws_says_much():
    message = failure_message("VariantB", describe(activity("Failed", QUOTA + "more words " * 100)))
    assert message.startswith("Variant VariantB was not scaled (QuotaExceeded). AWS: Failed to set desired")
    assert "instance count to 4." in message
    assert message.endswith("Request a higher quota in Service Quotas, or lower maxCapacity.")
    assert len(message) <= 1024


def test_a_lack_of_capacity_names_its_way_out():
    found = describe(activity("Failed", "Reason: InsufficientInstanceCapacity."))
    assert failure_message("VariantB", found) == (
        "Variant VariantB was not scaled (InsufficientCapacity). AWS: Reason: InsufficientInstanceCapacity."
        " Application Auto Scaling tries again. If the shortage lasts, change instanceType."
    )


@pytest.mark.parametrize("said", ["Reason: X", "Reason: X.", "Reason: X. "])
def test_the_words_of_aws_end_with_one_full_stop(said):
    assert "AWS: Reason: X. Application" in failure_message("VariantB", describe(activity("Failed", said)))


def test_a_failure_without_a_known_way_out_ends_with_what_aws_does():
    message = failure_message("VariantB", describe(activity("Failed", "Reason: unknown")))
    assert message == (
        "Variant VariantB was not scaled (Other). AWS: Reason: unknown. Application Auto Scaling tries again."
    )


@pytest.mark.parametrize("reason", ScalingReason)
def test_every_reason_fits_into_status(reason):
    assert ScalingActivity(status="Failed", reason=reason.value, message="", since=NOON).reason == reason
