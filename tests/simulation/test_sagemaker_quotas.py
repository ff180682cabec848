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
