"""A config in use that differs in any member from the operator's own is drift, however it came there."""

import pytest

from tests.integration.stage import SCALING, aws, by_hand, endpoint, held, now, run, sent, settled, target
from tests.seeds import SEEDS

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
OF_THE_CONFIG = {"data capture": {"DataCaptureConfig": CAPTURE}}
OF_A_VARIANT = {
    "SSM access": {"EnableSSMAccess": True},
    "volume size": {"VolumeSizeInGB": 50},
    "routing": {"RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}},
    "start-up time": {"ContainerStartupHealthCheckTimeoutInSeconds": 600},
}
READ_BACK = [{"sm.config.variants-read-back": number} for number in range(3)]


def deployed_by_hand(operator, kind):
    """Somebody deploys a config with the same variants and one member more; return its name."""
    content = held(operator, "endpointConfigs")[endpoint(operator)["config"]]
    by_hand(
        operator,
        "CreateEndpointConfig",
        EndpointConfigName="by-hand",
        ProductionVariants=[
            {**variant, **OF_A_VARIANT.get(kind, {})} for variant in content["ProductionVariants"]
        ],
        **OF_THE_CONFIG.get(kind, {}),
    )
    by_hand(operator, "UpdateEndpoint", EndpointName="reviews", EndpointConfigName="by-hand")
    operator.sim.advance(minutes=10)
    assert endpoint(operator)["config"] == "by-hand"


@pytest.mark.parametrize("guess", READ_BACK, ids=["bare", "volume", "routing"])
@pytest.mark.parametrize("kind", [*OF_THE_CONFIG, *OF_A_VARIANT])
def test_a_member_that_was_set_by_hand_is_undone(kind, guess):
    operator = settled(SCALING, aws(variants=guess))
    ours, before = endpoint(operator)["config"], target(operator)
    deployed_by_hand(operator, kind)
    operator.settle()

    assert endpoint(operator)["config"] == ours
    assert target(operator) == before
    assert sent(operator, "DeregisterScalableTarget") == []
    assert len(sent(operator, "UpdateEndpoint")) == 1


@pytest.mark.parametrize("guess", READ_BACK, ids=["bare", "volume", "routing"])
@pytest.mark.parametrize("seed", SEEDS)
def test_members_that_aws_adds_on_reading_deploy_nothing(guess, seed):
    operator = settled(SCALING, aws(seed=seed, variants=guess, calm=False))
    operator.crash()
    run(operator, hours=1)

    assert sent(operator, "UpdateEndpoint") == []
    assert operator.ready


@pytest.mark.parametrize("guess", READ_BACK, ids=["bare", "volume", "routing"])
def test_a_config_by_hand_without_any_other_member_is_undone_once_at_most(guess):
    """What AWS adds to it on reading cannot be told from what was set by hand."""
    operator = settled(SCALING, aws(variants=guess))
    deployed_by_hand(operator, "nothing more")
    operator.settle()
    began = now(operator)
    run(operator, hours=1)

    assert len(sent(operator, "UpdateEndpoint")) <= 1
    assert all(call["time"] < began for call in sent(operator, "UpdateEndpoint"))
