"""SageMaker's part of the state: what a test compares, without times and random ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Region, state_section
from sandbox.aws.engine.sagemaker.store import store_of

if TYPE_CHECKING:
    from sandbox.aws.engine.records import Endpoint, Variant


@state_section("models")
def _models(region: Region) -> JSON:
    return {model.name: dict(model.request) for model in store_of(region).models.all()}


@state_section("endpointConfigs")
def _configs(region: Region) -> JSON:
    return {config.name: dict(config.request) for config in store_of(region).configs.all()}


def _variant(variant: Variant) -> JSON:
    return {
        "model": variant.model.name,
        "instanceType": variant.instance_type,
        "currentWeight": variant.current_weight,
        "desiredWeight": variant.desired_weight,
        "currentInstanceCount": variant.current_instance_count,
        "desiredInstanceCount": variant.desired_instance_count,
    }


def _endpoint(endpoint: Endpoint) -> JSON:
    return {
        "status": endpoint.status.value,
        "config": endpoint.config_name,
        "pendingConfig": endpoint.pending.config_name if endpoint.pending else "",
        "failureReason": endpoint.failure_reason,
        "variants": {variant.name: _variant(variant) for variant in endpoint.variants},
    }


@state_section("endpoints")
def _endpoints(region: Region) -> JSON:
    return {endpoint.name: _endpoint(endpoint) for endpoint in store_of(region).endpoints.all()}


@state_section("tags")
def _tags(region: Region) -> JSON:
    store = store_of(region)
    arns = [one.arn for one in store.models.all()]
    arns += [one.arn for one in store.configs.all()]
    arns += [one.arn for one in store.endpoints.all()]
    found = {arn: dict(store.tags.get(arn) or ()) for arn in arns}
    return {arn: tags for arn, tags in found.items() if tags}
