"""Reads CloudWatch alarms: those of given names, and those whose names begin with a prefix.

API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients

_MOST_NAMES: Final = 100
"""The size of AlarmNames in the API reference."""
_MEMBERS: Final = (
    *("ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "AlarmDescription"),
    *("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "Metrics"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
)
"""The members of DescribeAlarms that PutMetricAlarm takes."""


def describe_alarms(clients: AwsClients, names: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the alarms that exist, with one call for each 100 names, as the members of PutMetricAlarm."""
    ordered = sorted(names)
    for first in range(0, len(ordered), _MOST_NAMES):
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNames=ordered[first : first + _MOST_NAMES], AlarmTypes=["MetricAlarm"]
        )
        for page in pages:
            for alarm in page["MetricAlarms"]:
                members: Mapping[str, Any] = alarm
                yield (
                    alarm["AlarmName"],
                    {key: members[key] for key in _MEMBERS if members.get(key) not in (None, "", [])},
                )


@classified()
def list_alarms(clients: AwsClients, prefix: str) -> frozenset[str]:
    """Return the names of all alarms that begin with a prefix. Raises AwsError."""
    pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"]
    )
    return frozenset(alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"])
