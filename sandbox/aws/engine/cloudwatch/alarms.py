"""DescribeAlarms and the state of an alarm: metric alarms, and those that target tracking keeps.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.records import HIGH_RESOLUTION
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.autoscaling.tracked_metric import shown
from sandbox.aws.engine.cloudwatch.alarm_store import DESCRIBED, AlarmStore
from sandbox.aws.engine.core import operation
from sandbox.aws.engine.pages import ForeignTokenError, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.autoscaling.records import ScalingPolicy
    from sandbox.aws.engine.cloudwatch.alarm_state import AlarmStatus
    from sandbox.aws.engine.cloudwatch.alarm_store import MetricAlarm
    from sandbox.aws.engine.core import JSON, Call, Region


def alarm_state(region: Region, name: str) -> str | None:
    """Return an alarm's state now: OK, ALARM or INSUFFICIENT_DATA; None if there is no such alarm."""
    found = region.store(AlarmStore).statuses.get(name) or region.store(AutoScalingStore).alarm(name)
    return str(found.state) if found else None


@operation("cloudwatch", "DescribeAlarms", stale=False)
def describe_alarms(call: Call) -> JSON:
    if call.params.get("AlarmNames") and call.params.get("AlarmNamePrefix"):
        raise call.refuse("cloudwatch.alarm-names-and-prefix")
    kinds = call.params.get("AlarmTypes", ["MetricAlarm"])
    every = _alarms(call.region) if "MetricAlarm" in kinds else ()
    found = sorted(
        (alarm for alarm in every if _wanted(call, alarm)), key=lambda alarm: str(alarm["AlarmName"])
    )
    size = call.params.get("MaxRecords", call.ledger.value("cloudwatch.alarm-page"))
    try:
        some, following = page(found, call.params, size=size)
    except ForeignTokenError:
        raise call.refuse("cloudwatch.next-token") from None
    return {"MetricAlarms": list(some), "CompositeAlarms": [], **following}


def _wanted(call: Call, alarm: JSON) -> bool:
    names, state = call.params.get("AlarmNames"), call.params.get("StateValue")
    actions = call.params.get("ActionPrefix", "")
    return (
        (not names or alarm["AlarmName"] in names)
        and alarm["AlarmName"].startswith(call.params.get("AlarmNamePrefix", ""))
        and state in {None, alarm["StateValue"]}
        and (not actions or any(action.startswith(actions) for action in _actions(alarm)))
    )


def _actions(alarm: JSON) -> Iterator[str]:
    for key in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        yield from alarm[key]


def _alarms(region: Region) -> Iterator[JSON]:
    store = region.store(AlarmStore)
    for alarm in store.alarms.values():
        yield _metric_alarm(alarm, store.statuses[alarm.name])
    yield from _tracking_alarms(region)


def _metric_alarm(alarm: MetricAlarm, status: AlarmStatus) -> JSON:
    given = {key: alarm.config[key] for key in DESCRIBED if key in alarm.config}
    none: JSON = {"OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
    dimensions: JSON = {} if "Metrics" in given else {"Dimensions": []}
    return {
        **none,
        **dimensions,
        **given,
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured,
        "ActionsEnabled": alarm.enabled,
        "StateValue": str(status.state),
        "StateReason": status.reason,
        **({"StateReasonData": status.data} if status.data else {}),
        "StateUpdatedTimestamp": status.since,
        "StateTransitionedTimestamp": status.since,
    }


def _tracking_alarms(region: Region) -> Iterator[JSON]:
    store = region.store(AutoScalingStore)
    minutes_high = region.ledger.value("autoscaling.alarm-high")
    minutes_fine = region.ledger.value("autoscaling.alarm-high-resolution")
    minutes_low = region.ledger.value("autoscaling.alarm-low")
    share = region.ledger.value("autoscaling.low-threshold")
    for policy in (policy for policy in store.policies.all() if policy.tracks):
        tracker, kept = store.trackers[policy.arn], store.alarms_of(policy)
        if policy.alarm_high in kept:
            yield {
                **_common(region, policy, policy.alarm_high, tracker.high),
                "EvaluationPeriods": minutes_fine if policy.predefined == HIGH_RESOLUTION else minutes_high,
                "Threshold": policy.target_value,
                "ComparisonOperator": "GreaterThanThreshold",
            }
        if policy.alarm_low in kept:
            yield {
                **_common(region, policy, policy.alarm_low, tracker.low),
                "EvaluationPeriods": minutes_low,
                "Threshold": share * policy.target_value,
                "ComparisonOperator": "LessThanThreshold",
            }


def _common(region: Region, policy: ScalingPolicy, name: str, alarm: AlarmStatus) -> JSON:
    return {
        "AlarmName": name,
        "AlarmArn": region.arn("cloudwatch", f"alarm:{name}"),
        "AlarmDescription": region.ledger.text("autoscaling.alarm-description", policy=policy.arn),
        "AlarmConfigurationUpdatedTimestamp": policy.created,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [policy.arn],
        "InsufficientDataActions": [],
        "StateValue": str(alarm.state),
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": max(alarm.since, policy.created),
        **shown(policy),
    }
