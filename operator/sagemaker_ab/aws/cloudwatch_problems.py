"""The problems that the user sees when CloudWatch cannot be read."""

from collections.abc import Set as AbstractSet

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.planning.problem import Problem


def call_problem(error: AwsError, *, failures: int) -> Problem | None:
    """Return the problem of a call that failed for the `failures`-th time in a row.

    A transient failure is no problem until it repeats.
    """
    failure = error.failure
    if failures == 1 and not failure.kind.stalls:
        return None
    message = f"CloudWatch could not be read: {failure.message}"
    return Problem(failure.kind.reason, message, stalled=failure.kind.stalls)


def query_problem(codes: AbstractSet[str]) -> Problem:
    """Return the problem of an endpoint of which CloudWatch answered queries with these status codes."""
    message = f"CloudWatch answered metrics of this endpoint with {', '.join(sorted(codes))}; retrying"
    if "Forbidden" in codes:
        return Problem(Reason.ACCESS_DENIED, message)
    return Problem(Reason.RETRYING, message, stalled=False)
