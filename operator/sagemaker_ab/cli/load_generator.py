"""Sends one request many times, with several requests in flight."""

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.runtime import invoke
from sagemaker_ab.cli.load_report import RequestResult

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An InvokeEndpoint request; `variant` is None when the weights pick the variant."""

    runtime: "SageMakerRuntimeClient"
    endpoint_name: str
    body: bytes
    variant: str | None


def send_requests(request: Request, *, times: int, concurrency: int) -> Iterator[RequestResult]:
    """Send the request `times` times, `concurrency` at once, and yield each result as it finishes.

    When the caller stops early, no further request is sent, and responses in flight are not awaited: a model
    may take a minute.
    """
    pool = ThreadPoolExecutor(max_workers=concurrency)
    in_flight = {pool.submit(_invoke, request) for _ in range(min(times, concurrency))}
    unsent = times - len(in_flight)
    try:
        while in_flight:
            done, in_flight = wait(in_flight, return_when=FIRST_COMPLETED)
            more = min(unsent, len(done))
            in_flight |= {pool.submit(_invoke, request) for _ in range(more)}
            unsent -= more
            yield from (future.result() for future in done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _invoke(request: Request) -> RequestResult:
    started = time.perf_counter()
    try:
        answer = invoke(
            request.runtime,
            endpoint_name=request.endpoint_name,
            body=request.body,
            variant=request.variant,
        )
    except AwsError as error:
        seconds = time.perf_counter() - started
        return RequestResult(variant=request.variant, seconds=seconds, error=str(error))
    return RequestResult(variant=answer.variant, seconds=answer.seconds)
