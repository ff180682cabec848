"""Scaling activities are read page by page, as far back as is asked for, against the simulated AWS."""

from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.failures import AwsError, FailureKind
from sagemaker_ab.aws.scaling_activities import MAX_PAGES, read_scaling_activities
from tests.unit.controller.scaling_stage import ScalingStage


@pytest.fixture
def stage():
    return ScalingStage()


def read(stage, *, not_before=0.0):
    clients = SimpleNamespace(autoscaling=stage.sim.client("application-autoscaling"))
    return read_scaling_activities(clients, not_before=not_before)


def test_nothing_is_complete_too(stage):
    found = read(stage)
    assert (found.activities, found.complete, stage.reads()) == ((), True, 1)


def test_activities_come_newest_first_with_what_aws_says(stage):
    stage.blocked_by_quota("reviews")
    found = read(stage).activities
    assert len(found) > 5
    assert [each.started for each in found] == sorted((each.started for each in found), reverse=True)
    assert {(each.resource_id, each.status) for each in found} == {
        ("endpoint/reviews/variant/VariantA", "Failed")
    }
    assert "ResourceLimitExceeded" in found[0].status_message


def test_a_read_ends_at_the_first_page_with_an_older_activity(stage):
    stage.blocked_by_quota("reviews", minutes=60)
    since = stage.now() - 600
    found = read(stage, not_before=since)
    assert found.complete
    assert len(found.activities) == 61
    assert min(each.started.timestamp() for each in found.activities) >= since
    assert stage.reads() == 2


def test_a_read_of_too_many_activities_ends_and_says_so(stage):
    stage.endpoint("second")
    stage.endpoint("third")
    for name in ("reviews", "second", "third"):
        stage.blocked_by_quota(name, minutes=0)
    stage.sim.advance(minutes=90)
    found = read(stage)
    assert not found.complete
    assert len(found.activities) == 50 * MAX_PAGES
    assert stage.reads() == MAX_PAGES


def test_a_decision_not_to_scale_has_its_code_and_its_number(stage):
    stage.at_its_maximum()
    (reason,) = {reason for each in read(stage).activities for reason in each.not_scaled}
    assert (reason.code, reason.capacity) == ("AlreadyAtMaxCapacity", 1)


def test_a_refusal_is_classified(stage):
    stage.denied()
    with pytest.raises(AwsError) as caught:
        read(stage)
    assert caught.value.failure.kind is FailureKind.DENIED
