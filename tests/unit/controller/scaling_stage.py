"""Autoscaled endpoints in the simulated AWS, and a monitor of their activities: a vocabulary for tests."""

from typing import Any

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.sessions import AwsClients
from sandbox.aws.inprocess import InProcessAws

_SERVICES = {
    "sagemaker": "sagemaker",
    "sagemaker_writes": "sagemaker",
    "autoscaling": "application-autoscaling",
    "autoscaling_writes": "application-autoscaling",
    "cloudwatch_writes": "cloudwatch",
    "cloudwatch": "cloudwatch",
    "runtime": "sagemaker-runtime",
    "sts": "sts",
}
_READ = "DescribeScalingActivities"


class ScalingStage:
    """The endpoint "reviews", whose variants VariantA and VariantB have one instance each."""

    def __init__(self, **sim: Any) -> None:
        self.sim = InProcessAws(stale_reads=False, lost_answers=False, **sim)
        self._sagemaker = self.sim.client("sagemaker")
        self._autoscaling = self.sim.client("application-autoscaling")
        self._sagemaker.create_model(
            ModelName="bert-a",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            PrimaryContainer={
                "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
                "ModelDataUrl": "s3://models/bert-a/model.tar.gz",
            },
        )
        self.endpoint("reviews")

    def now(self) -> float:
        return self.sim.engine.clock.now()

    def clients(self, region: str = "us-east-1") -> AwsClients:
        """Return the operator's clients; their clock follows that of the simulation."""
        clients = {field: self.sim.client(service, region=region) for field, service in _SERVICES.items()}
        return AwsClients(region=region, clock=_Clock(self.sim), **clients)

    def endpoint(self, name: str) -> None:
        """Create an endpoint and wait until it is in service."""
        variants = [
            {
                "VariantName": variant,
                "ModelName": "bert-a",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": 1,
            }
            for variant in ("VariantA", "VariantB")
        ]
        self._sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        self._sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.sim.advance(minutes=10)

    def bounds(self, low: int, high: int, *, endpoint: str = "reviews", variant: str = "VariantA") -> None:
        self._autoscaling.register_scalable_target(
            **_resource(endpoint, variant), MinCapacity=low, MaxCapacity=high
        )

    def blocked_by_quota(
        self, endpoint: str = "reviews", *, variant: str = "VariantA", minutes: float = 2.0
    ) -> None:
        """Let a variant need four instances more than the quota has, from now on."""
        self.sim.edit(quota={"ml.m5.large": 3})
        self.bounds(4, 4, endpoint=endpoint, variant=variant)
        self.sim.advance(minutes=minutes)

    def quota_is_raised(self) -> None:
        """Take the quota away, and wait until AWS has scaled."""
        self.sim.edit(quota={"ml.m5.large": None})
        self.sim.advance(minutes=15)

    def at_its_maximum(self) -> None:
        """Let a variant have as many instances as it may, and more traffic than they are for."""
        self.bounds(1, 1)
        self._autoscaling.put_scaling_policy(
            **_resource("reviews", "VariantA"),
            PolicyName="invocations",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 20.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
            },
        )
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 1000})
        self.sim.advance(minutes=15)

    def denied(self) -> str:
        """Refuse the operator's reads of activities; return the ID of the fault."""
        return self.sim.fault({"denied": True}, match={"operation": _READ}, count=None)

    def granted(self, fault: str) -> None:
        assert self.sim.gateway.faults.remove(fault)

    def reads(self) -> int:
        """Return how many DescribeScalingActivities AWS has received."""
        return sum(call["operation"] == _READ for call in self.sim.calls())


class _Clock(AwsClock):
    """The clock of the simulation, which stands between its advances."""

    def __init__(self, sim: InProcessAws) -> None:
        super().__init__()
        self._sim = sim

    def now(self) -> float:
        return self._sim.engine.clock.now()


def _resource(endpoint: str, variant: str) -> dict[str, Any]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
