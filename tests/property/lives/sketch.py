"""Specs in a few words, which people read and change with ease, and the manifests that they stand for."""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.property.lives.brief import Brief

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@dataclass(frozen=True, slots=True, repr=False)
class Model(Brief):
    """`image` is a whole URI, or the version of PyTorch whose image the operator finds."""

    name: str = "bert-a"
    image: str = IMAGE
    revision: str = ""
    environment: str = ""

    def manifest(self) -> dict[str, Any]:
        container: dict[str, Any] = {"modelDataUrl": f"s3://bucket/{self.name}/model.tar.gz"}
        if ":" in self.image:
            container["image"] = self.image
        else:
            container["framework"] = {"name": "pytorch", "version": self.image, "pythonVersion": "py3"}
        if self.environment:
            container["environment"] = {"MODE": self.environment}
        revision = {"revision": self.revision} if self.revision else {}
        return {"name": self.name, "primaryContainer": container} | revision


@dataclass(frozen=True, slots=True, repr=False)
class Steps(Brief):
    """A step policy whose alarm watches the invocations of the endpoint."""

    name: str = "burst"
    threshold: int = 100
    by: int = 1

    def manifest(self) -> dict[str, Any]:
        step = {"metricIntervalLowerBound": 0, "scalingAdjustment": self.by}
        alarm = {
            "namespace": "AWS/SageMaker",
            "metricName": "Invocations",
            "dimensions": [{"name": "EndpointName", "value": "reviews"}],
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": self.threshold,
        }
        scaling = {"adjustmentType": "ChangeInCapacity", "stepAdjustments": [step], "alarm": alarm}
        return {"name": self.name, "type": "StepScaling", "stepScaling": scaling}


@dataclass(frozen=True, slots=True, repr=False)
class Action(Brief):
    """A scheduled action that sets a minimum, and a maximum unless it is None."""

    name: str = "peak"
    schedule: str = "rate(1 minute)"
    least: int = 1
    most: int | None = 4
    zone: str = ""

    def manifest(self) -> dict[str, Any]:
        zone = {"timezone": self.zone} if self.zone else {}
        most = {} if self.most is None else {"maxCapacity": self.most}
        return {"name": self.name, "schedule": self.schedule, "minCapacity": self.least} | zone | most


@dataclass(frozen=True, slots=True, repr=False)
class Scaling(Brief):
    """Autoscaling; `policy` is the name of its policy of target tracking.

    `suspended` has the kinds of scaling that the spec governs, `foreign` is its foreignScaling.
    """

    least: int = 1
    most: int = 4
    start: int | None = None
    target: int = 70
    policy: str = "invocations"
    steps: Steps | None = None
    actions: tuple[Action, ...] = ()
    suspended: dict[str, bool] = field(default_factory=dict)
    foreign: str = ""

    def manifest(self) -> dict[str, Any]:
        tracking = {
            "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
            "targetValue": self.target,
        }
        policies = [{"name": self.policy, "type": "TargetTrackingScaling", "targetTrackingScaling": tracking}]
        optional: dict[str, Any] = {
            "initialInstanceCount": self.start,
            "scheduledActions": [action.manifest() for action in self.actions],
            "suspended": self.suspended,
            "foreignScaling": self.foreign,
        }
        return {
            "minCapacity": self.least,
            "maxCapacity": self.most,
            "policies": policies + ([self.steps.manifest()] if self.steps else []),
            **{member: value for member, value in optional.items() if value},
        }


@dataclass(frozen=True, slots=True, repr=False)
class Variant(Brief):
    """`size` is a fixed number of instances, or the autoscaling that chooses it."""

    name: str = "VariantA"
    model: str = "bert-a"
    weight: int = 50
    size: int | Scaling = 1
    type: str = "ml.m5.large"

    def manifest(self) -> dict[str, Any]:
        fixed = isinstance(self.size, int)
        size = {"instanceCount": self.size} if fixed else {"autoscaling": self.size.manifest()}
        rest = {"instanceType": self.type, "weight": self.weight}
        return {"name": self.name, "model": self.model} | rest | size


@dataclass(frozen=True, slots=True, repr=False)
class Sketch(Brief):
    """A spec of the endpoint `reviews`."""

    variants: tuple[Variant, ...] = (Variant(), Variant("VariantB", "bert-b"))
    models: tuple[Model, ...] = (Model(), Model("bert-b"))
    tags: dict[str, str] = field(default_factory=dict)
    interval: int = 300
    deletion: str = "Delete"

    def manifest(self) -> dict[str, Any]:
        return {
            "endpointName": "reviews",
            "executionRoleArn": ROLE,
            "models": [model.manifest() for model in self.models],
            "variants": [variant.manifest() for variant in self.variants],
            "monitoring": {"intervalSeconds": self.interval},
            "deletionPolicy": self.deletion,
            "tags": [{"key": key, "value": value} for key, value in self.tags.items()],
        }

    def with_variant(self, variant: Variant) -> "Sketch":
        """Return the spec with another variant in the place of the one of its name."""
        return replace(self, variants=tuple(variant if v.name == variant.name else v for v in self.variants))

    def with_model(self, model: Model) -> "Sketch":
        """Return the spec with another model in the place of the one of its name."""
        return replace(self, models=tuple(model if m.name == model.name else m for m in self.models))
