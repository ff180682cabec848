"""The endpoint of the resource `reviews` in a simulated AWS in this process, with VariantB autoscaled."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.sessions import AwsClients
from sandbox.aws.inprocess import InProcessAws

ENDPOINT = "reviews-prod"
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/VariantB",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
_IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"


class ScaledEndpoint:
    """Calls to the simulated AWS, whose clock moves only by `advance`."""

    def __init__(self) -> None:
        self.sim = InProcessAws(seed=3, stale_reads=False, lost_answers=False)
        self.clients = self._clients()
        self._autoscaling: Any = self.clients.autoscaling
        self._create()
        self.register(1, 4)

    def _clients(self) -> AwsClients:
        clock = AwsClock(local_clock=self.sim.engine.clock.now)
        by_service = {
            service: self.sim.client(service)
            for service in ("sagemaker", "application-autoscaling", "cloudwatch", "sagemaker-runtime", "sts")
        }
        for client in by_service.values():
            clock.attach(client.meta.events)
        return AwsClients(
            region="us-east-1",
            clock=clock,
            sagemaker=by_service["sagemaker"],
            sagemaker_writes=by_service["sagemaker"],
            autoscaling=by_service["application-autoscaling"],
            autoscaling_writes=by_service["application-autoscaling"],
            cloudwatch_writes=by_service["cloudwatch"],
            cloudwatch=by_service["cloudwatch"],
            runtime=by_service["sagemaker-runtime"],
            sts=by_service["sts"],
        )

    def _create(self) -> None:
        sagemaker: Any = self.clients.sagemaker
        role = "arn:aws:iam::123456789012:role/sagemaker"
        variants = []
        for letter in ("a", "b"):
            container = {"Image": _IMAGE, "ModelDataUrl": f"s3://models/variant_{letter}/model.tar.gz"}
            sagemaker.create_model(
                ModelName=f"bert-{letter}", ExecutionRoleArn=role, PrimaryContainer=container
            )
            variants.append(
                {
                    "VariantName": f"Variant{letter.upper()}",
                    "ModelName": f"bert-{letter}",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": 0 if letter == "a" else 1,
                }
            )
        sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=variants)
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
        self.advance(10)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.sim.engine.clock.now(), UTC)

    def advance(self, minutes: float) -> None:
        self.sim.advance(minutes=minutes)

    def load(self, per_minute: float, *, minutes: float) -> None:
        self.sim.edit(traffic={"endpoint": ENDPOINT, "ratePerMinute": per_minute})
        self.advance(minutes)

    def register(self, low: int, high: int) -> None:
        self._autoscaling.register_scalable_target(**VARIANT, MinCapacity=low, MaxCapacity=high)

    def deregister(self) -> None:
        self._autoscaling.deregister_scalable_target(**VARIANT)

    def put_policy(self, **policy: Any) -> None:
        self._autoscaling.put_scaling_policy(**VARIANT, **policy)

    def schedule(self, name: str, at: datetime, **bounds: int) -> None:
        self._autoscaling.put_scheduled_action(
            **VARIANT,
            ScheduledActionName=name,
            Schedule=f"at({at:%Y-%m-%dT%H:%M:%S})",
            ScalableTargetAction=bounds,
        )


def autoscaled(raw: Mapping[str, Any], autoscaling: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource with autoscaling for VariantB."""
    changed = copy.deepcopy(dict(raw))
    variant = changed["spec"]["variants"][1]
    variant.pop("instanceCount", None)
    variant["autoscaling"] = dict(autoscaling)
    return changed
