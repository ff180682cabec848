"""Reads what an export of a run needs: the weights that serve now, and the counts of its minutes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker_ab.aws.cloudwatch import read_minutes
from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.run_minutes import (
    CountsByMinute,
    MinuteRange,
    RunQueries,
    counts_by_minute,
    range_to_read,
)
from sagemaker_ab.planning.weight_history import WeightObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRun:
    """The counts of the minutes from `first` to `last`. Older minutes are no longer in CloudWatch.

    `failed` are the status codes of metrics that CloudWatch did not answer; with any, the counts are not
    complete.
    """

    counts: CountsByMinute
    first: int
    last: int
    failed: frozenset[str]


@classified()
def read_weights(clients: AwsClients, endpoint_name: str) -> WeightObservation:
    """Read the weights of an endpoint. Raises AwsError, also when there is no such endpoint."""
    began = clients.clock.local_clock()
    described = clients.sagemaker.describe_endpoint(EndpointName=endpoint_name)
    variants = described.get("ProductionVariants", [])
    return WeightObservation(
        began=clients.clock.at(began),
        ended=clients.clock.now(),
        current={each["VariantName"]: float(each.get("CurrentWeight", 0.0)) for each in variants},
        desired={each["VariantName"]: float(each.get("DesiredWeight", 0.0)) for each in variants},
        in_service=EndpointStatus(described["EndpointStatus"]) is EndpointStatus.IN_SERVICE,
        modified=described["LastModifiedTime"].timestamp(),
    )


def read_run(clients: AwsClients, queries: RunQueries, *, first: int, last: int | None) -> ReadRun | None:
    """Read the complete minutes from `first` to `last`, or to the newest one if `last` is None.

    Return None if there is none yet. Raises AwsError.
    """
    parts: list[MinuteRange] = []
    counts: CountsByMinute = {}
    failed: frozenset[str] = frozenset()
    while part := _next_part(parts, first=first, last=last, now=clients.clock.now()):
        answer = read_minutes(clients, part, list(queries))
        counts = {**counts, **counts_by_minute(queries, part, answer.values)}
        failed |= frozenset(answer.failed.values())
        parts.append(part)
    if not parts:
        return None
    return ReadRun(counts=counts, first=parts[0].first, last=parts[-1].last, failed=failed)


def _next_part(
    read: Sequence[MinuteRange], *, first: int, last: int | None, now: float
) -> MinuteRange | None:
    """Return the minutes to read after those that were read, or None if they are the last."""
    part = range_to_read(read[-1].last + 1 if read else first, now)
    if part is None or last is None:
        return part
    return None if part.first > last else MinuteRange(part.first, min(part.last, last))
