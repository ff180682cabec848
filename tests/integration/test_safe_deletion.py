"""What serves is never deleted from under itself, whoever owns it, and a deletion that waits says why."""

import pytest

from tests.integration.kills import killed_at_each_write
from tests.integration.scaling_stage import BURSTS, cloudwatch_by_hand, policy_arns
from tests.integration.stage import (
    SCALING,
    aws,
    by_hand,
    endpoint,
    held,
    run,
    sent,
    settled,
    steps,
    target,
    until,
    with_revision,
)
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, OWNER, spec, with_variant

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
DELETES = ("DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")
IDENTITY = ["sagemaker-ab.dev/cluster-id", "sagemaker-ab.dev/namespace", "sagemaker-ab.dev/name"]


def without_tags(operator, *keys):
    """Somebody removes tags from the endpoint."""
    by_hand(operator, "DeleteTags", ResourceArn=ARN, TagKeys=list(keys))
    operator.sim.advance(seconds=10)


def with_tags(operator, tags):
    """Somebody sets tags on the endpoint."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    by_hand(operator, "AddTags", ResourceArn=ARN, Tags=pairs)
    operator.sim.advance(seconds=10)


def whole(operator):
    """Whether the endpoint has its config and the models that this names."""
    config = held(operator, "endpointConfigs")[endpoint(operator)["config"]]
    return {v["ModelName"] for v in config["ProductionVariants"]} <= held(operator, "models").keys()


# Owner tags


@pytest.mark.parametrize("missing", [[key] for key in IDENTITY] + [IDENTITY], ids=len)
def test_a_deletion_waits_while_owner_tags_of_the_endpoint_are_missing(missing):
    operator = settled(SCALING)
    without_tags(operator, *missing)
    operator.cluster.delete()
    run(operator, hours=1)

    assert sent(operator, *DELETES, "DeregisterScalableTarget") == []
    assert whole(operator)
    assert target(operator)
    stalled = operator.conditions["Stalled"]
    assert stalled.startswith("True NotOwned")
    assert "restore the tags sagemaker-ab.dev/cluster-id=cluster-1" in stalled
    assert "spec.deletionPolicy to Retain" in stalled

    with_tags(operator, OWNER.tags)
    operator.settle()
    assert operator.sim.state() == {}


def test_retain_is_a_way_out_that_needs_no_call():
    operator = settled(SCALING)
    without_tags(operator, *IDENTITY)
    operator.cluster.delete()
    steps(operator, 5)
    operator.cluster.resource["spec"]["deletionPolicy"] = "Retain"
    before = len(operator.sim.calls())
    assert operator.step() is None

    assert operator.cluster.resource is None
    assert len(operator.sim.calls()) == before
    assert whole(operator)


def test_an_endpoint_that_is_tagged_for_another_owner_is_handed_over_with_all_that_it_uses():
    operator = settled(SCALING)
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/namespace": "search"})
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert whole(operator)
    assert target(operator)
    (event,) = [event for event in operator.cluster.events if event["reason"] == "HandedOver"]
    assert "owned by search/reviews of cluster cluster-1" in event["message"]


STEPS = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "policies": [BURSTS]})


@pytest.mark.parametrize("listed", [0, 1], ids=["alarms are listed", "alarms are not listed"])
def test_a_step_policy_of_an_endpoint_that_is_handed_over_keeps_its_alarm(listed):
    operator = settled(STEPS, aws(variants={"autoscaling.step-alarms-listed": listed}))
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/namespace": "search"})
    operator.cluster.delete()
    operator.settle()

    (alarm,) = held(operator, "alarms").values()
    assert alarm["AlarmActions"] == list(policy_arns(operator).values())


def test_an_alarm_beside_that_of_the_new_owner_is_deleted():
    operator = settled(STEPS, aws(variants={"autoscaling.step-alarms-listed": 0}))
    ((name, members),) = held(operator, "alarms").items()
    cloudwatch_by_hand(operator, "PutMetricAlarm", **{**members, "AlarmName": "theirs"})
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/namespace": "search"})
    operator.cluster.delete()
    operator.settle()

    assert name != "theirs"
    assert held(operator, "alarms").keys() == {"theirs"}


def test_what_an_update_of_the_endpoint_is_about_to_use_is_handed_over_too():
    operator = settled(SCALING)
    operator.cluster.apply(with_revision(SCALING, "2"))
    until(operator, lambda: endpoint(operator)["status"] == "Updating")
    pending = endpoint(operator)["pendingConfig"]
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/name": "successor"})
    operator.cluster.delete()
    operator.settle()
    operator.sim.advance(minutes=10)

    assert operator.cluster.resource is None
    assert endpoint(operator)["config"] == pending
    assert whole(operator)


def test_a_hand_over_deletes_what_the_endpoint_does_not_use():
    operator = settled(SCALING)
    denied = {"error": {"code": "AccessDeniedException", "text": "no", "http": 400}}
    fault = operator.sim.fault(denied, match={"operation": "DeleteModel"}, count=None)
    operator.cluster.apply(with_revision(SCALING, "2"))
    operator.settle()
    assert len(held(operator, "models")) == 3
    operator.sim.gateway.faults.remove(fault)
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/name": "successor"})
    operator.cluster.delete()
    operator.settle()

    assert len(held(operator, "models")) == 2
    assert whole(operator)


def test_a_hand_over_waits_while_it_is_not_known_which_models_the_endpoint_uses():
    operator = settled(SCALING)
    with_tags(operator, dict(OWNER.tags) | {"sagemaker-ab.dev/name": "successor"})
    operator.sim.edit(delete={"config": endpoint(operator)["config"]})
    operator.sim.advance(seconds=10)
    operator.cluster.delete()
    steps(operator, 10)

    assert sent(operator, *DELETES) == []
    assert "the models that it uses are not known" in operator.conditions["Stalled"]


# The order


@pytest.mark.parametrize("seed", SEEDS)
def test_config_and_models_stay_as_long_as_the_endpoint(seed):
    operator = settled(SCALING, aws(seed=seed, calm=False))
    operator.cluster.delete()
    while operator.step() is not None:
        assert not endpoint(operator) or endpoint(operator)["status"] == "Deleting" or whole(operator)

    assert operator.sim.state() == {}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("created", ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"])
def test_a_resource_deleted_while_it_is_created_leaves_nothing(created, seed):
    """The newest object may be missing from reads and listings for some seconds."""
    operator = InProcessOperator(aws(seed=seed, calm=False))
    operator.cluster.apply(spec())
    until(operator, lambda: created in operator.effects())
    operator.crash()
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deletion_survives_the_death_of_the_process_at_any_write(seed):
    def change(operator):
        operator.cluster.delete()

    for operator in killed_at_each_write(
        lambda: settled(SCALING, aws(seed=seed, calm=False)), change, seed=seed
    ):
        operator.settle()
        assert operator.cluster.resource is None
        assert operator.sim.state() == {}


# A status newer than the operator


ACCEPTS, REFUSES = {"sm.endpoint.newer-status": 0}, {"sm.endpoint.newer-status": 1}


def migrating(operator, seconds):
    operator.sim.edit(
        status={"endpoint": "reviews", "status": "Migrating", "newer": True, "seconds": seconds}
    )


def test_an_endpoint_in_an_unknown_status_is_deleted_where_aws_accepts_that():
    operator = settled(SCALING, aws(variants=ACCEPTS))
    migrating(operator, 86_400)
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_an_endpoint_in_an_unknown_status_keeps_what_it_uses_until_aws_accepts_its_deletion():
    operator = settled(SCALING, aws(variants=REFUSES))
    before = target(operator)
    migrating(operator, 3600)
    operator.cluster.delete()
    run(operator, hours=0.9)
    assert target(operator) == before
    assert whole(operator)

    operator.settle()
    assert operator.cluster.resource is None
    assert operator.sim.state() == {}
