"""A model change disturbed at each of its writes ends as an undisturbed one."""

import pytest

from tests.e2e.kill_matrix import DISTURBANCES, KillMatrix, Scenario, applied
from tests.e2e.reviews import NEW_MODEL_DATA, SAMPLE_MODEL_DATA, model_data

MODEL_CHANGE = Scenario(
    "model change",
    before=(applied(model_data("bert-b", SAMPLE_MODEL_DATA)),),
    act=applied(model_data("bert-b", NEW_MODEL_DATA)),
)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_a_model_change_ends_the_same(kill_matrix: KillMatrix, disturbance: str) -> None:
    kill_matrix.survives(disturbance, MODEL_CHANGE)
