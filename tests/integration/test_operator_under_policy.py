"""The documented IAM policy is enough for the operator's whole life, and nothing in it is more than that.

The simulated AWS decides by the policy on each call and on what calls imply, and keeps what was needed.
"""

import json
from pathlib import Path

import pytest

from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

ROOT = Path(__file__).parents[2]
POLICY = json.loads((ROOT / "manifests" / "iam" / "policy.json").read_text())
USER = "AKIASANDBOX"


def policy_for(role):
    """The policy as an installation has it: with the role that its own models run as."""
    statements = [
        {**one, "Resource": role} if one["Action"] == "iam:PassRole" else one for one in POLICY["Statement"]
    ]
    return {**POLICY, "Statement": statements}


def scaling(policy, minimum):
    """VariantA between a minimum and four instances, by a policy of this name."""
    policies = [AUTOSCALING["policies"][0] | {"name": policy}]
    autoscaling = AUTOSCALING | {"minCapacity": minimum, "policies": policies}
    return with_variant(spec(), "VariantA", autoscaling=autoscaling, instanceCount=None)


STEPS = {
    "name": "latency",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
        "alarm": {
            "namespace": "AWS/SageMaker",
            "metricName": "ModelLatency",
            "statistic": "Average",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 100_000,
        },
    },
}
EVENING = {"name": "evening", "schedule": "cron(0 20 * * ? *)", "minCapacity": 2, "maxCapacity": 4}


def stepping(minimum):
    """VariantA with a step policy, its alarm and a schedule as well."""
    policies = [AUTOSCALING["policies"][0] | {"name": "load"}, STEPS]
    autoscaling = AUTOSCALING | {"minCapacity": minimum, "policies": policies, "scheduledActions": [EVENING]}
    return with_variant(spec(), "VariantA", autoscaling=autoscaling, instanceCount=None)


def schedule_by_hand(sim, variant):
    """Somebody else schedules the variant; the operator restores that around a new instance type."""
    action = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/reviews/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ScheduledActionName": "morning",
        "Schedule": "cron(0 8 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 2},
    }
    call = {"service": "application-autoscaling", "operation": "PutScheduledAction", "params": action}
    sim.edit(call=call)


def live(operator):
    """Create, scale, step, tag, reweigh, replace a variant with its schedule, measure and delete."""
    stories = [
        scaling("invocations", 1) | {"tags": [{"key": "team", "value": "search"}]},
        stepping(2),
        with_variant(scaling("load", 2), "VariantB", weight=10) | {"tags": [{"key": "cost", "value": "1"}]},
        with_variant(scaling("load", 2), "VariantA", instanceType="ml.m5.xlarge"),
        with_variant(spec(), "VariantB", instanceType="ml.m5.xlarge"),
    ]
    for wanted in stories:
        operator.cluster.apply(wanted)
        operator.settle()
        operator.scaling_activities.tick()
        if wanted is stories[2]:
            schedule_by_hand(operator.sim, "VariantA")
    operator.metrics.tick()
    operator.cluster.delete()
    operator.settle()


@pytest.fixture(scope="module", params=SEEDS)
def lived(request):
    """A simulation in which an operator under the policy has lived, with stale reads and lost answers."""
    sim = InProcessAws(seed=request.param)
    sim.edit(policy={"principal": USER, "documents": [policy_for(spec()["executionRoleArn"])]})
    live(InProcessOperator(sim))
    return sim


def test_every_call_of_a_whole_life_is_allowed(lived):
    assert [call["message"] for call in lived.calls() if "not authorized" in call["message"]] == []
    assert lived.state() == {}


def test_nothing_is_allowed_that_is_not_needed(lived):
    listed = (one["Action"] for one in POLICY["Statement"])
    allowed = {action for some in listed for action in ([some] if isinstance(some, str) else some)}
    assert allowed == set(lived.needed()[f"123456789012/{USER}"])


def test_a_role_that_may_not_be_passed_is_told_and_waited_for():
    sim = InProcessAws(stale_reads=False, lost_answers=False)
    enough = policy_for(spec()["executionRoleArn"])
    without = [one for one in enough["Statement"] if one["Action"] != "iam:PassRole"]
    sim.edit(policy={"principal": USER, "documents": [enough | {"Statement": without}]})
    operator = InProcessOperator(sim)
    operator.cluster.apply(spec())
    for _ in range(4):
        operator.step()
    assert "AccessDenied" in operator.conditions["Ready"]
    assert "iam:PassRole" in operator.conditions["Ready"]
    assert sim.state() == {}
    sim.edit(policy={"principal": USER, "documents": [enough]})
    operator.settle()
    assert operator.ready
