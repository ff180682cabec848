"""What other people do to the autoscaling of variants, which are meant by their place in the endpoint."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from tests.property.lives.brief import Brief
from tests.property.lives.people import variant_name
from tests.property.lives.world import THEIRS, World


def _scale(world: World, variant: int, operation: str, **params: Any) -> None:
    name = variant_name(world, variant)
    if name is None:
        return
    world.call(
        operation,
        service="application-autoscaling",
        ServiceNamespace="sagemaker",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ResourceId=f"endpoint/reviews/variant/{name}",
        **params,
    )


@dataclass(frozen=True, slots=True, repr=False)
class Register(Brief):
    """Register a variant, or give it other bounds or another suspension."""

    variant: int
    least: int
    most: int
    suspended: Literal["", "in", "out", "scheduled"] = ""

    def happen(self, world: World) -> None:
        members = {"in": "DynamicScalingInSuspended", "out": "DynamicScalingOutSuspended"}
        members["scheduled"] = "ScheduledScalingSuspended"
        state = {"SuspendedState": {members[self.suspended]: True}} if self.suspended else {}
        bounds = {"MinCapacity": self.least, "MaxCapacity": self.most}
        _scale(world, self.variant, "RegisterScalableTarget", **bounds, **state)


@dataclass(frozen=True, slots=True, repr=False)
class Deregister(Brief):
    variant: int

    def happen(self, world: World) -> None:
        _scale(world, self.variant, "DeregisterScalableTarget")


@dataclass(frozen=True, slots=True, repr=False)
class PutPolicy(Brief):
    """Put a policy of their own, or another one in the place of ours."""

    variant: int
    name: Literal["theirs", "invocations"]
    kind: Literal["StepScaling", "TargetTrackingScaling"]

    def happen(self, world: World) -> None:
        config: dict[str, Any]
        if self.kind == "StepScaling":
            step = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
            config = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step]}
        else:
            metric = "SageMakerVariantInvocationsPerInstance"
            config = {
                "TargetValue": 7.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            }
        configuration = {f"{self.kind}PolicyConfiguration": config}
        name = {"PolicyName": self.name, "PolicyType": self.kind}
        _scale(world, self.variant, "PutScalingPolicy", **name, **configuration)


@dataclass(frozen=True, slots=True, repr=False)
class DeletePolicy(Brief):
    variant: int
    name: Literal["theirs", "invocations", "requests"]

    def happen(self, world: World) -> None:
        _scale(world, self.variant, "DeleteScalingPolicy", PolicyName=self.name)


@dataclass(frozen=True, slots=True, repr=False)
class Schedule(Brief):
    """Let a scheduled action set other bounds once a day, by which time the life is long over, or soon."""

    variant: int
    minutes: int | None
    least: int

    def happen(self, world: World) -> None:
        schedule = "cron(0 3 * * ? *)"
        if self.minutes is not None:
            at = datetime.fromtimestamp(world.sim.engine.clock.now() + 60 * self.minutes, UTC)
            schedule = f"at({at:%Y-%m-%dT%H:%M:%S})"
        action = {"MinCapacity": self.least, "MaxCapacity": self.least + 2}
        name = {"ScheduledActionName": THEIRS, "Schedule": schedule, "ScalableTargetAction": action}
        _scale(world, self.variant, "PutScheduledAction", **name)
