"""docs/autoscaling.md, and the runs behind its examples, by the heading of their section.

Each run brings the operator, in this process against the simulated AWS, to the moment that the page shows.
Its spec is that of the sample on the page, with an `autoscaling` of the page.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.integration.scaling_stage import scaling_status
from tests.integration.stage import aws, now, run, scaling_by_hand, settled, steps
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import Spec, with_variant

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "autoscaling.md").read_text()
SAMPLE: dict[str, Any] = yaml.safe_load((ROOT / "manifests/samples/reviews-autoscaled.yaml").read_text())
ALARMS_DENIED = {"operation": "DescribeAlarms"}


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(title)}$.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def blocks(text: str, language: str = "yaml") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def declared(title: str) -> list[dict[str, Any]]:
    """Return the values of `autoscaling` in a section, in their order."""
    found = [yaml.safe_load(block) for block in blocks(section(title))]
    return [each["autoscaling"] for each in found if "autoscaling" in each]


def reported(title: str) -> list[Any]:
    """Return the conditions, events and excerpts of status in a section, in their order."""
    found = [yaml.safe_load(block) for block in blocks(section(title))]
    return [each for each in found if "autoscaling" not in each]


def titles() -> list[str]:
    return re.findall(r"^## (.+)$", PAGE, re.MULTILINE)


def reviews(autoscaling: dict[str, Any]) -> Spec:
    """Return the spec of the sample with another autoscaling of VariantB."""
    return with_variant(SAMPLE["spec"], "VariantB", autoscaling=autoscaling)


def with_changes(title: str, number: int = 0, **changes: Any) -> Spec:
    """Return the spec with an autoscaling of the page, some of its fields changed."""
    return reviews({**declared(title)[number], **changes})


def tracked() -> InProcessOperator:
    return settled(with_changes("Target tracking"))


def before_the_morning(scheduled: Spec) -> InProcessOperator:
    """It is a Thursday in January, about twenty to eight in Berlin."""
    sim = aws()
    sim.advance(minutes=390)
    return settled(scheduled, sim)


def until_half_past_eight(operator: InProcessOperator) -> InProcessOperator:
    run(operator, hours=1)
    return operator


def in_the_morning() -> InProcessOperator:
    return until_half_past_eight(before_the_morning(with_changes("Schedules")))


CPU = {
    "CustomizedMetricSpecification": {
        "MetricName": "CPUUtilization",
        "Namespace": "/aws/sagemaker/Endpoints",
        "Dimensions": [{"Name": "EndpointName", "Value": "reviews"}],
        "Statistic": "Average",
    }
}
INVOCATIONS = {
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
}


def policy_by_hand(operator: InProcessOperator, name: str, metric: dict[str, Any]) -> None:
    settings = {"TargetValue": 50.0, **metric}
    parts: dict[str, Any] = {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": settings,
    }
    scaling_by_hand(operator, "PutScalingPolicy", PolicyName=name, **parts)


def set_by_other_tools() -> InProcessOperator:
    operator = tracked()
    policy_by_hand(operator, "cpu", CPU)
    nightly: dict[str, Any] = {
        "Schedule": "cron(0 3 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 8},
    }
    scaling_by_hand(operator, "PutScheduledAction", ScheduledActionName="nightly", **nightly)
    suspended = {"DynamicScalingInSuspended": True}
    scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=suspended)
    run(operator, hours=4)
    return operator


def metric_of_another_policy() -> InProcessOperator:
    operator = settled(with_changes("Target tracking", 1))
    policy_by_hand(operator, "by-hand", INVOCATIONS)
    both = [*declared("Target tracking")[1]["policies"], *declared("Target tracking")[0]["policies"]]
    operator.cluster.apply(with_changes("Target tracking", policies=both))
    steps(operator, 20)
    return operator


def beyond_the_quota() -> InProcessOperator:
    operator = tracked()
    operator.sim.edit(quota={"ml.m5.large": 2})
    operator.cluster.apply(with_changes("Target tracking", minCapacity=2))
    end = now(operator) + 25 * 60
    while now(operator) < end:
        list(operator.scaling_activities.tick())
        steps(operator, 1)
    return operator


def alarms_unread() -> InProcessOperator:
    operator = tracked()
    operator.sim.fault({"denied": True}, match=ALARMS_DENIED, count=None)
    operator.cluster.apply(with_changes("Step scaling"))
    steps(operator, 10)
    return operator


RUNS = {
    "How to read the examples": (tracked,),
    "Schedules": (in_the_morning,),
    "What other tools set": (set_by_other_tools, metric_of_another_policy),
    "What did not scale, and why": (beyond_the_quota, beyond_the_quota),
    "Permissions": (alarms_unread,),
}


def status(operator: InProcessOperator) -> dict[str, Any]:
    assert operator.cluster.resource is not None
    return dict(operator.cluster.resource["status"])


def in_effect(operator: InProcessOperator) -> str | None:
    """Return the name of the scheduled action that is in effect."""
    found = scaling_status(operator).get("inEffect")
    return found["name"] if found else None
