"""Which scaling policies are put: those that AWS does not hold as the spec has them."""

import pytest

from sagemaker_ab.planning.desired_scaling import STEP_SCALING, TARGET_TRACKING, DesiredPolicy
from sagemaker_ab.planning.observed_scaling import ObservedPolicy
from sagemaker_ab.planning.scaling_policies import policy_puts

STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 2},
    ],
}
QUERIES = [{"Id": "busy", "Expression": "a * b"}, {"Id": "a"}, {"Id": "b"}]
MATH = {"TargetValue": 5.0, "CustomizedMetricSpecification": {"Metrics": QUERIES}}


def puts(declared, live):
    return list(policy_puts(declared, live, removed=frozenset(), repaired=frozenset()))


@pytest.mark.parametrize(
    ("kind", "configuration", "held"),
    [
        (STEP_SCALING, STEPS, {**STEPS, "StepAdjustments": STEPS["StepAdjustments"][::-1]}),
        (
            STEP_SCALING,
            STEPS,
            {
                **STEPS,
                "StepAdjustments": [
                    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 2},
                    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 1},
                ],
            },
        ),
        (TARGET_TRACKING, MATH, {**MATH, "CustomizedMetricSpecification": {"Metrics": QUERIES[::-1]}}),
    ],
    ids=["steps", "numbers", "metric queries"],
)
def test_a_policy_that_aws_reads_back_in_another_order_is_not_put_again(kind, configuration, held):
    """Else it would never be applied: AWS reads it back like that after each put."""
    assert puts([DesiredPolicy("p", kind, configuration)], {"p": ObservedPolicy(kind, held)}) == []


def test_steps_that_differ_are_put():
    held = {
        **STEPS,
        "StepAdjustments": [{**step, "ScalingAdjustment": 3} for step in STEPS["StepAdjustments"]],
    }
    policy = DesiredPolicy("p", STEP_SCALING, STEPS)

    assert [put.policy for put in puts([policy], {"p": ObservedPolicy(STEP_SCALING, held)})] == [policy]
