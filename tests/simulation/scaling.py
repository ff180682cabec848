"""Calls to Application Auto Scaling about VariantA of "reviews"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

RESOURCE = "endpoint/reviews/variant/VariantA"
METRIC = "SageMakerVariantInvocationsPerInstance"


class Scaling:
    """Calls about VariantA of "reviews" unless told otherwise."""

    def __init__(self, sim: InProcessAws) -> None:
        self.client = sim.client("application-autoscaling")

    def _variant(self, resource: str) -> dict[str, str]:
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource,
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }

    def register(self, resource: str = RESOURCE, **params: Any) -> Any:
        bounds = {"MinCapacity": 1, "MaxCapacity": 2}
        return self.client.register_scalable_target(**self._variant(resource) | bounds | params)

    def change(self, **params: Any) -> Any:
        return self.client.register_scalable_target(**self._variant(RESOURCE) | params)

    def deregister(self, resource: str = RESOURCE) -> Any:
        return self.client.deregister_scalable_target(**self._variant(resource))

    def targets(self, **params: Any) -> list[dict[str, Any]]:
        found = self.client.describe_scalable_targets(ServiceNamespace="sagemaker", **params)
        return list(found["ScalableTargets"])

    def put(self, name: str = "invocations", resource: str = RESOURCE, **config: Any) -> Any:
        tracking = {"TargetValue": 2.0, "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC}}
        return self.client.put_scaling_policy(
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking | config,
            **self._variant(resource),
        )

    def drop(self, name: str = "invocations", resource: str = RESOURCE) -> Any:
        return self.client.delete_scaling_policy(PolicyName=name, **self._variant(resource))

    def schedule(self, name: str = "morning") -> Any:
        return self.client.put_scheduled_action(
            ScheduledActionName=name,
            Schedule="cron(0 8 * * ? *)",
            ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
            **self._variant(RESOURCE),
        )

    def scheduled(self) -> list[dict[str, Any]]:
        found = self.client.describe_scheduled_actions(ServiceNamespace="sagemaker")
        return list(found["ScheduledActions"])

    def policies(self, **params: Any) -> list[dict[str, Any]]:
        found = self.client.describe_scaling_policies(ServiceNamespace="sagemaker", **params)
        return list(found["ScalingPolicies"])
