"""Invokes an endpoint with a JSON Lines body, as the SageMaker SDK's JSONLinesSerializer sends it.

API: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagemaker_ab.aws.failures import classified

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

JSON_LINES = "application/jsonlines"
# The maximum size of Body in the API reference.
MAX_BODY_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A variant's response, and how many seconds the caller waited for the complete body."""

    variant: str
    body: str
    seconds: float


def invoke(
    runtime: "SageMakerRuntimeClient", *, endpoint_name: str, body: bytes, variant: str | None = None
) -> Answer:
    """Send one request to `variant`, or to a variant that the endpoint picks by weight.

    Raises AwsError if AWS refuses the request, the model fails or no response arrives.
    """
    target = {} if variant is None else {"TargetVariant": variant}
    started = time.perf_counter()
    with classified():
        response = runtime.invoke_endpoint(
            EndpointName=endpoint_name, Body=body, ContentType=JSON_LINES, Accept=JSON_LINES, **target
        )
        answer = response["Body"].read()
    return Answer(
        variant=response["InvokedProductionVariant"],
        body=answer.decode(errors="replace"),
        seconds=time.perf_counter() - started,
    )
