"""What a deleted resource reports, sends and waits for until its finalizer is released."""

from itertools import pairwise

from sagemaker_ab.api.resource import FINALIZER, RECONCILE_REQUESTED_AT
from tests.integration.stage import by_hand, endpoint, sent, settled, until
from tests.unit.planning.worlds import OWNER, spec

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
BUSY = {"error": {"code": "ValidationException", "text": 'Cannot update in-progress endpoint "arn".'}}
THROTTLED = {"throttle": True}

POLL, RESYNC = 10.0, 60.0
"""Seconds, by default."""


def deleted():
    """An operator whose resource was in service, and has just been deleted."""
    operator = settled(spec())
    operator.cluster.delete()
    return operator


def refusing(operator, effect, operation, count=None):
    return operator.sim.fault(effect, match={"operation": operation}, count=count)


def times_of(operator, operation):
    return [call["time"] for call in sent(operator, operation)]


def gaps(times):
    return [after - before for before, after in pairwise(times)]


# What is reported on the way


def test_a_pending_deletion_reports_its_next_step_and_is_not_stalled():
    operator = deleted()
    operator.step()

    assert operator.conditions["Ready"] == "False Deleting: Next: delete endpoint reviews"
    assert operator.conditions["Reconciling"] == "True Deleting: Next: delete endpoint reviews"
    assert "Stalled" not in operator.conditions


def test_a_deletion_that_goes_well_is_never_stalled_and_says_what_it_waits_for():
    operator = deleted()
    reported = []

    def gone():
        if "Ready" in operator.conditions:
            reported.append(operator.conditions["Ready"])
        assert "Stalled" not in operator.conditions
        return operator.cluster.resource is None

    until(operator, gone)

    first, *messages = dict.fromkeys(reported)
    assert first.startswith("True InService")
    assert messages[:3] == [
        "False Deleting: Next: delete endpoint reviews",
        "False Deleting: Waiting for AWS to finish the current operation on the endpoint",
        "False Deleting: Waiting until AWS's listings show all objects of the endpoint",
    ]
    assert messages[3].startswith("False Deleting: Next: delete endpoint config reviews-")
    assert len(messages) == 4


def test_a_deletion_polls_while_it_waits_and_goes_on_at_once_after_what_aws_accepted():
    operator = deleted()

    assert [operator.step() for _ in range(3)] == [0.0, POLL, POLL]


def test_an_endpoint_that_is_being_deleted_is_no_longer_asked_for_metrics():
    operator = deleted()
    operator.metrics.tick()
    operator.step()
    before = len([call for call in operator.sim.calls() if call["operation"] == "GetMetricData"])
    operator.sim.advance(minutes=60)
    operator.metrics.tick()

    asked = [call for call in operator.sim.calls() if call["operation"] == "GetMetricData"]
    assert len(asked) == before


# Refusals


def test_a_refused_deletion_is_stalled_in_the_words_of_aws():
    operator = deleted()
    refusing(operator, DENIED, "DeleteEndpoint")
    operator.step()

    words = "AccessDenied: AWS refused to delete endpoint reviews: "
    assert operator.conditions["Ready"].startswith(f"False {words}")
    assert operator.conditions["Stalled"].startswith(f"True {words}")
    assert "not authorized" in operator.conditions["Stalled"]
    assert "Reconciling" not in operator.conditions


def test_a_refused_deletion_is_retried_after_a_minute_two_and_four():
    operator = deleted()
    refusing(operator, DENIED, "DeleteEndpoint")
    until(operator, lambda: len(sent(operator, "DeleteEndpoint")) == 4)

    first, second, third = gaps(times_of(operator, "DeleteEndpoint"))
    assert 60 <= first < 60 * 1.2 + POLL
    assert 120 <= second < 120 * 1.2 + POLL
    assert 240 <= third < 240 * 1.2 + POLL


