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


def _drop_everywhere(world: World, policy: str) -> None:
    for place in range(len((world.endpoint or {}).get("variants", {}))):
        _scale(world, place, "DeleteScalingPolicy", PolicyName=policy)


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
        if (self.name, self.kind) == (THEIRS, "TargetTrackingScaling"):
            # AWS takes one policy per metric: while it is there, ours cannot be put.
            world.refusals.add("Only one TargetTrackingScaling policy")
            world.lifts.append(lambda: _drop_everywhere(world, THEIRS))
        _scale(world, self.variant, "PutScalingPolicy", **name, **configuration)


@dataclass(frozen=True, slots=True, repr=False)
class PutSteps(Brief):
    """Put a step policy of their own with an alarm that fires it."""

    variant: int

    def happen(self, world: World) -> None:
        PutPolicy(self.variant, THEIRS, "StepScaling").happen(world)
        name = variant_name(world, self.variant)
        for policy in world.scaling.policies.all():
            if (policy.name, policy.resource.variant) == (THEIRS, name):
                world.call(
                    "PutMetricAlarm",
                    service="cloudwatch",
                    AlarmName=f"{THEIRS}-{name}",
                    AlarmActions=[policy.arn],
                    Namespace="AWS/SageMaker",
                    MetricName="Invocations",
                    Dimensions=[{"Name": "EndpointName", "Value": "reviews"}],
                    Statistic="Sum",
                    Period=60,
                    EvaluationPeriods=1,
                    ComparisonOperator="GreaterThanThreshold",
                    Threshold=10.0,
                )


@dataclass(frozen=True, slots=True, repr=False)
class Suspend(Brief):
    """Suspend or resume kinds of scaling, and leave the bounds alone."""

    variant: int
    kinds: tuple[str, ...]
    value: bool = True

    def happen(self, world: World) -> None:
        members = {"in": "DynamicScalingInSuspended", "out": "DynamicScalingOutSuspended"}
        members["scheduled"] = "ScheduledScalingSuspended"
        state = {members[kind]: self.value for kind in self.kinds}
        _scale(world, self.variant, "RegisterScalableTarget", SuspendedState=state)


@dataclass(frozen=True, slots=True, repr=False)
class DeleteAlarm(Brief):
    """Delete an alarm of a step policy of ours, or one that target tracking keeps."""

    whose: Literal["ours", "tracking"]
    which: int = 0

    def happen(self, world: World) -> None:
        ours = [name for name in sorted(world.state.get("alarms", {})) if name.startswith("sagemaker-ab/")]
        store = world.scaling
        tracking = sorted(name for policy in store.policies.all() for name in store.alarms_of(policy))
        names = ours if self.whose == "ours" else tracking
        if names:
            world.edit(delete={"alarm": names[self.which % len(names)]})


@dataclass(frozen=True, slots=True, repr=False)
class TouchAction(Brief):
    """Delete a scheduled action of ours, or change when it is due or which bounds it sets."""

    variant: int
    how: Literal["delete", "schedule", "bounds"]

    def happen(self, world: World) -> None:
        name = variant_name(world, self.variant)
        actions = [one for one in world.scaling.scheduled.all() if one.resource.variant == name]
        ours = sorted(one.name for one in actions if one.name != THEIRS)
        if not ours:
            return
        action = {"ScheduledActionName": ours[0]}
        if self.how == "delete":
            _scale(world, self.variant, "DeleteScheduledAction", **action)
        elif self.how == "schedule":
            _scale(world, self.variant, "PutScheduledAction", Schedule="cron(0 4 * * ? *)", **action)
        else:
            bounds = {"MinCapacity": 2, "MaxCapacity": 9}
            _scale(world, self.variant, "PutScheduledAction", ScalableTargetAction=bounds, **action)


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
