"""Everything that somebody else may do to an endpoint, with another access key than its owner's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

BYHAND = "AKIASOMEBODY"
PLACE = "123456789012/us-east-1"
SAGEMAKER = "arn:aws:sagemaker:us-east-1:123456789012"
RESOURCE = "endpoint/reviews/variant/VariantA"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 20.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
OWNED = ("endpoint/reviews", "endpoint-config/fifty-fifty", "model/bert-a")


class Hand:
    """Somebody who is not the owner, and what they may do."""

    def __init__(self, sim: InProcessAws) -> None:
        self._sim = sim
        self.sagemaker = sim.client("sagemaker", access_key=BYHAND)
        self.scaling = sim.client("application-autoscaling", access_key=BYHAND)

    def finish(self) -> None:
        self._sim.advance(minutes=10)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._sim.state()[PLACE]
        return found

    def variant(self) -> dict[str, Any]:
        """VariantB, which does not scale by itself."""
        found: dict[str, Any] = self.state()["endpoints"]["reviews"]["variants"]["VariantB"]
        return found

    def target(self) -> dict[str, Any]:
        found: dict[str, Any] = self.state()["scalableTargets"][RESOURCE]
        return found

    def ask(self, **asked: float) -> None:
        wanted = [{"VariantName": "VariantB", **asked}]
        self.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="reviews", DesiredWeightsAndCapacities=wanted
        )
        self.finish()


@pytest.fixture
def hand(calm_sim: InProcessAws, in_service: Any) -> Hand:
    """Somebody before "reviews", whose owner has tagged and scales everything."""
    for resource in OWNED:
        tags = [{"Key": "owner", "Value": "us"}, {"Key": "team", "Value": "search"}]
        in_service.client.add_tags(ResourceArn=f"{SAGEMAKER}:{resource}", Tags=tags)
    scaling = calm_sim.client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )
    return Hand(calm_sim)


@pytest.fixture(autouse=True)
def the_log_tells_whose_hand_it_was(calm_sim: InProcessAws, hand: Hand) -> Any:
    del hand
    before = calm_sim.calls()[-1]["n"]
    yield
    writes = [call for call in calm_sim.calls(since=before) if call["write"]]
    assert writes
    assert {(call["access_key"], call["outcome"]) for call in writes} == {(BYHAND, "effect")}


@pytest.mark.parametrize("resource", OWNED)
def test_tags_are_removed_and_changed(hand: Hand, resource: str) -> None:
    arn = f"{SAGEMAKER}:{resource}"
    hand.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["owner"])
    hand.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "theirs"}])
    assert hand.state()["tags"][arn] == {"team": "theirs"}


def test_configs_and_models_are_deleted(hand: Hand) -> None:
    hand.sagemaker.delete_endpoint_config(EndpointConfigName="fifty-fifty")
    hand.sagemaker.delete_model(ModelName="bert-a")
    assert not {"models", "endpointConfigs"} & hand.state().keys()
    assert hand.state()["endpoints"]["reviews"]["status"] == "InService"


def test_targets_are_deregistered(hand: Hand) -> None:
    hand.scaling.deregister_scalable_target(**TARGET)
    assert "scalableTargets" not in hand.state()


def test_policies_are_deleted_and_put(hand: Hand) -> None:
    hand.scaling.delete_scaling_policy(**TARGET, PolicyName="invocations")
    assert hand.target()["policies"] == {}
    hand.scaling.put_scaling_policy(
        **TARGET,
        PolicyName="theirs",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING | {"TargetValue": 7.0},
    )
    assert hand.target()["policies"] == {"theirs": TRACKING | {"TargetValue": 7.0}}


def test_bounds_are_moved_and_scaling_is_suspended(hand: Hand) -> None:
    suspended = {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True}
    hand.scaling.register_scalable_target(
        **TARGET, MinCapacity=2, SuspendedState=suspended | {"DynamicScalingOutSuspended": False}
    )
    found = hand.target()
    assert (found["min"], found["max"]) == (2, 4)
    assert found["suspended"] == {"scale_in": True, "scale_out": False, "scheduled": True}


def test_scheduled_actions_are_put_and_move_the_bounds(hand: Hand) -> None:
    hand.scaling.put_scheduled_action(
        **TARGET,
        ScheduledActionName="theirs",
        Schedule="rate(5 minutes)",
        ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 5},
    )
    assert hand.target()["scheduledActions"].keys() == {"theirs"}
    hand.finish()
    assert (hand.target()["min"], hand.target()["max"]) == (3, 5)


def test_targets_are_tagged(hand: Hand) -> None:
    (found,) = hand.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    hand.scaling.tag_resource(ResourceARN=found["ScalableTargetARN"], Tags={"owner": "them"})
    assert hand.target()["tags"] == {"owner": "them"}


def test_weights_and_counts_change(hand: Hand) -> None:
    hand.ask(DesiredWeight=7.0)
    assert hand.variant()["currentWeight"] == 7
    hand.ask(DesiredInstanceCount=3)
    assert hand.variant()["currentInstanceCount"] == 3


def test_the_endpoint_moves_to_a_config_of_other_members(hand: Hand) -> None:
    members = {
        "EnableSSMAccess": True,
        "VolumeSizeInGB": 64,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    variants = [
        {
            "VariantName": name,
            "ModelName": "bert-a",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 50.0,
        }
        | members
        for name in ("VariantA", "VariantB")
    ]
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 5,
        "DestinationS3Uri": "s3://theirs/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    hand.sagemaker.create_endpoint_config(
        EndpointConfigName="theirs", ProductionVariants=variants, DataCaptureConfig=capture
    )
    hand.sagemaker.update_endpoint(EndpointName="reviews", EndpointConfigName="theirs")
    hand.finish()
    assert hand.state()["endpoints"]["reviews"]["config"] == "theirs"
    found = hand.sagemaker.describe_endpoint_config(EndpointConfigName="theirs")
    assert found["DataCaptureConfig"] == capture
    assert all(variant.items() >= members.items() for variant in found["ProductionVariants"])


def test_the_endpoint_is_deleted(hand: Hand) -> None:
    hand.sagemaker.delete_endpoint(EndpointName="reviews")
    hand.finish()
    assert "endpoints" not in hand.state()
    assert "scalableTargets" not in hand.state()
