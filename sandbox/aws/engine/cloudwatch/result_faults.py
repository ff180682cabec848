"""Results of GetMetricData that fail on order while the call itself succeeds.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html (StatusCode)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.reading import ENDPOINT, VARIANT
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import JSON, Call

    Query = Mapping[str, Any]


class ResultStatus(StrEnum):
    COMPLETE = "Complete"
    PARTIAL_DATA = "PartialData"
    INTERNAL_ERROR = "InternalError"
    FORBIDDEN = "Forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFault:
    """The status that results are to have; names take ``*``, and an expression has no metric."""

    status: str
    query: str = "*"
    metric: str = "*"
    endpoint: str = "*"
    variant: str = "*"

    def fits(self, query: Query) -> bool:
        metric = query.get("MetricStat", {}).get("Metric", {})
        dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
        named = {
            self.query: query["Id"],
            self.metric: metric.get("MetricName", ""),
            self.endpoint: dimensions.get(ENDPOINT, ""),
            self.variant: dimensions.get(VARIANT, ""),
        }
        return all(fnmatchcase(name, pattern) for pattern, name in named.items())


@dataclass(frozen=True, slots=True)
class Cut:
    """How many values a result has, its status, and whether the NextToken leads to the rest of them."""

    values: int
    status: ResultStatus
    continues: bool


def whole(values: int) -> Cut:
    """Return a result that has all its values."""
    return Cut(values, ResultStatus.COMPLETE, continues=False)


def cut(call: Call, query: Query, values: int) -> Cut:
    """Return what a result with so many values becomes under the faults that were ordered."""
    status = next((ResultStatus(fault.status) for fault in call.result_faults if fault.fits(query)), None)
    if status is None:
        return whole(values)
    if status is ResultStatus.FORBIDDEN:
        return Cut(0, status, continues=False)
    if status is ResultStatus.PARTIAL_DATA:
        return _partial(call, values)
    error = call.ledger.value("cloudwatch.result-error")
    return Cut(values // 2 if error["values"] else 0, status, continues=error["token"])


@holds("cloudwatch.result-partial")
def _partial(call: Call, values: int) -> Cut:
    computed = any("Expression" in query for query in call.params["MetricDataQueries"])
    return Cut(values // 2, ResultStatus.PARTIAL_DATA, continues=not computed)


def messages(call: Call, status: ResultStatus) -> JSON:
    """Return the member that tells why a result failed, if there is one."""
    text = call.ledger.value("cloudwatch.result-messages").get(status.value)
    return {"Messages": [{"Code": status.value, "Value": text}]} if text else {}
