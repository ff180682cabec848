"""When a resource is reconciled next, and what its status says at once, after each kind of answer of AWS."""

from itertools import pairwise

import pytest

from sagemaker_ab.api.resource import RECONCILE_REQUESTED_AT
from tests.integration.stage import SCALING, aws, by_hand, held, sent, settled, steps, until, with_revision
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec, with_variant

DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
BUSY = {"error": {"code": "ValidationException", "text": 'Cannot update in-progress endpoint "arn".'}}
POLL, RESYNC = 10.0, 60.0
"""Seconds, by default."""
WEIGHTS = "UpdateEndpointWeightsAndCapacities"


def refusing(operator, effect, operation, count=None):
    return operator.sim.fault(effect, match={"operation": operation}, count=count)


def shifted(effect=None, count=1):
    """An operator whose next reconcile shifts traffic, and how AWS answers that."""
    operator = settled(spec())
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=10))
    if effect is not None:
        refusing(operator, effect, WEIGHTS, count)
    return operator


def replaced():
    """An operator that is to deploy another model, and to delete the old one and its config after that."""
    operator = settled(spec())
    operator.cluster.apply(with_revision(spec(), "2"))
    return operator


def deletes(operator):
    return sent(operator, "DeleteModel", "DeleteEndpointConfig")


def until_garbage_is_sent(operator):
    """Reconcile until garbage is sent; return how long that reconcile wants to wait."""
    for _ in range(100):
        before = len(deletes(operator))
        after = operator.step()
        if len(deletes(operator)) > before:
            return after
    raise AssertionError("no garbage was collected")


# What the spec asks for


def test_after_what_aws_accepted_it_goes_on_at_once():
    operator = shifted()

    assert operator.step() == 0.0
    assert len(sent(operator, WEIGHTS)) == 1


def test_while_reads_may_be_older_than_a_write_aws_is_polled():
    operator = shifted()
    operator.step()

    assert operator.step() == POLL


def test_a_resource_that_is_ready_is_looked_at_again_at_each_resync():
    operator = settled(spec())

    assert all(0.8 * RESYNC <= operator.step() <= RESYNC for _ in range(5))


@pytest.mark.parametrize("effect", [BUSY, {"drop": "before"}], ids=["busy", "lost"])
def test_what_may_not_have_taken_effect_is_looked_at_again_soon(effect):
    operator = shifted(effect)

    assert operator.step() == POLL
    assert "Stalled" not in operator.conditions


def test_a_refusal_is_reported_by_the_reconcile_that_met_it():
    operator = shifted(DENIED)
    after = operator.step()

    assert len(sent(operator, WEIGHTS)) == 1
    assert operator.conditions["Stalled"].startswith("True AccessDenied: AWS refused to set weights ")
    assert POLL < after <= RESYNC * 1.2


def test_a_refusal_is_retried_after_a_minute_and_then_two():
    operator = shifted(DENIED, count=2)
    until(operator, lambda: len(sent(operator, WEIGHTS)) == 3)

    first, second, third = (call["time"] for call in sent(operator, WEIGHTS))
    assert 60 <= second - first <= 72 + POLL
    assert 120 <= third - second <= 144 + POLL


def test_a_request_retries_a_refusal_at_once_and_is_honored_once():
    operator = shifted(DENIED, count=None)
    steps(operator, 2)
    assert len(sent(operator, WEIGHTS)) == 1

    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    steps(operator, 2)
    assert len(sent(operator, WEIGHTS)) == 2
    assert operator.cluster.resource["status"]["lastHandledReconcileAt"] == "now"


def test_after_a_refusal_that_another_step_does_not_depend_on_it_goes_on_at_once():
    operator = settled(spec())
    refusing(operator, DENIED, "AddTags")
    changed = with_variant(spec(tags=[{"key": "team", "value": "a"}]), "VariantA", instanceCount=2)
    refusing(operator, DENIED, WEIGHTS)
    operator.cluster.apply(changed)

    assert operator.step() == 0.0
    assert len(sent(operator, WEIGHTS)) == 1
    assert operator.step() > POLL
    assert len(sent(operator, "AddTags")) == 1


