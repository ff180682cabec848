"""Metric alarms: putting, deleting, setting, and switching their actions on and off.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.cloudwatch.alarm_evaluation import COMPARISONS, act, watch
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState, Missing
from sandbox.aws.engine.cloudwatch.alarm_store import AlarmStore, MetricAlarm
from sandbox.aws.engine.cloudwatch.calculation import refusal
from sandbox.aws.engine.cloudwatch.reading import MINUTE
from sandbox.aws.engine.core import operation, state_section
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import JSON, Call, Region

_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_OTHER_KINDS = ("ThresholdMetricId", "EvaluationCriteria", "EvaluationWindow", "WarmUpConfiguration")
_SHORT_PERIODS = frozenset({10, 20, 30})


@operation("cloudwatch", "PutMetricAlarm", write=True, resource="AlarmName")
@holds("cloudwatch.alarm-put")
def put_metric_alarm(call: Call) -> JSON:
    name = call.params["AlarmName"]
    _check_ours(call, name)
    for key in _OTHER_KINDS:
        if key in call.params:
            raise call.refuse("cloudwatch.alarm-kinds", what=key)
    problem = _problem(call.params)
    if problem:
        raise call.refuse("cloudwatch.alarm-parameters", problem=problem)
    alarm = MetricAlarm(
        name=name,
        arn=call.region.arn("cloudwatch", f"alarm:{name}"),
        config=call.params,
        configured=call.now,
        enabled=call.params.get("ActionsEnabled", True),
    )
    _check(call, alarm)
    call.region.store(AlarmStore).put(alarm)
    watch(call.region)
    return {}


def _check_ours(call: Call, name: str) -> None:
    if call.region.store(AutoScalingStore).alarm(name) is not None:
        raise call.refuse("cloudwatch.alarm-of-tracking", name=name)


def _problem(params: Mapping[str, Any]) -> str:
    """Say which parameter an alarm lacks or may not have; empty if it is well."""
    for key in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if key not in params:
            return f"The parameter {key} is required."
    if "Metrics" in params:
        both = [key for key in _ONE_METRIC if key in params]
        return (
            f"The parameters {both[0]} and Metrics cannot be used together." if both else _of_metrics(params)
        )
    for key in ("MetricName", "Namespace", "Period"):
        if key not in params:
            return f"The parameter {key} is required."
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        return "Exactly one of Statistic and ExtendedStatistic is required."
    return _of_choices(params)


def _of_metrics(params: Mapping[str, Any]) -> str:
    queries = params["Metrics"]
    if sum(query.get("ReturnData", True) for query in queries) != 1:
        return "Exactly one element of the metrics list should return data."
    if not any("MetricStat" in query for query in queries):
        return "The metrics list should contain a metric."
    return _of_choices(params)


def _of_choices(params: Mapping[str, Any]) -> str:
    if params.get("TreatMissingData", Missing.MISSING) not in set(Missing):
        return f"TreatMissingData is one of {', '.join(Missing)}."
    if params.get("EvaluateLowSampleCountPercentile", "evaluate") not in {"evaluate", "ignore"}:
        return "EvaluateLowSampleCountPercentile is one of evaluate, ignore."
    return ""


def _check(call: Call, alarm: MetricAlarm) -> None:
    if alarm.comparison not in COMPARISONS:
        raise call.refuse("cloudwatch.alarm-kinds", what=alarm.comparison)
    for query in alarm.queries:
        period = query.get("MetricStat", {}).get("Period", MINUTE)
        if period % MINUTE and period not in _SHORT_PERIODS:
            raise call.refuse("cloudwatch.period", period=period)
    wrong = refusal(call.region, alarm.queries)
    if wrong is not None:
        raise wrong
    if alarm.quorum.datapoints > alarm.quorum.periods:
        raise call.refuse("cloudwatch.alarm-datapoints")
    spans = call.ledger.value("cloudwatch.alarm-span")
    limit = next(limit for least, limit in spans if alarm.period >= least)
    if alarm.quorum.periods * alarm.period > limit:
        raise call.refuse("cloudwatch.alarm-span-text", limit=limit)


@operation("cloudwatch", "DeleteAlarms", write=True)
def delete_alarms(call: Call) -> JSON:
    names = call.params["AlarmNames"]
    missing = [name for name in dict.fromkeys(names) if not delete_alarm(call.region, name)]
    if missing and call.ledger.value("cloudwatch.alarm-delete-missing") == "refuse":
        raise call.refuse("cloudwatch.alarm-delete-missing-text", names=", ".join(missing))
    return {}


def delete_alarm(region: Region, name: str) -> bool:
    """Delete an alarm, also one that target tracking keeps; False when there is none of that name."""
    alarms, scaling = region.store(AlarmStore), region.store(AutoScalingStore)
    if name in alarms.alarms:
        alarms.drop(name)
    elif scaling.alarm(name) is not None:
        scaling.drop_alarm(name)
    else:
        return False
    return True


@operation("cloudwatch", "SetAlarmState", write=True, resource="AlarmName")
@holds("cloudwatch.alarm-set")
def set_alarm_state(call: Call) -> JSON:
    name, state = call.params["AlarmName"], AlarmState(call.params["StateValue"])
    values = _recent(call)
    store = call.region.store(AlarmStore)
    alarm = store.alarms.get(name)
    status = store.statuses.get(name) or call.region.store(AutoScalingStore).alarm(name)
    if status is None:
        raise call.refuse("cloudwatch.alarm-missing", name=name)
    changed = state is not status.state
    status.move(
        state, at=call.now, reason=call.params["StateReason"], data=call.params.get("StateReasonData", "")
    )
    if alarm is not None and changed:
        act(call.region, alarm, state, values, changed=True)
    return {}


def _recent(call: Call) -> list[float]:
    """Return the datapoints that the state's data tell, by which a scaling policy knows its step."""
    try:
        data = json.loads(call.params.get("StateReasonData") or "{}")
    except ValueError:
        raise call.refuse("cloudwatch.alarm-state-data") from None
    found = data.get("recentDatapoints", []) if isinstance(data, dict) else []
    return [float(value) for value in found if isinstance(value, int | float)]


@operation("cloudwatch", "EnableAlarmActions", write=True)
def enable_alarm_actions(call: Call) -> JSON:
    return _switch(call, enabled=True)


@operation("cloudwatch", "DisableAlarmActions", write=True)
def disable_alarm_actions(call: Call) -> JSON:
    return _switch(call, enabled=False)


@state_section("alarms")
def _state(region: Region) -> JSON:
    alarms = region.store(AlarmStore).alarms.values()
    return {alarm.name: {**alarm.config, "ActionsEnabled": alarm.enabled} for alarm in alarms}


def _switch(call: Call, *, enabled: bool) -> JSON:
    store = call.region.store(AlarmStore)
    for name in call.params["AlarmNames"]:
        _check_ours(call, name)
        if name in store.alarms:
            store.put(replace(store.alarms[name], enabled=enabled))
    return {}
