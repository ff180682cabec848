"""What status says about the endpoint and its autoscaling, and what it keeps of both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sagemaker_ab.api.scaling_status import ActionInTime, ScalingActivity
from sagemaker_ab.api.status import EndpointStatus as EndpointRecord
from sagemaker_ab.planning.observed import EndpointStatus, ObservedConfig
from sagemaker_ab.planning.remembered import Remembered
from tests.unit.planning.status_worlds import MORNING, SCALING, WANTED, reported
from tests.unit.planning.worlds import AUTOSCALING, NOW, recorded, spec, want, with_variant, world

TAGGED = want(spec(tags=[{"key": "team", "value": "search"}]))


def test_an_endpoint_is_described_with_its_config_and_the_keys_of_our_tags():
    live = world(
        TAGGED,
        status=EndpointStatus.UPDATING,
        config_name="reviews-in-use",
        pending_config_name="reviews-next",
        failure_reason="of an earlier update",
    )
    live = replace(live, config_in_use=ObservedConfig("reviews-in-use", {"KmsKeyId": "mine"}))

    assert reported(live, TAGGED).endpoint == EndpointRecord(
        arn="arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews",
        status="Updating",
        config_name="reviews-in-use",
        config_content='{"KmsKeyId":"mine"}',
        pending_config_name="reviews-next",
        failure_reason="of an earlier update",
        since=MORNING,
        tag_keys=["team"],
    )


def test_the_status_of_an_endpoint_dates_from_its_last_change():
    later = MORNING + timedelta(minutes=1)
    creating = reported(world(WANTED, status=EndpointStatus.CREATING))
    still = reported(world(WANTED, status=EndpointStatus.CREATING), before=creating, now=later)
    serving = reported(world(WANTED), before=still, now=later)

    assert [each.endpoint.since for each in (creating, still, serving)] == [MORNING, MORNING, later]


def test_the_content_of_a_config_that_was_deleted_stays_until_the_endpoint_has_another():
    before = reported(world(WANTED))
    gone = replace(world(WANTED), config_in_use=None)

    assert before.endpoint.config_content
    assert reported(gone, before=before).endpoint.config_content == before.endpoint.config_content
    other = replace(gone, endpoint=replace(gone.endpoint, config_name="another"))
    assert reported(other, before=before).endpoint.config_content is None


def test_scaling_is_described_with_its_record_its_actions_and_the_last_activity():
    actions = [
        {"name": "morning", "schedule": "cron(0 8 * * ? *)", "minCapacity": 2},
        {"name": "evening", "schedule": "cron(0 18 * * ? *)", "minCapacity": 3},
    ]
    scheduled = with_variant(
        spec(), "VariantB", instanceCount=None, autoscaling={**AUTOSCALING, "scheduledActions": actions}
    )
    wanted = want(scheduled)
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    live = replace(world(wanted), now=noon.timestamp())
    live = replace(live, targets={"VariantB": replace(live.targets["VariantB"], min_capacity=2)})
    long_ago = {name: replace(each, since=NOW) for name, each in recorded(wanted).items()}
    activity = ScalingActivity(status="Successful", message="done", since=MORNING)

    (status,) = reported(
        live, wanted, remembered=Remembered(scaling=long_ago), scaling_activities={"VariantB": activity}
    ).scaling

    assert (status.name, status.min_capacity, status.max_capacity) == ("VariantB", 1, 4)
    assert status.policies == ["invocations"]
    assert status.in_effect == ActionInTime(name="morning", at=noon.replace(hour=8))
    assert status.next == ActionInTime(name="evening", at=noon.replace(hour=18))
    assert status.last_activity == activity


def test_an_activity_stays_in_status_until_a_newer_one_is_read():
    older = ScalingActivity(status="Failed", reason="QuotaExceeded", message="quota", since=MORNING)
    newer = ScalingActivity(status="Successful", message="done", since=MORNING + timedelta(minutes=1))
    known = Remembered(scaling=recorded(SCALING))
    first = reported(world(SCALING), SCALING, remembered=known, scaling_activities={"VariantB": older})
    kept = reported(world(SCALING), SCALING, before=first, remembered=known)
    after = reported(
        world(SCALING), SCALING, before=kept, remembered=known, scaling_activities={"VariantB": newer}
    )

    assert [each.scaling[0].last_activity for each in (first, kept, after)] == [older, older, newer]


def test_what_an_earlier_spec_scaled_has_a_record_and_no_action():
    status = reported(world(WANTED), remembered=Remembered(scaling=recorded(SCALING)))

    (left,) = status.scaling
    assert (left.name, left.in_effect, left.next) == ("VariantB", None, None)
    assert reported(world(WANTED)).scaling is None