def test_a_spec_that_breaks_a_rule_is_stalled_and_changes_nothing():
    operator = settled(spec())
    before = len(operator.writes())
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=-1))

    assert 0.8 * RESYNC <= operator.step() <= RESYNC
    assert operator.conditions["Stalled"].startswith("True InvalidSpec: ")
    assert len(operator.writes()) == before


# Reads that fail


def test_a_read_that_is_throttled_is_reported_from_the_second_in_a_row():
    operator = InProcessOperator(aws())
    operator.cluster.apply(spec())
    refusing(operator, {"throttle": True}, "DescribeEndpoint", count=2)

    assert 5 <= operator.step() <= 6
    assert operator.conditions == {}
    assert 10 <= operator.step() <= 12
    assert operator.conditions["Reconciling"].startswith("True Retrying: ")


def test_after_a_read_that_succeeds_failures_are_counted_anew():
    operator = settled(spec())
    for _ in range(3):
        refusing(operator, {"throttle": True}, "DescribeEndpoint", count=1)
        assert 5 <= operator.step() <= 6
        operator.step()


def test_a_read_that_is_denied_is_stalled_at_once():
    operator = settled(spec())
    refusing(operator, DENIED, "DescribeEndpoint", count=1)

    assert 0.8 * RESYNC <= operator.step() <= RESYNC
    assert operator.conditions["Stalled"].startswith("True AccessDenied: ")
    operator.step()
    assert operator.ready


# Garbage


def test_after_garbage_was_deleted_it_goes_on_at_once():
    assert until_garbage_is_sent(replaced()) == 0.0


@pytest.mark.parametrize("effect", [DENIED, BUSY, {"drop": "before"}], ids=["denied", "busy", "lost"])
@pytest.mark.parametrize("operation", ["DeleteModel", "DeleteEndpointConfig"])
def test_garbage_that_was_not_deleted_is_looked_at_again_soon_and_hurts_nothing(operation, effect):
    operator = replaced()
    refusing(operator, effect, operation, count=1)

    assert until_garbage_is_sent(operator) == POLL
    assert operator.ready


def test_garbage_that_was_refused_is_deleted_in_the_end():
    operator = replaced()
    refusing(operator, DENIED, "DeleteModel", count=3)
    until(operator, lambda: len(sent(operator, "DeleteModel")) == 4)

    assert len(held(operator, "models")) == 2
    times = [call["time"] for call in sent(operator, "DeleteModel")]
    # The time of the read that a listing is counted from is in whole seconds.
    assert all(after - before > 599 for before, after in pairwise(times))


# What the status of one reconcile tells the next


def test_account_and_region_are_in_status():
    status = settled(spec()).cluster.resource["status"]

    assert (status["account"], status["region"]) == ("123456789012", "us-east-1")


def test_a_tag_that_the_spec_takes_away_is_removed_and_those_of_others_stay():
    operator = settled(spec(tags=[{"key": "team", "value": "a"}]))
    arn = operator.cluster.resource["status"]["endpoint"]["arn"]
    by_hand(operator, "AddTags", ResourceArn=arn, Tags=[{"Key": "theirs", "Value": "x"}])
    operator.sim.advance(seconds=10)
    operator.crash()
    operator.cluster.apply(spec())
    operator.settle()

    (removal,) = sent(operator, "DeleteTags")
    assert removal["params"] == {"ResourceArn": arn, "TagKeys": ["team"]}
    assert "theirs" in held(operator, "tags")[arn]


def test_an_endpoint_that_scales_is_ready_with_its_target():
    operator = settled(SCALING)

    assert operator.conditions["AutoscalingApplied"].startswith("True Applied")
    assert list(held(operator, "scalableTargets")) == ["endpoint/reviews/variant/VariantB"]
