"""A deployment that releases autoscaling, killed at each of its writes, ends as an undisturbed one.

What belongs to the scalable target by another hand, a schedule and a suspension, is a part of that end.
"""

import pytest

from tests.e2e.kill_matrix import KillMatrix, Scenario, applied, applied_in_vain, deleted, stalled
from tests.e2e.reviews import Reviews, autoscaling, instance_type
from tests.e2e.simulated_aws import SimulatedAws

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantB",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
SMALL, LARGE = instance_type("VariantB", "ml.m5.large"), instance_type("VariantB", "ml.m5.xlarge")


def scheduled_by_hand(_: Reviews, aws: SimulatedAws) -> None:
    """Somebody schedules other bounds, and suspends scaling in."""
    action = {"Schedule": "cron(0 3 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}
    by_hand = {
        "PutScheduledAction": {"ScheduledActionName": "nightly", **action},
        "RegisterScalableTarget": {"SuspendedState": {"DynamicScalingInSuspended": True}},
    }
    for operation, params in by_hand.items():
        call = {"service": "application-autoscaling", "operation": operation}
        aws.edit(call={**call, "params": {**VARIANT, **params}})


# A failed update leaves its reason on the endpoint, so each run begins with another one.
BEFORE = (deleted, applied(autoscaling("VariantB"), SMALL), scheduled_by_hand)
RELEASE = Scenario("scaling released and restored", before=BEFORE, act=applied(LARGE))
ROLLBACK = Scenario("scaling released, update rolled back", BEFORE, applied_in_vain(LARGE), ended=stalled)


@pytest.mark.parametrize("scenario", [RELEASE, ROLLBACK], ids=lambda scenario: scenario.name)
def test_a_release_ends_the_same(kill_matrix: KillMatrix, scenario: Scenario) -> None:
    kill_matrix.survives_kills(scenario)