def test_a_refusal_is_reported_until_a_retry_succeeds():
    operator = deleted()
    refusing(operator, DENIED, "DeleteEndpoint", count=2)
    operator.step()

    def deleting():
        assert operator.conditions["Stalled"].startswith("True AccessDenied")
        return endpoint(operator)["status"] == "Deleting"

    until(operator, deleting)
    assert len(sent(operator, "DeleteEndpoint")) == 3
    operator.step()
    assert "Stalled" not in operator.conditions


def test_while_a_refused_deletion_waits_aws_is_polled():
    operator = deleted()
    refusing(operator, DENIED, "DeleteEndpoint")
    operator.step()

    assert operator.step() == POLL


def test_a_reconcile_request_retries_a_refused_deletion_at_once():
    operator = deleted()
    refusing(operator, DENIED, "DeleteEndpoint")
    operator.step()
    operator.step()
    assert len(sent(operator, "DeleteEndpoint")) == 1

    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    operator.step()
    assert len(sent(operator, "DeleteEndpoint")) == 2


def test_throttling_is_retried_within_seconds_and_does_not_stall():
    operator = deleted()
    refusing(operator, THROTTLED, "DeleteEndpoint", count=1)

    assert 5 <= operator.step() <= 6
    assert operator.conditions["Reconciling"].startswith("True Retrying: ")
    assert "Stalled" not in operator.conditions


def test_busy_is_no_refusal():
    operator = deleted()
    refusing(operator, BUSY, "DeleteEndpoint", count=1)

    assert POLL < operator.step() <= RESYNC
    assert "Stalled" not in operator.conditions
    operator.step()
    assert len(sent(operator, "DeleteEndpoint")) == 2


def test_a_deletion_whose_answer_is_lost_is_looked_at_again_soon():
    operator = deleted()
    refusing(operator, {"drop": "after"}, "DeleteEndpoint", count=1)

    assert operator.step() == POLL
    operator.settle()
    assert len(sent(operator, "DeleteEndpoint")) == 1
    assert operator.sim.state() == {}


def test_a_model_that_cannot_be_deleted_keeps_the_finalizer():
    operator = deleted()
    fault = refusing(operator, DENIED, "DeleteModel")
    until(operator, lambda: sent(operator, "DeleteModel"))

    assert FINALIZER in operator.cluster.resource["metadata"]["finalizers"]
    assert operator.conditions["Stalled"].startswith(
        "True AccessDenied: AWS refused to delete model reviews-"
    )

    operator.sim.gateway.faults.remove(fault)
    operator.settle()
    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_aws_that_cannot_be_read_is_reported_and_keeps_the_finalizer():
    operator = deleted()
    refusing(operator, DENIED, "DescribeEndpoint", count=1)

    assert 0 < operator.step() <= RESYNC
    assert operator.conditions["Stalled"].startswith("True AccessDenied: ")
    assert FINALIZER in operator.cluster.resource["metadata"]["finalizers"]
    operator.settle()
    assert operator.cluster.resource is None


def test_an_endpoint_without_owner_tags_is_looked_at_again_at_each_resync():
    operator = settled(spec())
    by_hand(operator, "DeleteTags", ResourceArn=ARN, TagKeys=list(OWNER.tags))
    operator.sim.advance(seconds=10)
    operator.cluster.delete()

    assert all(POLL < operator.step() <= RESYNC for _ in range(3))
    assert operator.conditions["Stalled"].startswith("True NotOwned")


def test_a_hand_over_is_a_warning():
    operator = settled(spec())
    tags = [
        {"Key": key, "Value": value} for key, value in {**OWNER.tags, "sagemaker-ab.dev/name": "x"}.items()
    ]
    by_hand(operator, "AddTags", ResourceArn=ARN, Tags=tags)
    operator.sim.advance(seconds=10)
    operator.cluster.delete()
    operator.settle()

    (event,) = [each for each in operator.cluster.events if each["reason"] == "HandedOver"]
    assert event["type"] == "Warning"
    assert event["message"] == (
        "Endpoint reviews is owned by ml/x of cluster cluster-1: it stays in AWS with all that it uses"
    )
