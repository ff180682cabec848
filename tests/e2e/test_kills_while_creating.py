"""A creation disturbed at each of its writes ends as an undisturbed one."""

import pytest

from tests.e2e.kill_matrix import DISTURBANCES, KillMatrix, Scenario, applied, deleted

CREATE = Scenario("create", before=(deleted,), act=applied())


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_a_creation_ends_the_same(kill_matrix: KillMatrix, disturbance: str) -> None:
    kill_matrix.survives(disturbance, CREATE)
