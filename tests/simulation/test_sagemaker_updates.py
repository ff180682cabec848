"""UpdateEndpoint: a new fleet beside the old one, the retain rules, and updates that fail."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def update(in_service: Any) -> Any:
    """Update "reviews" to a config."""

    def start(config: str, **options: Any) -> Any:
        return in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName=config, **options)

    return start


def figures(deployer: Any) -> dict[str, tuple[float, int]]:
    """Current weight and count by variant."""
    return {
        name: (variant["CurrentWeight"], variant["CurrentInstanceCount"])
        for name, variant in deployer.variants().items()
    }


@pytest.fixture
def drifted(calm_sim: Any, in_service: Any) -> Any:
    """The endpoint with live weights 10 and 90 and three instances of VariantB, and a config to move to."""
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 10, "VariantB": 90}})
    calm_sim.edit(counts={"endpoint": "reviews", "variants": {"VariantB": 3}})
    in_service.config(
        "next",
        VariantA={"InitialVariantWeight": 1, "InitialInstanceCount": 2},
        VariantB={"InitialVariantWeight": 2, "InitialInstanceCount": 2},
        VariantC={"InitialVariantWeight": 3, "InitialInstanceCount": 2},
    )
    return in_service


@pytest.mark.ledger("sm.update.seconds-cpu", "sm.endpoint.pending-deployment")
def test_an_update_takes_about_three_minutes_with_the_old_fleet_in_service(
    calm_sim: Any, in_service: Any, update: Any
) -> None:
    before = in_service.describe()
    calm_sim.advance(seconds=60)
    in_service.config("next")
    update("next")
    during = in_service.describe()
    assert (during["EndpointStatus"], during["EndpointConfigName"]) == ("Updating", "fifty-fifty")
    assert during["PendingDeploymentSummary"]["EndpointConfigName"] == "next"
    assert during["PendingDeploymentSummary"]["ProductionVariants"][0]["InstanceType"] == "ml.m5.large"
    assert during["ProductionVariants"] == before["ProductionVariants"]
    assert during["LastModifiedTime"] > before["LastModifiedTime"]
    calm_sim.advance(seconds=149)
    assert in_service.describe()["EndpointStatus"] == "Updating"
    calm_sim.advance(seconds=32)
    after = in_service.describe()
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "next")
    assert "PendingDeploymentSummary" not in after


@pytest.mark.ledger("sm.update.seconds-gpu")
def test_an_update_to_gpus_takes_longer(calm_sim: Any, in_service: Any, update: Any) -> None:
    in_service.config("next", VariantA={"InstanceType": "ml.g5.xlarge"})
    update("next")
    calm_sim.advance(seconds=383)
    assert in_service.describe()["EndpointStatus"] == "Updating"
    calm_sim.advance(seconds=194)
    assert in_service.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.update.resets")
def test_by_default_an_update_resets_weights_and_counts(calm_sim: Any, drifted: Any, update: Any) -> None:
    update("next")
    calm_sim.advance(minutes=4)
    assert figures(drifted) == {"VariantA": (1, 2), "VariantB": (2, 2), "VariantC": (3, 2)}


@pytest.mark.ledger("sm.update.retains")
def test_retaining_keeps_weights_and_counts_of_variants_of_the_same_name(
    calm_sim: Any, drifted: Any, update: Any
) -> None:
    update("next", RetainAllVariantProperties=True)
    calm_sim.advance(minutes=4)
    assert figures(drifted) == {"VariantA": (10, 1), "VariantB": (90, 3), "VariantC": (3, 2)}


@pytest.mark.ledger("sm.update.exclude-weight")
def test_excluding_the_weight_takes_it_from_the_new_config(calm_sim: Any, drifted: Any, update: Any) -> None:
    excluded = [{"VariantPropertyType": "DesiredWeight"}]
    update("next", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded)
    calm_sim.advance(minutes=4)
    assert figures(drifted) == {"VariantA": (1, 1), "VariantB": (2, 3), "VariantC": (3, 2)}


@pytest.mark.ledger("sm.update.exclude-count")
def test_excluding_the_count_takes_it_from_the_new_config(calm_sim: Any, drifted: Any, update: Any) -> None:
    excluded = [{"VariantPropertyType": "DesiredInstanceCount"}]
    update("next", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded)
    calm_sim.advance(minutes=4)
    assert figures(drifted) == {"VariantA": (10, 2), "VariantB": (90, 2), "VariantC": (3, 2)}


@pytest.mark.ledger("sm.update.same-config")
def test_an_update_to_the_config_in_use_is_refused(update: Any, refused: Any) -> None:
    text = 'Cannot update endpoint with the currently in use endpoint configuration "fifty-fifty"'
    assert refused(update, "fifty-fifty") == ("ValidationException", text)


@pytest.mark.ledger("sm.update.failed-keeps-old")
def test_an_update_ordered_to_fail_ends_in_service_on_the_old_config_with_a_reason(
    calm_sim: Any, in_service: Any, update: Any
) -> None:
    calm_sim.fault({"fail": {"reason": "no luck"}}, match={"operation": "UpdateEndpoint"})
    in_service.config("next")
    update("next")
    calm_sim.advance(minutes=4)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert found["FailureReason"] == "no luck"
    update("next")
    assert "FailureReason" not in in_service.describe()
    calm_sim.advance(minutes=4)
    assert in_service.describe()["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.update.silent-rollback")
def test_an_update_may_roll_back_without_a_reason(calm_sim: Any, in_service: Any, update: Any) -> None:
    calm_sim.fault({"fail": {"silent": True}}, match={"operation": "UpdateEndpoint"})
    in_service.config("next")
    update("next")
    calm_sim.advance(minutes=4)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert "FailureReason" not in found


@pytest.mark.ledger("sm.endpoint.config-deleted-while-busy", "sm.failure.config-deleted")
@pytest.mark.parametrize("config", ["fifty-fifty", "next"])
def test_deleting_the_old_or_the_new_config_breaks_the_update(
    calm_sim: Any, in_service: Any, update: Any, config: str
) -> None:
    in_service.config("next")
    update("next")
    in_service.client.delete_endpoint_config(EndpointConfigName=config)
    calm_sim.advance(minutes=4)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/{config}"
    assert found["FailureReason"] == f'Could not find endpoint configuration "{arn}".'


@pytest.mark.ledger("sm.quota.both-fleets", "sm.quota.exceeded", "sm.quota.update")
def test_during_an_update_both_fleets_count_for_the_quota(serving: Any, refused: Any) -> None:
    sim, reviews = serving({"sm.quota.update": "refuse"})
    update = {"EndpointName": "reviews", "EndpointConfigName": "next"}
    sim.edit(quota={"ml.m5.large": 3})
    reviews.config("next")
    code, text = refused(reviews.client.update_endpoint, **update)
    assert code == "ResourceLimitExceeded"
    assert "is 3 Instances, with current utilization of 2 Instances and a request delta of 2" in text
    sim.edit(quota={"ml.m5.large": 4})
    reviews.client.update_endpoint(**update)
    reviews.config("small", one={})
    assert refused(reviews.endpoint, "other", "small")[0] == "ResourceLimitExceeded"
    sim.advance(minutes=4)
    assert reviews.endpoint("other", "small")
