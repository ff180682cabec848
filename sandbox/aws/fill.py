"""Scenery: many endpoints with two autoscaled variants each, in service and idle, for benches and demos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sandbox.aws.engine.catalogue  # noqa: F401  importing it registers the operations
from sandbox.aws.engine.autoscaling.records import DIMENSION, METRIC_TYPE, NAMESPACE
from sandbox.aws.engine.core import OPERATIONS, Call
from sandbox.aws.http import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from sandbox.aws.engine.core import JSON, Engine, Region

LAUNCH_SECONDS = 900.0
"""Virtual seconds that go by until all are in service: longer than any endpoint without GPUs takes."""

_IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
_ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT}:role/sagemaker"
_VARIANTS = ("VariantA", "VariantB")


def fill(engine: Engine, *, endpoints: int, region: str = "us-east-1") -> None:
    """Bring so many endpoints into service, each of their variants autoscaled."""
    place = engine.region(DEFAULT_ACCOUNT, region)
    for number in range(endpoints):
        _deploy(place, number)
    engine.clock.advance(LAUNCH_SECONDS)
    for number in range(endpoints):
        for variant in _VARIANTS:
            _scale(place, number, variant)


def _call(region: Region, service: str, operation: str, **params: object) -> None:
    OPERATIONS[service, operation].handler(Call(region=region, params=params, as_of=region.clock.now()))


def _deploy(region: Region, number: int) -> None:
    for variant in _VARIANTS:
        container = {"Image": _IMAGE, "ModelDataUrl": f"s3://fill/{number}/{variant}/model.tar.gz"}
        _call(
            region,
            "sagemaker",
            "CreateModel",
            ModelName=_model(number, variant),
            ExecutionRoleArn=_ROLE,
            PrimaryContainer=container,
        )
    variants = [_variant(number, variant) for variant in _VARIANTS]
    _call(
        region,
        "sagemaker",
        "CreateEndpointConfig",
        EndpointConfigName=f"fill-{number}",
        ProductionVariants=variants,
    )
    _call(
        region,
        "sagemaker",
        "CreateEndpoint",
        EndpointName=f"fill-{number}",
        EndpointConfigName=f"fill-{number}",
    )


def _model(number: int, variant: str) -> str:
    return f"fill-{number}-{variant.lower()}"


def _variant(number: int, variant: str) -> JSON:
    return {
        "VariantName": variant,
        "ModelName": _model(number, variant),
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }


def _scale(region: Region, number: int, variant: str) -> None:
    service = "application-autoscaling"
    target = {
        "ServiceNamespace": NAMESPACE,
        "ScalableDimension": DIMENSION,
        "ResourceId": f"endpoint/fill-{number}/variant/{variant}",
    }
    tracking = {"TargetValue": 20.0, "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC_TYPE}}
    _call(region, service, "RegisterScalableTarget", **target, MinCapacity=1, MaxCapacity=4)
    _call(
        region,
        service,
        "PutScalingPolicy",
        **target,
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
