"""DescribeEndpoint and ListEndpoints: how an endpoint reads.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.engine.sagemaker.endpoints import found_endpoint
from sandbox.aws.engine.sagemaker.listing import listed
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.records import DeployedImage, Endpoint, PendingDeployment, Variant, VariantPhase


def _image(image: DeployedImage) -> JSON:
    return {
        "SpecifiedImage": image.specified,
        "ResolvedImage": image.resolved,
        "ResolutionTime": image.resolved_at,
    }


def _phase(phase: VariantPhase) -> JSON:
    answer: JSON = {"Status": phase.status, "StartTime": phase.since}
    return answer | ({"StatusMessage": phase.message} if phase.message else {})


def _variant(variant: Variant) -> JSON:
    answer: JSON = {
        "VariantName": variant.name,
        "DeployedImages": [_image(image) for image in variant.images],
        "CurrentWeight": variant.current_weight,
        "DesiredWeight": variant.desired_weight,
        "CurrentInstanceCount": variant.current_instance_count,
        "DesiredInstanceCount": variant.desired_instance_count,
    }
    return answer | ({"VariantStatus": [_phase(one) for one in variant.phases]} if variant.phases else {})


def _coming(variant: Variant) -> JSON:
    return _variant(variant) | {"InstanceType": variant.instance_type}


def _pending(pending: PendingDeployment) -> JSON:
    return {
        "EndpointConfigName": pending.config_name,
        "ProductionVariants": [_coming(variant) for variant in pending.variants],
        "StartTime": pending.started,
    }


def _config_name(call: Call, endpoint: Endpoint) -> JSON:
    failed = endpoint.status is EndpointStatus.FAILED
    if failed and call.ledger.value("sm.endpoint.failed-config-name") == "absent":
        return {}
    return {"EndpointConfigName": endpoint.config_name}


@holds("sm.endpoint.data-capture")
def _capture(call: Call, capture: Mapping[str, Any]) -> JSON:
    enabled = capture.get("EnableCapture", call.ledger.value("sm.config.capture-default"))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


@operation("sagemaker", "DescribeEndpoint", resource="EndpointName")
@holds("sm.endpoint.pending-deployment", "sm.endpoint.no-tags-in-describe")
def describe_endpoint(call: Call) -> JSON:
    endpoint = found_endpoint(call.region, call.params["EndpointName"], call.as_of)
    answer: JSON = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointStatus": endpoint.status.value,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    answer |= _config_name(call, endpoint)
    if endpoint.variants:
        answer["ProductionVariants"] = [_variant(variant) for variant in endpoint.variants]
    if endpoint.capture is not None:
        answer["DataCaptureConfig"] = _capture(call, endpoint.capture)
    if endpoint.failure_reason:
        answer["FailureReason"] = endpoint.failure_reason
    if endpoint.pending is not None:
        answer["PendingDeploymentSummary"] = _pending(endpoint.pending)
    if endpoint.deployment is not None:
        answer["LastDeploymentConfig"] = endpoint.deployment
    return answer


@operation("sagemaker", "ListEndpoints")
def list_endpoints(call: Call) -> JSON:
    found, token = listed(call, store_of(call.region).endpoints.all(call.as_of))
    endpoints = [
        {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "CreationTime": endpoint.created,
            "LastModifiedTime": endpoint.modified,
            "EndpointStatus": endpoint.status.value,
        }
        for endpoint in found
    ]
    return {"Endpoints": endpoints} | token
