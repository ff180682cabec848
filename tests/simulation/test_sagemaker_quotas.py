"""Quotas on instances: counted when a call is accepted, and again when its instances are launched."""

from __future__ import annotations

from typing import Any

import pytest

TOTAL = "Number of instances across active endpoints"


@pytest.mark.ledger("sm.quota.total", "sm.quota.name", "sm.quota.exceeded")
def test_the_instances_of_all_endpoints_together_have_a_quota(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    calm_sim.edit(quota={TOTAL: 3, "ml.m5.4xlarge": 9})
    in_service.config("large", one={"InstanceType": "ml.m5.4xlarge", "InitialInstanceCount": 2})
    code, text = refused(in_service.endpoint, "other", "large")
    assert code == "ResourceLimitExceeded"
    assert text.startswith(
        f"The account-level service limit '{TOTAL}' is 3 Instances, with current utilization of 2 Instances "
        "and a request delta of 2 Instances."
    )
    calm_sim.edit(quota={TOTAL: None})
    assert in_service.endpoint("other", "large")


@pytest.mark.ledger("sm.quota.while-busy", "sm.quota.both-fleets")
@pytest.mark.parametrize("quota", ["ml.m5.large", TOTAL])
def test_a_quota_exceeded_in_the_middle_of_an_update_fails_it_in_its_words(
    calm_sim: Any, in_service: Any, quota: str
) -> None:
    in_service.config("next")
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")
    calm_sim.edit(quota={quota: 3})
    calm_sim.advance(minutes=4)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert (
        "is 3 Instances, with current utilization of 2 Instances and a request delta of 2"
        in (found["FailureReason"])
    )


@pytest.mark.ledger("sm.quota.while-busy")
def test_a_quota_exceeded_while_an_endpoint_is_created_fails_it(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    deployer.config()
    deployer.endpoint()
    calm_sim.edit(quota={"ml.m5.large": 1})
    calm_sim.advance(minutes=5)
    found = deployer.describe()
    assert found["EndpointStatus"] == "Failed"
    assert "'ml.m5.large for endpoint usage' is 1 Instances" in found["FailureReason"]


@pytest.mark.ledger("sm.quota.while-busy", "sm.uewc.rolling-back")
def test_a_quota_exceeded_while_a_variant_grows_rolls_it_back(calm_sim: Any, in_service: Any) -> None:
    asked = [{"VariantName": "VariantA", "DesiredInstanceCount": 3}]
    in_service.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=asked
    )
    calm_sim.edit(quota={"ml.m5.large": 3})
    calm_sim.advance(minutes=14)
    found = in_service.describe()
    assert found["EndpointStatus"] == "InService"
    assert "with current utilization of 2 Instances and a request delta of 2" in found["FailureReason"]
    assert in_service.variants()["VariantA"]["CurrentInstanceCount"] == 1


def test_a_fleet_that_shrinks_is_never_too_much(calm_sim: Any, in_service: Any) -> None:
    calm_sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 4}})
    calm_sim.edit(quota={"ml.m5.large": 2})
    asked = [{"VariantName": "VariantA", "DesiredInstanceCount": 2}]
    in_service.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=asked
    )
    calm_sim.advance(minutes=9)
    assert in_service.variants()["VariantA"]["CurrentInstanceCount"] == 2


def ask_for(deployer: Any, variant: str, count: int) -> None:
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[{"VariantName": variant, "DesiredInstanceCount": count}],
    )


@pytest.mark.ledger("sm.quota.exceeded", "sm.quota.name")
def test_variants_of_one_type_share_its_quota(calm_sim: Any, in_service: Any, refused: Any) -> None:
    """Fewer instances of one variant make room for more of the other."""
    calm_sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 4}})
    calm_sim.edit(quota={"ml.m5.large": 5})
    code, text = refused(ask_for, in_service, "VariantB", 4)
    assert code == "ResourceLimitExceeded"
    assert "'ml.m5.large for endpoint usage' is 5 Instances" in text
    assert "current utilization of 5 Instances and a request delta of 3 Instances." in text
    ask_for(in_service, "VariantA", 1)
    calm_sim.advance(minutes=9)
    ask_for(in_service, "VariantB", 4)
    calm_sim.advance(minutes=9)
    counts = {name: one["CurrentInstanceCount"] for name, one in in_service.variants().items()}
    assert counts == {"VariantA": 1, "VariantB": 4}


@pytest.mark.ledger("sm.quota.exceeded")
def test_variants_of_other_types_and_other_regions_do_not_share_it(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    in_service.config("mixed", VariantA={}, VariantB={"InstanceType": "ml.c5.large"})
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="mixed")
    calm_sim.advance(minutes=5)
    calm_sim.edit(quota={"ml.c5.large": 1})
    assert "'ml.c5.large for endpoint usage' is 1" in refused(ask_for, in_service, "VariantB", 4)[1]
    ask_for(in_service, "VariantA", 4)
    elsewhere = type(in_service)(calm_sim.client("sagemaker", region="eu-west-1"))
    elsewhere.model()
    elsewhere.config("mixed", VariantB={"InstanceType": "ml.c5.large"})
    assert elsewhere.endpoint("reviews", "mixed")


@pytest.mark.ledger("sm.quota.exceeded")
def test_endpoints_of_others_in_the_account_use_it_too(calm_sim: Any, in_service: Any, refused: Any) -> None:
    calm_sim.edit(quota={"ml.m5.large": 4})
    theirs = type(in_service)(calm_sim.client("sagemaker", access_key="AKIASOMEBODY"))
    theirs.endpoint("theirs")
    assert "current utilization of 4 Instances" in refused(ask_for, in_service, "VariantB", 2)[1]
    calm_sim.advance(minutes=5)
    theirs.client.delete_endpoint(EndpointName="theirs")
    assert refused(ask_for, in_service, "VariantB", 2)[0] == "ResourceLimitExceeded"
    calm_sim.advance(minutes=1)
    ask_for(in_service, "VariantB", 2)


@pytest.mark.ledger("sm.quota.update", "sm.quota.while-busy")
def test_an_update_may_fail_later_for_a_quota(serving: Any) -> None:
    sim, reviews = serving({"sm.quota.update": "fail"})
    sim.edit(quota={"ml.m5.large": 3})
    reviews.config("next")
    reviews.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")
    assert reviews.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=4)
    found = reviews.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert (
        "is 3 Instances, with current utilization of 2 Instances and a request delta of 2"
        in (found["FailureReason"])
    )
