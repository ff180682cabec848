"""The services that are simulated, and botocore's models of them, loaded when first needed."""

from __future__ import annotations

import functools

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

TARGET_PREFIXES = {
    "SageMaker": "sagemaker",
    "AnyScaleFrontendService": "application-autoscaling",
    "GraniteServiceVersion20100801": "cloudwatch",
    "Logs_20140328": "logs",
    "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi",
}
"""``X-Amz-Target`` up to the dot, for the JSON protocols, and the service in the path for rpc-v2-cbor."""

QUERY_SIGNING_NAMES = {"sts": "sts", "monitoring": "cloudwatch"}
"""Signing name, for the query protocol, whose requests do not name their service."""

REST_SERVICE = "sagemaker-runtime"


@functools.cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation_model(service: str, operation: str) -> OperationModel | None:
    """Return botocore's model of an operation, or None if AWS has no such operation."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None
