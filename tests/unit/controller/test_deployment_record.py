"""The record of a deployment is written before its request, once for each, whatever becomes of the answer."""

import pytest

from tests.integration.stage import aws, endpoint, sent, settled, steps, until, with_revision
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec

DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
BUSY = {"error": {"code": "ValidationException", "text": 'Cannot update in-progress endpoint "arn".'}}


def record(operator):
    return operator.cluster.resource["status"].get("deployment")


def refusing(operator, effect, operation, count=None):
    return operator.sim.fault(effect, match={"operation": operation}, count=count)


def new():
    operator = InProcessOperator(aws())
    operator.cluster.apply(spec())
    return operator


def changed():
    """An operator whose endpoint serves, and is to get another model."""
    operator = settled(spec())
    operator.cluster.apply(with_revision(spec(), "2"))
    return operator


@pytest.mark.parametrize(("operation", "prepared"), [("CreateEndpoint", new), ("UpdateEndpoint", changed)])
def test_a_deployment_is_recorded_before_it_is_requested(operation, prepared):
    operator = prepared()
    before_the_call = []
    operator.between_calls = lambda: before_the_call.append(
        (len(sent(operator, operation)), record(operator))
    )
    until(operator, lambda: sent(operator, operation))

    states = [found["state"] for calls, found in before_the_call if calls == 0 and found]
    assert states[-1] == "Requested"
    assert record(operator)["state"] == "Accepted"
    assert record(operator)["attempts"] == 1


@pytest.mark.parametrize(("operation", "prepared"), [("CreateEndpoint", new), ("UpdateEndpoint", changed)])
def test_a_request_that_no_read_shows_yet_is_neither_sent_nor_counted_again(operation, prepared):
    """Its answer was lost, so it may have arrived."""
    operator = prepared()
    refusing(operator, {"drop": "before"}, operation, count=1)
    until(operator, lambda: sent(operator, operation))
    steps(operator, 2)

    assert len(sent(operator, operation)) == 1
    assert record(operator)["attempts"] == 1
    assert record(operator)["state"] == "Requested"

    until(operator, lambda: len(sent(operator, operation)) == 2)
    assert record(operator)["attempts"] == 2
    operator.settle()


def test_the_retries_of_a_refused_request_are_not_counted():
    operator = changed()
    refusing(operator, DENIED, "UpdateEndpoint", count=3)
    until(operator, lambda: len(sent(operator, "UpdateEndpoint")) == 3)

    assert record(operator)["state"] == "Refused"
    assert record(operator)["attempts"] == 1


def test_a_request_that_finds_aws_busy_leaves_no_record():
    operator = changed()
    refusing(operator, BUSY, "UpdateEndpoint", count=1)
    until(operator, lambda: sent(operator, "UpdateEndpoint"))

    assert record(operator) is None
    operator.settle()
    assert len(sent(operator, "UpdateEndpoint")) == 2


def test_the_record_ends_with_the_deployment():
    operator = changed()
    operator.settle()

    assert endpoint(operator)["status"] == "InService"
    assert record(operator) is None
