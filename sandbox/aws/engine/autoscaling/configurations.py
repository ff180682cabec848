"""What kind of policy a request puts, and with which configuration; or why it is refused.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling import steps, tracked_metric
from sandbox.aws.engine.autoscaling.records import HIGH_RESOLUTION, METRIC_TYPE, PolicyType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.autoscaling.records import ScalingPolicy
    from sandbox.aws.engine.core import Call

CONFIGURATIONS = {
    PolicyType.TRACKING: "TargetTrackingScalingPolicyConfiguration",
    PolicyType.STEPS: "StepScalingPolicyConfiguration",
}
_PREDEFINED, _CUSTOMISED = "PredefinedMetricSpecification", "CustomizedMetricSpecification"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A policy's type and the configuration of that type."""

    type: PolicyType
    config: Mapping[str, Any]


def asked_for(call: Call, present: ScalingPolicy | None) -> Configuration:
    """Return what a request gives, or leaves as it is, or refuse it."""
    type_ = _type(call, present)
    config = call.params.get(CONFIGURATIONS[type_], present.config if present else None)
    if config is None:
        raise call.refuse("autoscaling.policy-parameters", problem=f"{CONFIGURATIONS[type_]} is required.")
    if type_ is PolicyType.STEPS:
        _check_steps(call, config)
    else:
        _check_tracking(call, config)
    return Configuration(type_, config)


def _type(call: Call, present: ScalingPolicy | None) -> PolicyType:
    asked = call.params.get("PolicyType", str(present.type) if present else "")
    if asked == "PredictiveScaling":
        raise call.refuse("autoscaling.predictive")
    if not asked:
        raise call.refuse("autoscaling.policy-parameters", problem="PolicyType is required.")
    if present and asked != present.type:
        raise call.refuse("autoscaling.policy-parameters", problem="The type of a policy cannot be changed.")
    return PolicyType(asked)


def _check_steps(call: Call, config: Mapping[str, Any]) -> None:
    limit = call.ledger.value("autoscaling.steps-per-policy")
    if len(config.get("StepAdjustments", ())) > limit:
        raise call.refuse("autoscaling.too-many-steps", limit=limit)
    problem = steps.problem(config)
    if problem:
        raise call.refuse("autoscaling.policy-parameters", problem=problem)


def _check_tracking(call: Call, config: Mapping[str, Any]) -> None:
    predefined, customised = config.get(_PREDEFINED), config.get(_CUSTOMISED)
    if (predefined is None) == (customised is None):
        problem = f"Exactly one of {_PREDEFINED} and {_CUSTOMISED} is required."
        raise call.refuse("autoscaling.policy-parameters", problem=problem)
    if predefined and predefined["PredefinedMetricType"] not in {METRIC_TYPE, HIGH_RESOLUTION}:
        raise call.refuse("autoscaling.metric-type")
    problem = tracked_metric.problem(call.region, customised) if customised is not None else ""
    if problem:
        raise call.refuse("autoscaling.policy-parameters", problem=problem)
    if config["TargetValue"] <= 0:
        raise call.refuse("autoscaling.target-value", value=config["TargetValue"])


def tracks_the_same(asked: Configuration, policy: ScalingPolicy) -> bool:
    """Say whether a configuration tracks the metric that a policy tracks already."""
    if asked.type is not PolicyType.TRACKING or not policy.tracks:
        return False
    return all(asked.config.get(key) == policy.config.get(key) for key in (_PREDEFINED, _CUSTOMISED))
