"""A small vocabulary for worlds: a spec, what AWS holds of it, and what a plan says about the two."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sagemaker_ab.api.resource import parse_spec
from sagemaker_ab.planning.desired import Desired, DesiredVariant, desired
from sagemaker_ab.planning.desired_scaling import TARGET_TRACKING, DesiredPolicy
from sagemaker_ab.planning.intended_traffic import IntendedTraffic, manual_traffic
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    Observed,
    ObservedConfig,
    ObservedEndpoint,
    ObservedVariant,
)
from sagemaker_ab.planning.observed_scaling import ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.plan import plan
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling_records import ScalingRecord, follow_scaling
from sagemaker_ab.planning.steps import Plan

OWNER = Owner("cluster-1", "ml", "reviews", "uid-1")
NOW = 1_700_000_000.0

Spec = dict[str, Any]


def spec(**changes: Any) -> Spec:
    """The notebook's endpoint: two models, two variants, half of the traffic each."""

    def model(name: str) -> Spec:
        url = f"s3://bucket/{name}/model.tar.gz"
        return {
            "name": name,
            "primaryContainer": {
                "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1",
                "modelDataUrl": url,
            },
        }

    def variant(name: str, model: str) -> Spec:
        return {
            "name": name,
            "model": model,
            "instanceType": "ml.m5.large",
            "instanceCount": 1,
            "weight": 50,
        }

    return {
        "endpointName": "reviews",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "models": [model("bert-a"), model("bert-b")],
        "variants": [variant("VariantA", "bert-a"), variant("VariantB", "bert-b")],
        **changes,
    }


def with_variant(spec: Spec, which: str, /, **changes: Any) -> Spec:
    """The same spec with one variant changed; a change to None takes a field away."""
    variants = [
        {k: v for k, v in {**item, **changes}.items() if v is not None} if item["name"] == which else item
        for item in spec["variants"]
    ]
    return {**spec, "variants": variants}


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


def want(spec: Spec, *, traffic: IntendedTraffic | None = None, **changes: Any) -> Desired:
    """What AWS should hold for a spec; `traffic` is what a strategy chose, if not the spec."""
    parsed = parse_spec(spec)
    intended = traffic or manual_traffic(parsed)
    return desired(parsed, owner=OWNER, region="us-east-1", traffic=intended, **changes)


def world(wanted: Desired, **changes: Any) -> Observed:
    """AWS just as `wanted` has it, but for the changes to the endpoint."""
    variants = tuple(
        ObservedVariant(v.name, weight, weight, v.instance_count, v.instance_count)
        for v, weight in zip(wanted.variants, wanted.weights.values(), strict=True)
    )
    endpoint = ObservedEndpoint(
        arn="arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews",
        status=EndpointStatus.IN_SERVICE,
        config_name=wanted.config_name,
        last_modified=NOW - 1000,
        variants=variants,
        tags=wanted.all_tags,
    )
    targets = {v.name: target_of(v) for v in wanted.variants if v.scaling}
    return Observed(
        now=NOW,
        read_at=NOW,
        endpoint=replace(endpoint, **changes),
        config_in_use=ObservedConfig(wanted.config_name, wanted.config_content),
        targets=targets,
        alarms={
            name: {}
            for target in targets.values()
            for policy in target.policies.values()
            for name in policy.alarms
        },
    )


def target_of(variant: DesiredVariant) -> ObservedTarget:
    """The scalable target that the variant should have, as AWS shows it."""
    assert variant.scaling
    return ObservedTarget(
        variant.scaling.bounds.minimum,
        variant.scaling.bounds.maximum,
        {policy.name: held(variant.name, policy) for policy in variant.scaling.policies},
    )


def held(variant: str, policy: DesiredPolicy) -> ObservedPolicy:
    """A policy as AWS holds it, with the alarms that AWS makes for target tracking."""
    arn = f"arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:policyName/{policy.name}"
    names = [f"TargetTracking-endpoint/reviews/variant/{variant}-Alarm{which}" for which in ("High", "Low")]
    alarms = tuple(names) if policy.type == TARGET_TRACKING else ()
    return ObservedPolicy(policy.type, policy.configuration, arn, alarms)


def recorded(wanted: Desired) -> Mapping[str, ScalingRecord]:
    """What status keeps of the autoscaling of a resource that AWS holds as desired."""
    return follow_scaling({}, wanted, world(wanted), {}, settled=True)


def planned(wanted: Desired, observed: Observed, **remembered: Any) -> Plan:
    """The plan of a reconcile that remembers this much."""
    return plan(wanted, observed, Remembered(**remembered))


def nothing() -> Observed:
    """AWS without anything of ours."""
    return Observed(now=NOW, read_at=NOW)


def operations(plan: Plan) -> list[str]:
    """The AWS operations of a plan, step by step; of a plan with a rollout, the rollout's."""
    steps = plan.rollout or plan.steps
    return [command.operation for step in steps for command in step.commands]


def request(plan: Plan, operation: str) -> Mapping[str, Any]:
    """The request of the first command of that operation."""
    return next(c.request for step in plan.steps for c in step.commands if c.operation == operation)


def chosen(baseline: int, candidate: int, **more: Any) -> IntendedTraffic:
    """The traffic that a run has chosen: VariantA is the baseline, and a new config gives it everything."""
    members: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, set) else value for name, value in more.items()
    }
    return IntendedTraffic(
        weights={"VariantA": baseline, "VariantB": candidate},
        initial_weights={"VariantA": 100, "VariantB": 0},
        run="0123456789-1",
        **members,
    )
