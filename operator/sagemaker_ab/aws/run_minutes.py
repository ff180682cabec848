"""Reads the minutes of many runs, call by call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sagemaker_ab.aws.cloudwatch import MAX_QUERIES, MinuteValues, read_minutes
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.run_minutes import MinuteRange
from sagemaker_ab.planning.variant_metrics import Query


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The error of a call, and its queries."""

    error: AwsError
    queries: frozenset[Query]


def read_until_failure(
    clients: AwsClients, minutes: MinuteRange, queries: Sequence[Query]
) -> tuple[MinuteValues, FailedCall | None]:
    """Read each query's values in these minutes, up to the first call that fails.

    What earlier calls returned is not asked and paid for again.
    """
    values: dict[Query, Mapping[int, float]] = {}
    failed: dict[Query, str] = {}
    for first in range(0, len(queries), MAX_QUERIES):
        call = queries[first : first + MAX_QUERIES]
        try:
            answer = read_minutes(clients, minutes, call)
        except AwsError as error:
            return MinuteValues(values, failed), FailedCall(error, frozenset(call))
        values |= answer.values
        failed |= answer.failed
    return MinuteValues(values, failed), None
