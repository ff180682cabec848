"""AWS's clock is read from its answers; one that is dated wrong must neither freeze nor hurry anything."""

import pytest

from tests.integration.stage import SCALING, aws, counts, endpoint, sent, settled, steps, until, weights
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS
from tests.unit.planning.worlds import spec, with_variant

WRONG = {
    "hours ahead": {"ahead": 7200},
    "a year ahead": {"ahead": 31_536_000},
    "hours behind": {"ahead": -7200},
    "no date": {"text": "Thursday"},
    "an impossible date": {"text": "Thu, 99 Jan 2026 25:61:61 GMT"},
    "absent": {"absent": True},
}
dates = pytest.mark.parametrize("date", WRONG.values(), ids=WRONG.keys())


def dated(operator, date, **rule):
    """Date answers wrong."""
    operator.sim.fault({"date": date}, **rule)


@dates
def test_after_one_answer_with_a_wrong_date_weights_go_to_and_fro(date):
    """On a clock that stands still, a change that was sent once counts as just sent for hours."""
    operator = settled(SCALING)
    dated(operator, date, match={"service": "sagemaker"})
    for weight in (10, 50, 10):
        operator.cluster.apply(with_variant(SCALING, "VariantA", weight=weight))
        until(operator, lambda weight=weight: weights(operator)["VariantA"] == weight, reconciles=40)
        until(operator, lambda: operator.ready, reconciles=20)


@dates
@pytest.mark.parametrize("seed", SEEDS)
def test_answers_with_wrong_dates_now_and_then_freeze_nothing(date, seed):
    operator = InProcessOperator(aws(seed=seed, calm=False))
    dated(operator, date, count=None, probability=0.05)
    operator.cluster.apply(SCALING)
    operator.settle()
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()
    operator.cluster.delete()
    operator.settle()

    assert operator.sim.state() == {}


@dates
def test_a_wrong_date_is_no_proof_of_a_rollback(date):
    """A record of a deployment is as old as AWS's clock says."""
    operator = settled(spec())
    dated(operator, date, match={"service": "sagemaker"}, count=None, probability=0.2)
    operator.cluster.apply(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
    operator.settle()

    assert [call["outcome"] for call in sent(operator, "UpdateEndpoint")] == ["effect"]
    assert not [event for event in operator.cluster.events if event["reason"] == "DeploymentFailed"]


def test_a_clock_that_was_ahead_for_long_goes_on_when_it_is_right_again():
    operator = settled(spec())
    fault = operator.sim.fault({"date": {"ahead": 7200}}, count=None)
    operator.cluster.apply(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
    until(operator, lambda: endpoint(operator)["status"] == "Updating")
    operator.sim.gateway.faults.remove(fault)
    operator.settle()
    operator.cluster.apply(with_variant(spec(), "VariantB", instanceCount=2))
    steps(operator, 3)
    until(operator, lambda: counts(operator)["VariantB"] == 2, reconciles=80)
