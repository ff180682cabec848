"""A change of weights or scaling disturbed at each of its writes ends as an undisturbed one."""

import pytest

from tests.e2e.kill_matrix import DISTURBANCES, KillMatrix, Scenario, applied
from tests.e2e.reviews import autoscaling, instance_count, weights

AUTOSCALED, FIXED = applied(autoscaling("VariantB")), applied(instance_count("VariantB", 1))
WEIGHT_SHIFT = Scenario(
    "weight shift",
    before=(applied(weights(VariantA=50, VariantB=50)),),
    act=applied(weights(VariantA=10, VariantB=90)),
)
AUTOSCALING_ON = Scenario("autoscaling on", before=(FIXED,), act=AUTOSCALED)
AUTOSCALING_OFF = Scenario(
    "autoscaling off", before=(FIXED, AUTOSCALED), act=applied(instance_count("VariantB", 2))
)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
@pytest.mark.parametrize(
    "scenario", [WEIGHT_SHIFT, AUTOSCALING_ON, AUTOSCALING_OFF], ids=lambda scenario: scenario.name
)
def test_steering_ends_the_same(kill_matrix: KillMatrix, scenario: Scenario, disturbance: str) -> None:
    kill_matrix.survives(disturbance, scenario)
