"""What passes do when AWS refuses, goes back, is slow or lies: told against the simulated AWS, in process."""

import pytest

from sagemaker_ab.kube.client import KubernetesError
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def settled(first=None, **chaos):
    calm = {"stale_reads": False, "lost_answers": False}
    operator = InProcessOperator(InProcessAws(**calm | chaos))
    operator.cluster.apply(first or spec())
    operator.settle()
    return operator


def passes(operator, count):
    """Run passes; return how long each wanted to wait."""
    return [operator.step() for _ in range(count)]


def with_missing_artefact(operator, base):
    operator.sim.edit(missing={"object": "s3://bucket/late/model.tar.gz"})
    late = {**base, "models": [dict(model) for model in base["models"]]}
    container = base["models"][0]["primaryContainer"]
    late["models"][0]["primaryContainer"] = {**container, "modelDataUrl": "s3://bucket/late/model.tar.gz"}
    return late


def live(operator):
    state = operator.sim.state()["123456789012/us-east-1"]
    return state["endpoints"]["reviews"]["variants"], state.get("scalableTargets", {})


def test_traffic_can_be_steered_while_a_deployment_is_refused():
    operator = settled()
    late = with_missing_artefact(operator, spec())
    operator.cluster.apply(late)
    passes(operator, 5)
    operator.cluster.apply(with_variant(with_variant(late, "VariantA", weight=0), "VariantB", weight=100))
    passes(operator, 15)

    variants, _ = live(operator)
    assert [v["currentWeight"] for v in variants.values()] == [0.0, 100.0]
    assert operator.conditions["Stalled"].startswith("True Refused")

    operator.sim.edit(restored={"object": "s3://bucket/late/model.tar.gz"})
    operator.settle()


def test_scaling_released_for_an_update_that_is_refused_is_put_back():
    operator = settled(SCALING, variants={"sm.quota.update": 0})
    operator.sim.edit(quota={"ml.c5.large": 0})
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.c5.large"))
    passes(operator, 12)

    _, targets = live(operator)
    assert list(targets) == ["endpoint/reviews/variant/VariantB"]
    assert operator.conditions["Stalled"].startswith("True QuotaExceeded")

    operator.sim.edit(quota={"ml.c5.large": None})
    operator.settle()


def test_a_refused_count_holds_up_no_weights_that_do_not_need_it():
    operator = settled()
    operator.sim.edit(quota={"ml.m5.large": 2})
    changed = with_variant(
        with_variant(spec(), "VariantA", weight=100), "VariantB", weight=0, instanceCount=5
    )
    operator.cluster.apply(changed)
    passes(operator, 15)

    variants, _ = live(operator)
    assert [v["currentWeight"] for v in variants.values()] == [100.0, 0.0]
    assert "VariantB to 5" in operator.conditions["Stalled"]


def test_traffic_waits_for_the_instances_that_were_refused_and_scaling_in_waits_for_traffic():
    """Else the whole traffic would meet one instance, while the fleet that carried it shrinks."""
    before = with_variant(with_variant(spec(), "VariantA", weight=90, instanceCount=4), "VariantB", weight=10)
    operator = settled(before)
    operator.sim.edit(quota={"ml.m5.large": 5})
    changed = with_variant(before, "VariantA", weight=0, instanceCount=1)
    operator.cluster.apply(with_variant(changed, "VariantB", weight=100, instanceCount=4))
    passes(operator, 15)

    variants, _ = live(operator)
    assert [v["currentWeight"] for v in variants.values()] == [90.0, 10.0]
    assert [v["currentInstanceCount"] for v in variants.values()] == [4, 1]
    stalled = operator.conditions["Stalled"]
    assert stalled.startswith("True QuotaExceeded")
    assert "VariantB has 1 of 4 instances in service" in stalled
    assert "VariantA has 90.0% of the traffic, and its intended share is 0.0%" in stalled
    assert "Ask for a smaller count, or lower another variant first" in stalled

    operator.sim.edit(quota={"ml.m5.large": None})
    operator.settle()
    variants, _ = live(operator)
    assert [v["currentWeight"] for v in variants.values()] == [0.0, 100.0]
    assert [v["currentInstanceCount"] for v in variants.values()] == [1, 4]


