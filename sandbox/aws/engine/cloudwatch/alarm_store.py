"""The metric alarms of one account and region, as they were put, and the states that they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.alarm_state import AlarmStatus, Missing, Quorum
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.core import Region

DESCRIBED = (
    *("AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace"),
    *("Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods"),
    *("DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"),
    *("EvaluateLowSampleCountPercentile", "Metrics"),
)
"""What DescribeAlarms gives back as PutMetricAlarm was given it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAlarm:
    """An alarm as it was put; ``config`` is what PutMetricAlarm was given."""

    name: str
    arn: str
    config: Mapping[str, Any]
    configured: float
    enabled: bool

    @property
    def threshold(self) -> float:
        return float(self.config["Threshold"])

    @property
    def comparison(self) -> str:
        return str(self.config["ComparisonOperator"])

    @property
    def quorum(self) -> Quorum:
        periods = self.config["EvaluationPeriods"]
        return Quorum(
            datapoints=self.config.get("DatapointsToAlarm", periods),
            periods=periods,
            missing=Missing(self.config.get("TreatMissingData", Missing.MISSING)),
        )

    @property
    def queries(self) -> Sequence[Mapping[str, Any]]:
        """The alarm's Metrics, or its one metric as if it were given so."""
        config = self.config
        if "Metrics" in config:
            return tuple(config["Metrics"])
        metric = {key: config[key] for key in ("Namespace", "MetricName", "Dimensions") if key in config}
        unit = {"Unit": config["Unit"]} if "Unit" in config else {}
        stat = config.get("Statistic") or config["ExtendedStatistic"]
        return (
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": config["Period"], "Stat": stat, **unit}},
        )

    @property
    def watched(self) -> Mapping[str, Any]:
        """The query that the alarm looks at."""
        return next(query for query in self.queries if query.get("ReturnData", True))

    @property
    def period(self) -> int:
        """Seconds between two datapoints: of the coarsest metric, where there are several."""
        return max(int(query["MetricStat"]["Period"]) for query in self.queries if "MetricStat" in query)

    def actions(self, state: str) -> Sequence[str]:
        """Return the ARNs of what a state invokes."""
        key = {"ALARM": "AlarmActions", "OK": "OKActions"}.get(state, "InsufficientDataActions")
        return tuple(self.config.get(key, ())) if self.enabled else ()


class AlarmStore:
    """Alarms, their states and their tags, by name."""

    def __init__(self, region: Region) -> None:
        del region
        self.alarms: dict[str, MetricAlarm] = {}
        self.statuses: dict[str, AlarmStatus] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.ticking = False

    @holds("cloudwatch.alarm-tags")
    def put(self, alarm: MetricAlarm) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in alarm.config.get("Tags", ())}
        self.tags.setdefault(alarm.name, tags)
        self.alarms[alarm.name] = alarm
        self.statuses.setdefault(alarm.name, AlarmStatus(since=alarm.configured))

    def drop(self, name: str) -> None:
        del self.alarms[name], self.statuses[name], self.tags[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmActed:
    """An alarm invokes an action, by its ARN; ``values`` are the datapoints that breach, oldest first."""

    region: Region
    alarm: MetricAlarm
    action: str
    values: tuple[float, ...]
