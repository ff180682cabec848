"""SageMaker endpoint configurations: immutable, and checked against what may stand together.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.records import EndpointConfig
from sandbox.aws.engine.sagemaker.listing import listed
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.sagemaker.tags import merged
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHER_KINDS = (
    "AsyncInferenceConfig",
    "CrossRegionTrafficConfig",
    "ExplainerConfig",
    "MetricsConfig",
    "ShadowProductionVariants",
)
_OTHER_VARIANTS = (
    "AcceleratorPartitionLayouts",
    "CapacityReservationConfig",
    "InstancePools",
    "ServerlessConfig",
)


def _check_variant(call: Call, variant: Mapping[str, Any]) -> None:
    for member in _OTHER_VARIANTS:
        if member in variant:
            raise call.refuse("sim.not-implemented", what=f"ProductionVariant.{member}")
    if "ManagedInstanceScaling" in variant:
        raise call.refuse("sm.config.managed-scaling")
    for member in ("ModelName", "InstanceType", "InitialInstanceCount"):
        if member not in variant:
            raise call.refuse("sm.config.variant-incomplete", variant=variant["VariantName"], member=member)
    if store_of(call.region).model(variant["ModelName"]) is None:
        raise call.refuse("sm.model.not-found", arn=arn_of(call.region, "model", variant["ModelName"]))


def _with_defaults(call: Call, variant: Mapping[str, Any]) -> JSON:
    return {"InitialVariantWeight": call.ledger.value("sm.config.weight-default")} | dict(variant)


def _check_variants(call: Call, variants: list[JSON]) -> None:
    names = [variant["VariantName"] for variant in variants]
    for name in names:
        if names.count(name) > 1:
            raise call.refuse("sm.config.variant-twice", variant=name)
    for variant in variants:
        _check_variant(call, variant)
    idle = sum(variant["InitialVariantWeight"] for variant in variants) == 0
    if idle and call.ledger.value("sm.weights.all-zero") == "refuse":
        raise call.refuse("sm.weights.all-zero-text")


@operation("sagemaker", "CreateEndpointConfig", write=True, resource="EndpointConfigName")
def create_endpoint_config(call: Call) -> JSON:
    name = call.params["EndpointConfigName"]
    store, arn = store_of(call.region), arn_of(call.region, "endpoint-config", name)
    for member in _OTHER_KINDS:
        if member in call.params:
            raise call.refuse("sim.not-implemented", what=member)
    if store.config(name):
        raise call.refuse("sm.config.exists", arn=arn)
    variants = [_with_defaults(call, variant) for variant in call.params["ProductionVariants"]]
    _check_variants(call, variants)
    tags = merged(call, (), call.params.get("Tags", ()))
    request = {key: value for key, value in call.params.items() if key != "Tags"}
    request["ProductionVariants"] = variants
    config = EndpointConfig(name=name, arn=arn, created=call.now, request=request)
    store.configs.put(name.lower(), config)
    store.tags.put(arn, tags)
    return {"EndpointConfigArn": arn}


@operation("sagemaker", "DescribeEndpointConfig", resource="EndpointConfigName")
def describe_endpoint_config(call: Call) -> JSON:
    config = _found(call, call.as_of)
    answer: JSON = {"EndpointConfigArn": config.arn, "CreationTime": config.created}
    if call.ledger.value("sm.config.reads-back") != "bare":
        answer["EnableNetworkIsolation"] = False
    answer |= config.request
    added = call.ledger.value("sm.config.variants-read-back")
    answer["ProductionVariants"] = [added | dict(variant) for variant in config.variants]
    if config.capture is not None:
        answer["DataCaptureConfig"] = call.ledger.value("sm.config.capture-reads-back") | dict(config.capture)
    return answer


@operation("sagemaker", "DeleteEndpointConfig", write=True, resource="EndpointConfigName")
@holds("sm.config.delete-unprotected")
def delete_endpoint_config(call: Call) -> JSON:
    config = _found(call, call.now)
    store = store_of(call.region)
    store.configs.drop(config.name.lower())
    store.tags.drop(config.arn)
    return {}


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(call: Call) -> JSON:
    found, token = listed(call, store_of(call.region).configs.all(call.as_of))
    configs = [
        {"EndpointConfigName": one.name, "EndpointConfigArn": one.arn, "CreationTime": one.created}
        for one in found
    ]
    return {"EndpointConfigs": configs} | token


def _found(call: Call, at: float) -> EndpointConfig:
    name = call.params["EndpointConfigName"]
    config = store_of(call.region).config(name, at)
    if config is None:
        raise call.refuse("sm.config.not-found", arn=arn_of(call.region, "endpoint-config", name))
    return config