def test_nobody_runs_hot_while_aws_is_busy_and_a_trouble_stands():
    operator = settled()
    operator.sim.edit(quota={"ml.m5.large": 2})
    operator.cluster.apply(with_variant(spec(), "VariantB", instanceCount=5))
    passes(operator, 5)
    operator.sim.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 3000})

    assert min(passes(operator, 20)) >= 10


def test_a_change_that_aws_takes_and_goes_back_on_is_told_and_tried_ever_more_slowly():
    operator = settled()
    operator.sim.fault(
        {"fail": {"reason": "no capacity"}},
        match={"operation": "UpdateEndpointWeightsAndCapacities"},
        count=None,
    )
    operator.cluster.apply(with_variant(spec(), "VariantB", instanceCount=5))
    began = operator.sim.engine.clock.now()
    while operator.sim.engine.clock.now() - began < 3600:
        operator.step()

    assert 2 <= operator.effects().count("UpdateEndpointWeightsAndCapacities") <= 10
    told = [event["message"] for event in operator.cluster.events if event["reason"] == "ChangeRolledBack"]
    assert told == ["AWS accepted the change and rolled it back: no capacity"]


def test_autoscaling_that_aws_takes_and_does_not_hold_is_told_and_put_ever_more_slowly():
    """Somebody else, or AWS itself, makes of each registration something else."""
    operator = settled(SCALING)
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/reviews/variant/VariantB",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    theirs = {
        "service": "application-autoscaling",
        "operation": "RegisterScalableTarget",
        "params": {**target, "MinCapacity": 1, "MaxCapacity": 9},
    }
    began = operator.sim.engine.clock.now()
    while operator.sim.engine.clock.now() - began < 3600:
        operator.sim.edit(call=theirs)
        operator.step()

    assert 2 <= operator.effects().count("RegisterScalableTarget") <= 12
    told = {event["message"] for event in operator.cluster.events if event["reason"] == "ChangeRolledBack"}
    assert told == {
        "AWS accepted to register VariantB for scaling between 1 and 4 instances, and holds something else"
    }


def test_fewer_instances_are_another_attempt_after_capacity_was_short_for_more():
    operator = settled()
    operator.sim.fault(
        {"fail": {"reason": "InsufficientInstanceCapacity"}}, match={"operation": "UpdateEndpoint"}
    )
    bigger = with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge", instanceCount=9)
    operator.cluster.apply(bigger)
    passes(operator, 24)
    assert operator.conditions["Stalled"].startswith("True DeploymentFailed")

    operator.cluster.apply(with_variant(bigger, "VariantA", instanceCount=1))
    operator.settle()


@pytest.mark.parametrize("seed", range(6))
def test_a_change_taken_back_at_once_is_not_called_ready_while_aws_still_makes_it(seed):
    operator = settled(stale_reads=True, seed=seed)
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=0))
    while operator.effects()[-1] != "UpdateEndpointWeightsAndCapacities":
        operator.step()
    operator.cluster.apply(spec())
    for _ in range(60):
        operator.step()
        variants, _ = live(operator)
        if operator.ready:
            assert [v["desiredWeight"] for v in variants.values()] == [50.0, 50.0]

    assert operator.ready


@pytest.mark.parametrize("seed", range(6))
def test_a_model_taken_back_at_once_takes_nothing_that_aws_is_deploying(seed):
    operator = settled(stale_reads=True, lost_answers=True, seed=seed)
    revised = spec()
    revised["models"][0]["revision"] = "2"
    operator.cluster.apply(revised)
    while "UpdateEndpoint" not in operator.effects():
        operator.step()
    operator.cluster.apply(spec())
    operator.crash()
    for _ in range(12):
        operator.step()
        endpoint = operator.sim.state()["123456789012/us-east-1"]["endpoints"]["reviews"]
        if endpoint["status"] == "Updating":
            assert not [name for name in operator.effects() if name.startswith("Delete")]

    operator.settle()


