"""A repair of what AWS or somebody else has broken, killed at each of its writes, ends as if undisturbed."""

import pytest

from tests.e2e.kill_matrix import KillMatrix, Scenario, applied, deleted
from tests.e2e.reviews import Reviews, autoscaling, ready
from tests.e2e.simulated_aws import SimulatedAws

# A config that was created again also holds what AWS added on reading it: each run begins with another one.
BEFORE = (deleted, applied(autoscaling("VariantB")))


def failed(resource: Reviews, aws: SimulatedAws) -> None:
    """The endpoint fails, so that only its deletion is legal, and the operator notices."""
    aws.edit(status={"endpoint": "reviews", "status": "Failed", "reason": "as ordered"})
    resource.becomes(lambda found: not ready(found))


def config_and_models_deleted(_: Reviews, aws: SimulatedAws) -> None:
    """Somebody deletes the config in use and the models that it names."""
    aws.edit(delete={"config": aws.section("endpoints")["reviews"]["config"]})
    for name in aws.section("models"):
        aws.edit(delete={"model": name})


RECREATION = Scenario("created again after Failed", before=BEFORE, act=failed)
CONFIG = Scenario("config and models created again", before=BEFORE, act=config_and_models_deleted)


@pytest.mark.parametrize("scenario", [RECREATION, CONFIG], ids=lambda scenario: scenario.name)
def test_a_repair_ends_the_same(kill_matrix: KillMatrix, scenario: Scenario) -> None:
    kill_matrix.survives_kills(scenario)
