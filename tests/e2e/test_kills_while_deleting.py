"""A deletion disturbed at each of its writes ends as an undisturbed one: with nothing."""

import pytest

from tests.e2e.kill_matrix import DISTURBANCES, KillMatrix, Scenario, applied, deleted
from tests.e2e.reviews import autoscaling

DELETE = Scenario("delete", before=(applied(autoscaling("VariantB")),), act=deleted)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_a_deletion_ends_the_same(kill_matrix: KillMatrix, disturbance: str) -> None:
    kill_matrix.survives(disturbance, DELETE)