def test_a_healthy_endpoint_is_ready_though_leftovers_cannot_be_listed():
    operator = InProcessOperator(InProcessAws(stale_reads=False, lost_answers=False))
    denied = {"error": {"code": "AccessDeniedException", "text": "no", "http": 400}}
    operator.sim.fault(denied, match={"operation": "ListModels"}, count=None)
    operator.cluster.apply(spec())

    operator.settle()

    assert operator.ready


def test_leftovers_that_may_not_be_removed_are_told_and_cost_next_to_nothing():
    operator = settled()
    denied = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    operator.sim.fault(denied, match={"operation": "DeleteModel"}, count=None)
    revised = spec()
    revised["models"][0]["revision"] = "2"
    operator.cluster.apply(revised)
    operator.settle()
    began, listed = operator.sim.engine.clock.now(), _count(operator, "ListModels")
    while operator.sim.engine.clock.now() - began < 3600:
        operator.step()

    assert operator.ready
    assert any("not authorized" in event["message"] for event in operator.cluster.events)
    assert _count(operator, "ListModels") - listed <= 7


def _count(operator, operation):
    return sum(call["operation"] == operation for call in operator.sim.calls())


@pytest.mark.parametrize("operation", ["CreateEndpoint", "DeleteEndpoint"])
def test_status_does_not_flap_at_each_retry_of_what_is_refused(operation):
    operator = InProcessOperator(InProcessAws(stale_reads=False, lost_answers=False))
    denied = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    operator.sim.fault(denied, match={"operation": operation}, count=None)
    operator.cluster.apply(spec())
    if operation == "DeleteEndpoint":
        operator.settle()
        operator.cluster.delete()
    passes(operator, 12)
    attempts, writes = _count(operator, operation), operator.cluster.status_writes
    while _count(operator, operation) < attempts + 3:
        operator.step()

    assert operator.cluster.status_writes == writes


def test_a_healthy_endpoint_stays_ready_while_aws_cannot_be_read_for_minutes():
    operator = settled()
    writes = operator.cluster.status_writes
    operator.sim.fault({"throttle": True}, match={"operation": "DescribeEndpoint"}, count=5)
    passes(operator, 8)

    assert operator.ready
    assert operator.cluster.status_writes == writes


def test_that_aws_cannot_be_read_for_long_is_told():
    operator = settled()
    operator.sim.fault({"throttle": True}, match={"operation": "DescribeEndpoint"}, count=None)
    passes(operator, 12)

    assert operator.conditions["Stalled"].startswith("True Retrying")


def test_a_deletion_waits_for_aws_though_another_version_wrote_a_part_of_the_status():
    operator = settled()
    operator.cluster.resource["status"]["deployment"] = {"state": "Paused"}
    denied = {"error": {"code": "AccessDeniedException", "text": "no", "http": 400}}
    operator.sim.fault(denied, match={"operation": "DescribeEndpoint"})
    operator.cluster.delete()
    passes(operator, 40)

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_an_api_server_that_refuses_is_asked_ever_more_slowly():
    operator = settled()

    def refuse(*_):
        raise KubernetesError("403 Forbidden")

    operator.cluster.get = refuse

    waits = passes(operator, 6)

    assert waits[-1] > 4 * waits[0]


def test_a_successor_under_the_same_name_shows_none_of_its_predecessors_metrics():
    operator = settled()
    began = operator.sim.engine.clock.now()
    while not operator.cluster.resource["status"].get("metrics"):
        assert operator.sim.engine.clock.now() - began < 3600
        operator.metrics.tick()
        operator.step()
    operator.cluster.resource = None
    operator.cluster.apply(spec(endpointName="another"))
    operator.step()

    assert "metrics" not in operator.cluster.resource["status"]
