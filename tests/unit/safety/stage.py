"""An operator played by hand: what it sends to AWS and writes to Kubernetes, watched by a monitor.

The endpoint "reviews" has VariantA with a fixed count and VariantB, which is autoscaled unless a test's spec
says otherwise; each gets half of the traffic.
"""

import copy
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.inprocess import InProcessAws
from sandbox.safety.bounds import Bounds
from sandbox.safety.intent import ACCOUNT, FIELD_MANAGER, FINALIZER, GROUP, REGION
from sandbox.safety.monitor import InProcessMonitor
from sandbox.safety.violations import Violation
from tests.managed_fields import account

Spec = dict[str, Any]

OPERATOR, PERSON = "AKIASANDBOXOPERATOR", "AKIASANDBOXPERSON"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
PINNED = {ACCOUNT: "123456789012", REGION: "us-east-1"}
OWNER = {f"{GROUP}/cluster-id": "cluster-1", f"{GROUP}/namespace": "ml", f"{GROUP}/name": "reviews"}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
AUTOSCALING = {
    "minCapacity": 1,
    "maxCapacity": 4,
    "policies": [
        {
            "name": "invocations",
            "type": "TargetTrackingScaling",
            "targetTrackingScaling": {
                "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
                "targetValue": 70,
            },
        }
    ],
}


PLAYED = {
    "sm.quota.update": 0,
    "autoscaling.scheduled-late": 0,
    "autoscaling.schedule-past": 1,
    "autoscaling.suspended-partly": 0,
    "autoscaling.bounds-later": 1,
}
ALARM = {
    "namespace": "AWS/SageMaker",
    "metricName": "Invocations",
    "dimensions": [{"name": "EndpointName", "value": "reviews"}],
    "statistic": "Sum",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 100,
}
STEPS: Spec = {
    "name": "burst",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 2}],
        "alarm": ALARM,
    },
}
STEPS_IN_AWS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
}
ALARM_NAME = "sagemaker-ab/0123abcd/reviews/VariantB/4567cdef"


def fixed(name: str, *, count: int = 1, weight: int = 50, model: str = "bert-a") -> Spec:
    return {
        "name": name,
        "model": model,
        "instanceType": "ml.m5.large",
        "instanceCount": count,
        "weight": weight,
    }


def scaled(name: str, *, minimum: int = 1, weight: int = 50, model: str = "bert-b", **changes: Any) -> Spec:
    variant = fixed(name, weight=weight, model=model) | {
        "autoscaling": AUTOSCALING | {"minCapacity": minimum} | changes
    }
    del variant["instanceCount"]
    return variant


def spec(*variants: Spec, **changes: Any) -> Spec:
    return {
        "endpointName": "reviews",
        "executionRoleArn": ROLE,
        "models": [model("bert-a"), model("bert-b")],
        "variants": list(variants or (fixed("VariantA"), scaled("VariantB"))),
        **changes,
    }


def model(name: str, **changes: Any) -> Spec:
    return {"name": name, "primaryContainer": {"image": IMAGE, "modelDataUrl": url(name)}, **changes}


def url(name: str) -> str:
    return f"s3://bucket/{name}/model.tar.gz"


def tags(owner: Mapping[str, str] = OWNER) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in owner.items()]


