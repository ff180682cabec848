"""Turns a failed AWS call into the problem that the user sees."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import Failure, FailureKind
from sagemaker_ab.planning.problem import Problem

_MOST_NOT_FOUND = 3
"""AWS may not find an object that was just created. After this many failures in a row, it does not exist."""

_MOST_TRANSIENT = 10
"""A failure that repeats this often is not transient: the address may be unreachable, for example."""


def to_problem(failure: Failure, message: str, *, failures: int) -> Problem:
    """Return the problem that a failure causes after `failures` earlier ones in a row."""
    if failure.kind.stalls:
        return Problem(failure.kind.reason, message)
    if failure.kind is FailureKind.GONE and failures >= _MOST_NOT_FOUND:
        return Problem(Reason.REFUSED, message)
    return Problem(failure.kind.reason, message, stalled=failures >= _MOST_TRANSIENT, transient=True)
