"""UpdateEndpointWeightsAndCapacities: what it takes, how long it takes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.ledger import Ledger

SEED_THAT_REFUSES = next(seed for seed in range(50) if Ledger(seed).value("sm.uewc.two-counts") == "refuse")
BUSY = 'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews".'


@pytest.fixture
def change(in_service: Any) -> Any:
    """Ask for weights (floats) and counts (integers) by variant."""

    def ask(**asked: float) -> Any:
        members = [
            {
                "VariantName": name,
                ("DesiredInstanceCount" if isinstance(value, int) else "DesiredWeight"): value,
            }
            for name, value in asked.items()
        ]
        return in_service.client.update_endpoint_weights_and_capacities(
            EndpointName="reviews", DesiredWeightsAndCapacities=members
        )

    return ask


def weights(deployer: Any) -> dict[str, tuple[float, float]]:
    """Current and desired weight by variant."""
    return {
        name: (variant["CurrentWeight"], variant["DesiredWeight"])
        for name, variant in deployer.variants().items()
    }


@pytest.mark.ledger("sm.uewc.seconds-weights")
def test_new_weights_are_desired_at_once_and_current_within_two_minutes(
    calm_sim: Any, in_service: Any, change: Any
) -> None:
    change(VariantA=0.0, VariantB=100.0)
    found = in_service.describe()
    assert found["EndpointStatus"] == "Updating"
    assert "PendingDeploymentSummary" not in found
    assert weights(in_service) == {"VariantA": (50, 0), "VariantB": (50, 100)}
    assert in_service.variants()["VariantA"]["VariantStatus"][0]["Status"] == "Updating"
    calm_sim.advance(seconds=19)
    assert in_service.describe()["EndpointStatus"] == "Updating"
    calm_sim.advance(seconds=102)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert weights(in_service) == {"VariantA": (0, 0), "VariantB": (100, 100)}


@pytest.mark.ledger("sm.uewc.seconds-instances", "sm.variant.scaling-out")
def test_new_instances_take_about_three_minutes(calm_sim: Any, in_service: Any, change: Any) -> None:
    change(VariantB=3)
    variant = in_service.variants()["VariantB"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 3)
    assert variant["VariantStatus"][0]["StatusMessage"] == "Scaling out desired instance count to 3."
    calm_sim.advance(seconds=143)
    assert in_service.describe()["EndpointStatus"] == "Updating"
    calm_sim.advance(seconds=74)
    assert in_service.variants()["VariantB"]["CurrentInstanceCount"] == 3


@pytest.mark.ledger("sm.uewc.modified-time")
@pytest.mark.parametrize("sim_seed", range(4))
def test_the_modified_time_moves_at_the_start_or_not_as_the_seed_says(
    calm_sim: Any, in_service: Any, change: Any
) -> None:
    before = in_service.describe()["LastModifiedTime"]
    calm_sim.advance(seconds=10)
    change(VariantA=1.0)
    moved = in_service.describe()["LastModifiedTime"] > before
    assert moved == (calm_sim.engine.ledger.value("sm.uewc.modified-time") == "moves")
    calm_sim.advance(seconds=121)
    assert in_service.describe()["LastModifiedTime"] > before


@pytest.mark.ledger("sm.endpoint.busy")
def test_a_second_change_is_refused_while_the_first_is_under_way(change: Any, refused: Any) -> None:
    change(VariantA=1.0)
    assert refused(change, VariantA=2.0) == ("ValidationException", BUSY)


@pytest.mark.ledger("sm.uewc.variant-unknown")
def test_a_variant_that_the_endpoint_does_not_have_is_refused(change: Any, refused: Any) -> None:
    text = 'The variant name(s) "X" is/are not present within endpoint configuration "fifty-fifty".'
    assert refused(change, X=1.0) == ("ValidationException", text)


@pytest.mark.ledger("sm.uewc.variant-twice")
def test_a_variant_named_twice_is_refused(in_service: Any, refused: Any) -> None:
    twice = [{"VariantName": "VariantA", "DesiredWeight": weight} for weight in (1, 2)]
    call = in_service.client.update_endpoint_weights_and_capacities
    text = 'The variant name "VariantA" was non-unique within the request.'
    found = refused(call, EndpointName="reviews", DesiredWeightsAndCapacities=twice)
    assert found == ("ValidationException", text)


@pytest.mark.ledger("sm.uewc.two-counts")
@pytest.mark.parametrize("sim_seed", range(6))
def test_two_counts_in_one_call_are_accepted_or_refused_as_the_seed_says(
    calm_sim: Any, change: Any, refused: Any
) -> None:
    if calm_sim.engine.ledger.value("sm.uewc.two-counts") == "accept":
        assert change(VariantA=2, VariantB=2)
    else:
        assert refused(change, VariantA=2, VariantB=2)[0] == "ValidationException"


@pytest.mark.ledger("sm.uewc.two-counts-text")
@pytest.mark.parametrize("sim_seed", [SEED_THAT_REFUSES])
def test_two_counts_are_refused_with_a_sentence(change: Any, refused: Any) -> None:
    code, text = refused(change, VariantA=2, VariantB=2)
    assert (code, "one variant" in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.uewc.no-instances")
def test_a_real_time_variant_has_an_instance(change: Any, refused: Any) -> None:
    assert refused(change, VariantA=0)[0] == "ValidationException"


@pytest.mark.ledger("sm.weights.all-zero")
@pytest.mark.parametrize("sim_seed", range(6))
def test_weights_that_are_all_zero_are_accepted_or_refused_as_the_seed_says(
    calm_sim: Any, change: Any, refused: Any
) -> None:
    if calm_sim.engine.ledger.value("sm.weights.all-zero") == "accept":
        assert change(VariantA=0.0, VariantB=0.0)
    else:
        assert refused(change, VariantA=0.0, VariantB=0.0)[0] == "ValidationException"


@pytest.mark.ledger("sm.quota.exceeded")
def test_more_instances_than_the_quota_are_refused(calm_sim: Any, change: Any, refused: Any) -> None:
    calm_sim.edit(quota={"ml.m5.large": 3})
    code, text = refused(change, VariantB=3)
    assert (code, "request delta of 2 Instances" in text) == ("ResourceLimitExceeded", True)
    assert change(VariantB=2)


@pytest.mark.ledger("sm.uewc.rolling-back", "sm.uewc.rolling-back-seconds")
def test_a_change_ordered_to_fail_rolls_back_to_what_was_before(
    calm_sim: Any, in_service: Any, change: Any
) -> None:
    order = {"operation": "UpdateEndpointWeightsAndCapacities"}
    calm_sim.fault({"fail": {"reason": "no luck"}}, match=order)
    change(VariantA=0.0)
    seen = []
    for _ in range(22):
        calm_sim.advance(seconds=10)
        seen.append(in_service.describe()["EndpointStatus"])
    assert list(dict.fromkeys(seen)) == ["Updating", "RollingBack", "InService"]
    found = in_service.describe()
    assert (found["EndpointStatus"], found["FailureReason"]) == ("InService", "no luck")
    assert weights(in_service) == {"VariantA": (50, 50), "VariantB": (50, 50)}


@pytest.mark.ledger("sm.failure.capacity")
def test_missing_capacity_rolls_a_growing_variant_back(calm_sim: Any, in_service: Any, change: Any) -> None:
    calm_sim.edit(missing={"capacity": "ml.m5.large"})
    change(VariantB=2)
    calm_sim.advance(minutes=6)
    found = in_service.describe()
    assert found["EndpointStatus"] == "InService"
    assert "InsufficientInstanceCapacity" in found["FailureReason"]
    assert in_service.variants()["VariantB"]["DesiredInstanceCount"] == 1