class Stage:
    """The operator's hands, a user's, and somebody else's; time stands until a test moves it."""

    def __init__(self, **chaos: Any) -> None:
        self.aws = InProcessAws(**{"stale_reads": False, "lost_answers": False, "variants": PLAYED} | chaos)
        self.monitor = InProcessMonitor(self.aws, bounds=Bounds(), access_key=OPERATOR)
        self.sagemaker = self.aws.client("sagemaker", access_key=OPERATOR)
        self.scaling = self.aws.client("application-autoscaling", access_key=OPERATOR)
        self.cloudwatch = self.aws.client("cloudwatch", access_key=OPERATOR)
        self.resource: dict[str, Any] = {}
        self.reads_all = True
        """Whether a read is also of scheduled actions and of alarms."""
        self._written: dict[str, Any] = {}

    # What the user does.

    def apply(self, wanted: Spec, **annotations: str) -> None:
        """Create the resource, or change its spec and with it its generation."""
        if not self.resource:
            metadata = {"namespace": "ml", "name": "reviews", "uid": "uid-1", "generation": 0}
            self.resource = {"metadata": metadata, "status": {}}
        metadata = self.resource["metadata"]
        metadata["generation"] += self.resource.get("spec") != wanted
        metadata["annotations"] = metadata.get("annotations", {}) | {
            f"{GROUP}/{name.replace('_', '-')}": value for name, value in annotations.items()
        }
        self.resource["spec"] = copy.deepcopy(wanted)
        self._write(PERSON)

    def somebody(self, operation: str, *, service: str = "application-autoscaling", **params: Any) -> None:
        """Let somebody else call AWS."""
        self.aws.edit(call={"service": service, "operation": operation, "params": params})

    def delete(self) -> None:
        self.resource["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        self.resource["metadata"]["generation"] += 1
        self._write(PERSON)

    # What the operator does in Kubernetes.

    def pin(
        self,
        *,
        finalizer: bool = True,
        annotations: Mapping[str, str] = PINNED,
        by: str = FIELD_MANAGER,
    ) -> None:
        """Add the finalizer and the annotations by one patch."""
        metadata = self.resource["metadata"]
        metadata["finalizers"] = [FINALIZER] if finalizer else []
        metadata["annotations"] = metadata.get("annotations", {}) | dict(annotations)
        self._write(by)

    def write_status(self, *, ready: bool | None = None, generation: int | None = None, **parts: Any) -> None:
        current = self.resource["metadata"]["generation"]
        status = {"observedGeneration": current if generation is None else generation, **parts}
        if ready is not None:
            status["conditions"] = [{"type": "Ready", "status": str(ready), "message": ""}]
        self.resource["status"] = status
        self._write()

    def lose_status(self) -> None:
        """Lose the status, as a backup does; somebody else writes it."""
        self.resource["status"] = {"observedGeneration": -1}
        self._write(PERSON)

    def release_finalizer(self) -> None:
        self.resource["metadata"]["finalizers"] = []
        self._write()
        self.monitor.changed(self.resource, gone=True)

    def _write(self, by: str = FIELD_MANAGER) -> None:
        metadata = self.resource["metadata"]
        account(metadata, self._written, by)
        metadata["resourceVersion"] = str(int(metadata.get("resourceVersion", "0")) + 1)
        self._written = copy.deepcopy(metadata)
        self.monitor.changed(self.resource)

    # What the operator does in AWS.

    def deploy(self, wanted: Spec | None = None) -> None:
        """Bring the resource and its endpoint into service as an operator should."""
        wanted = wanted or spec()
        self.apply(wanted)
        self.read()
        self.pin()
        for one in wanted["models"]:
            self.create_model(one["name"])
        self.create_config("first", wanted)
        self.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first", Tags=tags())
        self.aws.advance(minutes=15)
        for variant in wanted["variants"]:
            if "autoscaling" in variant:
                self.register(variant["name"], minimum=variant["autoscaling"]["minCapacity"])
                self.put_policy(variant["name"])
        self.settle()
        assert self.found() == []

    def create_model(self, name: str) -> None:
        container = {"Image": IMAGE, "ModelDataUrl": url(name)}
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags()
        )

    def create_config(self, name: str, wanted: Spec, **counts: int) -> None:
        variants = [
            {
                "VariantName": one["name"],
                "ModelName": one["model"],
                "InstanceType": one["instanceType"],
                "InitialVariantWeight": one["weight"],
                "InitialInstanceCount": counts.get(one["name"], count_of(one)),
            }
            for one in wanted["variants"]
        ]
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants, Tags=tags()
        )

    def update(self, config: str, **rules: Any) -> None:
        self.attempt("update_endpoint", EndpointName="reviews", EndpointConfigName=config, **rules)

    def weigh(self, **weights: int) -> None:
        changes = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
        self.attempt(
            "update_endpoint_weights_and_capacities",
            EndpointName="reviews",
            DesiredWeightsAndCapacities=changes,
        )

    def count(self, variant: str, count: int) -> None:
        changes = [{"VariantName": variant, "DesiredInstanceCount": count}]
        self.attempt(
            "update_endpoint_weights_and_capacities",
            EndpointName="reviews",
            DesiredWeightsAndCapacities=changes,
        )

    def register(self, variant: str, *, minimum: int = 1, maximum: int = 4, **more: Any) -> None:
        self.scaling.register_scalable_target(
            **target(variant), MinCapacity=minimum, MaxCapacity=maximum, **more
        )

    def put_policy(self, variant: str, name: str = "invocations") -> None:
        self.scaling.put_scaling_policy(
            **target(variant),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )

    def put_steps(self, variant: str, name: str = "burst") -> str:
        """Put a step policy, and return its ARN."""
        put = self.scaling.put_scaling_policy(
            **target(variant),
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration=STEPS_IN_AWS,
        )
        return str(put["PolicyARN"])

    def delete_policy(self, variant: str, name: str = "invocations") -> None:
        self.scaling.delete_scaling_policy(**target(variant), PolicyName=name)

    def put_alarm(self, action: str, name: str = ALARM_NAME, **changes: Any) -> None:
        self.cloudwatch.put_metric_alarm(**alarm(action, name, **changes))

    def schedule(self, variant: str, name: str, schedule: str, **bounds: int) -> None:
        self.scaling.put_scheduled_action(**scheduled(variant, name, schedule, **bounds))

    def delete_action(self, variant: str, name: str) -> None:
        self.scaling.delete_scheduled_action(**target(variant), ScheduledActionName=name)

    def deregister(self, variant: str) -> None:
        self.scaling.deregister_scalable_target(**target(variant))

    def attempt(self, operation: str, **params: Any) -> None:
        """Send a request that AWS may refuse."""
        try:
            getattr(self.sagemaker, operation)(**params)
        except ClientError as error:
            self.refused = str(error)

    def read(self) -> None:
        """Read all that there is of the endpoint."""
        self.attempt("describe_endpoint", EndpointName="reviews")
        endpoint = self.live()
        if endpoint:
            self.attempt("describe_endpoint_config", EndpointConfigName=endpoint["config"])
            self.sagemaker.list_tags(ResourceArn=ARN)
        self.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
        self.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        if self.reads_all:
            self.scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
            self.cloudwatch.describe_alarms()

    def poll(self, *, minutes: float) -> None:
        """Read every half minute."""
        for _ in range(int(minutes * 2)):
            self.aws.advance(seconds=30)
            self.read()

    def settle(self) -> None:
        """Wait until what was asked for is there, and read it."""
        self.aws.advance(minutes=15)
        self.read()

    # What is there.

    def live(self) -> dict[str, Any]:
        state = self.aws.state().get("123456789012/us-east-1", {})
        found: dict[str, Any] = state.get("endpoints", {}).get("reviews", {})
        return found

    def violations(self) -> list[Violation]:
        self.monitor.catch_up()
        return self.monitor.judge.violations

    def found(self) -> list[str]:
        """The numbers of the rules that were broken."""
        return [violation.rule for violation in self.violations()]

    def found_at_rest(self) -> list[str]:
        self.monitor.catch_up()
        self.monitor.judge.judge_rest()
        return self.found()


def target(variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/reviews/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def scheduled(variant: str, name: str, schedule: str, **bounds: int) -> dict[str, Any]:
    """A request for a scheduled action."""
    action = {"MinCapacity": bounds.get("minimum"), "MaxCapacity": bounds.get("maximum")}
    return {
        **target(variant),
        "ScheduledActionName": name,
        "Schedule": schedule,
        "ScalableTargetAction": {key: value for key, value in action.items() if value is not None},
    }


def alarm(action: str, name: str = ALARM_NAME, **changes: Any) -> dict[str, Any]:
    """A request for an alarm."""
    return {
        "AlarmName": name,
        "AlarmActions": [action],
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "EndpointName", "Value": "reviews"}],
        "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 100.0,
        "Period": 60,
        "EvaluationPeriods": 1,
        **changes,
    }


def count_of(variant: Spec) -> int:
    found: int = variant.get("instanceCount") or variant["autoscaling"]["minCapacity"]
    return found
