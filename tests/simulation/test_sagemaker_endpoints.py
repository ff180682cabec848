"""The life of an endpoint: created, in service, failed, deleted, and what is refused when."""

from __future__ import annotations

from typing import Any

import pytest

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
BUSY = ("ValidationException", f'Cannot update in-progress endpoint "{ARN}".')
NOT_FOUND = ("ValidationException", f'Could not find endpoint "{ARN}".')
WEIGHTS = [{"VariantName": "VariantA", "DesiredWeight": 1}]


@pytest.fixture
def creating(deployer: Any) -> Any:
    """The endpoint "reviews", just asked for."""
    deployer.model()
    deployer.config()
    deployer.endpoint()
    return deployer


def set_weights(deployer: Any) -> Any:
    return deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=WEIGHTS
    )


@pytest.mark.ledger("sm.endpoint.creating-cpu", "sm.endpoint.pending-deployment")
def test_an_endpoint_is_creating_for_about_three_minutes(calm_sim: Any, creating: Any) -> None:
    found = creating.describe()
    assert found["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in found
    pending = found["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "fifty-fifty"
    assert [variant["CurrentInstanceCount"] for variant in pending["ProductionVariants"]] == [0, 0]
    calm_sim.advance(seconds=143)
    assert creating.describe()["EndpointStatus"] == "Creating"
    calm_sim.advance(seconds=74)
    assert creating.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.endpoint.creating-gpu")
def test_an_endpoint_with_gpus_takes_longer(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    deployer.config(one={"InstanceType": "ml.g5.xlarge"})
    deployer.endpoint()
    calm_sim.advance(seconds=383)
    assert deployer.describe()["EndpointStatus"] == "Creating"
    calm_sim.advance(seconds=194)
    assert deployer.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.variant.image-digest", "sm.variant.launching")
def test_an_endpoint_in_service_tells_weights_counts_and_digests(in_service: Any) -> None:
    found = in_service.describe()
    assert "PendingDeploymentSummary" not in found
    assert found["EndpointConfigName"] == "fifty-fifty"
    variant = in_service.variants()["VariantA"]
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (50, 50)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert "VariantStatus" not in variant
    (image,) = variant["DeployedImages"]
    repository, _, digest = image["ResolvedImage"].partition("@sha256:")
    assert image["SpecifiedImage"].startswith(repository + ":")
    assert len(digest) == 64


def test_a_tag_that_was_moved_resolves_to_another_digest_when_it_is_deployed_again(
    calm_sim: Any, in_service: Any
) -> None:
    def digest() -> str:
        return str(in_service.variants()["VariantA"]["DeployedImages"][0]["ResolvedImage"])

    before = digest()
    calm_sim.edit(push=in_service.variants()["VariantA"]["DeployedImages"][0]["SpecifiedImage"])
    assert digest() == before
    in_service.config("again")
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="again")
    calm_sim.advance(minutes=4)
    assert digest() != before


@pytest.mark.ledger("sm.endpoint.no-tags-in-describe")
def test_describe_tells_no_tags_no_models_and_no_instance_types(in_service: Any) -> None:
    assert "Tags" not in in_service.describe()
    assert not {"ModelName", "InstanceType"} & in_service.variants()["VariantA"].keys()


@pytest.mark.ledger("sm.endpoint.busy")
def test_while_it_is_created_every_change_and_deletion_is_refused(creating: Any, refused: Any) -> None:
    creating.config("other")
    client = creating.client
    assert refused(client.update_endpoint, EndpointName="reviews", EndpointConfigName="other") == BUSY
    assert refused(set_weights, creating) == BUSY
    assert refused(client.delete_endpoint, EndpointName="reviews") == BUSY


@pytest.mark.ledger("sm.endpoint.not-found")
def test_an_endpoint_that_is_not_there_is_not_found(deployer: Any, refused: Any) -> None:
    deployer.model()
    deployer.config()
    client = deployer.client
    assert refused(client.describe_endpoint, EndpointName="reviews") == NOT_FOUND
    assert refused(client.delete_endpoint, EndpointName="reviews") == NOT_FOUND
    assert refused(set_weights, deployer) == NOT_FOUND
    assert refused(client.update_endpoint, EndpointName="reviews", EndpointConfigName="x") == NOT_FOUND


@pytest.mark.ledger("sm.config.not-found")
def test_an_endpoint_needs_a_config_that_exists(deployer: Any, refused: Any) -> None:
    code, text = refused(deployer.endpoint)
    assert (code, text.startswith("Could not find endpoint configuration")) == ("ValidationException", True)


@pytest.mark.ledger("sm.endpoint.exists", "sm.endpoint.name-case")
def test_a_taken_name_is_refused_also_in_another_case(creating: Any, refused: Any) -> None:
    exists = ("ValidationException", f'Cannot create already existing endpoint "{ARN}".')
    assert refused(creating.endpoint) == exists
    assert refused(creating.endpoint, "Reviews") == exists


@pytest.mark.ledger("sm.endpoint.deleting-seconds", "sm.endpoint.name-busy-until-gone")
def test_deleting_takes_half_a_minute_and_the_name_is_taken_until_then(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    in_service.client.delete_endpoint(EndpointName="reviews")
    assert in_service.describe()["EndpointStatus"] == "Deleting"
    assert refused(in_service.endpoint)[1].startswith("Cannot create already existing endpoint")
    calm_sim.advance(seconds=31)
    assert refused(in_service.describe) == NOT_FOUND
    assert in_service.endpoint()


@pytest.mark.ledger("sm.endpoint.deleting")
@pytest.mark.parametrize("sim_seed", range(4))
def test_an_endpoint_that_is_being_deleted_refuses_changes(in_service: Any, refused: Any) -> None:
    in_service.client.delete_endpoint(EndpointName="reviews")
    assert refused(set_weights, in_service) in (BUSY, NOT_FOUND)


@pytest.mark.ledger("sm.endpoint.delete-twice")
@pytest.mark.parametrize("sim_seed", range(4))
def test_deleting_twice_is_accepted_or_refused_as_the_seed_says(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    in_service.client.delete_endpoint(EndpointName="reviews")
    if calm_sim.engine.ledger.value("sm.endpoint.delete-twice") == "accept":
        in_service.client.delete_endpoint(EndpointName="reviews")
    else:
        assert refused(in_service.client.delete_endpoint, EndpointName="reviews") in (BUSY, NOT_FOUND)
    calm_sim.advance(seconds=31)
    assert refused(in_service.describe) == NOT_FOUND


@pytest.mark.ledger("sm.endpoint.failed-create", "sm.endpoint.failing", "sm.failure.health-check")
def test_a_create_ordered_to_fail_ends_in_failed_with_a_reason(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"fail": {}}, match={"operation": "CreateEndpoint"})
    deployer.model()
    deployer.config()
    deployer.endpoint()
    calm_sim.advance(seconds=647)
    assert deployer.describe()["EndpointStatus"] == "Creating"
    calm_sim.advance(minutes=15)
    found = deployer.describe()
    assert found["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in found["FailureReason"]


@pytest.mark.ledger("sm.endpoint.failed-only-delete", "sm.endpoint.failed-config-name")
@pytest.mark.parametrize("sim_seed", range(4))
def test_a_failed_endpoint_can_only_be_deleted(calm_sim: Any, creating: Any, refused: Any) -> None:
    calm_sim.edit(status={"endpoint": "reviews", "status": "Failed", "reason": "no luck"})
    found = creating.describe()
    assert found["FailureReason"] == "no luck"
    assert found.get("EndpointConfigName") in {None, "fifty-fifty"}
    creating.config("other")
    call = creating.client.update_endpoint
    assert refused(call, EndpointName="reviews", EndpointConfigName="other")[0] == "ValidationException"
    assert refused(set_weights, creating)[0] == "ValidationException"
    creating.client.delete_endpoint(EndpointName="reviews")
    calm_sim.advance(seconds=31)
    assert refused(creating.describe) == NOT_FOUND


@pytest.mark.ledger("sm.failure.capacity")
def test_missing_capacity_fails_a_create_and_its_return_lets_another_succeed(
    calm_sim: Any, creating: Any
) -> None:
    calm_sim.edit(missing={"capacity": "ml.m5.large"})
    calm_sim.advance(minutes=4)
    found = creating.describe()
    assert (found["EndpointStatus"], "InsufficientInstanceCapacity" in found["FailureReason"]) == (
        "Failed",
        True,
    )
    calm_sim.edit(restored={"capacity": "ml.m5.large"})
    creating.endpoint("second")
    calm_sim.advance(minutes=4)
    assert creating.describe("second")["EndpointStatus"] == "InService"


@pytest.mark.parametrize(
    ("thing", "name", "words"),
    [
        pytest.param(
            "role",
            "arn:aws:iam::123456789012:role/sagemaker",
            "sts:AssumeRole",
            marks=pytest.mark.ledger("sm.failure.role"),
        ),
        pytest.param(
            "object",
            "s3://models/bert-a/model.tar.gz",
            "Failed to download model data",
            marks=pytest.mark.ledger("sm.failure.model-data"),
        ),
        pytest.param(
            "image",
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
            "Please make sure all images",
            marks=pytest.mark.ledger("sm.failure.image"),
        ),
    ],
)
def test_what_goes_missing_while_it_is_created_fails_it(
    calm_sim: Any, creating: Any, thing: str, name: str, words: str
) -> None:
    calm_sim.edit(missing={thing: name})
    calm_sim.advance(minutes=4)
    found = creating.describe()
    assert (found["EndpointStatus"], words in found["FailureReason"]) == ("Failed", True)


@pytest.mark.ledger("sm.endpoint.config-deleted-while-busy", "sm.failure.config-deleted")
def test_deleting_its_config_while_it_is_created_fails_it(calm_sim: Any, creating: Any) -> None:
    creating.client.delete_endpoint_config(EndpointConfigName="fifty-fifty")
    calm_sim.advance(minutes=4)
    found = creating.describe()
    assert found["EndpointStatus"] == "Failed"
    assert found["FailureReason"].startswith("Could not find endpoint configuration")


@pytest.mark.ledger("sm.config.eventual")
def test_a_config_created_a_moment_ago_may_not_be_found(calm_sim: Any, deployer: Any, refused: Any) -> None:
    deployer.model()
    calm_sim.advance(minutes=1)
    deployer.config()
    calm_sim.fault({"stale": 3}, match={"operation": "CreateEndpoint"})
    code, text = refused(deployer.endpoint)
    assert (code, text.split(' "')[0]) == ("ValidationException", "Could not find endpoint configuration")
    assert deployer.endpoint()


@pytest.mark.ledger("sm.config.eventual-update")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_update_may_not_find_it_either_as_the_seed_says(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    in_service.config("next")
    calm_sim.fault({"stale": 3}, match={"operation": "UpdateEndpoint"})
    update = {"EndpointName": "reviews", "EndpointConfigName": "next"}
    if calm_sim.engine.ledger.value("sm.config.eventual-update") == "eventual":
        _, text = refused(in_service.client.update_endpoint, **update)
        assert text.startswith("Could not find endpoint configuration")
    assert in_service.client.update_endpoint(**update)


@pytest.mark.ledger("sm.endpoint.not-found", "sm.model.not-found", "sm.config.not-found")
def test_what_was_created_a_moment_ago_may_not_be_described_yet(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    deployer.model()
    deployer.config()
    deployer.endpoint()
    described = {
        "describe_model": {"ModelName": "bert-a"},
        "describe_endpoint_config": {"EndpointConfigName": "fifty-fifty"},
        "describe_endpoint": {"EndpointName": "reviews"},
    }
    for operation, name in described.items():
        call = getattr(deployer.client, operation)
        calm_sim.fault({"stale": 2})
        code, text = refused(call, **name)
        assert (code, text[:14]) == ("ValidationException", "Could not find")
        assert call(**name)


@pytest.mark.ledger("sm.quota.exceeded")
def test_a_quota_refuses_a_create_at_once_until_it_is_raised(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    calm_sim.edit(quota={"ml.m5.large": 1})
    deployer.model()
    deployer.config()
    code, text = refused(deployer.endpoint)
    assert code == "ResourceLimitExceeded"
    assert text.startswith(
        "The account-level service limit 'ml.m5.large for endpoint usage' is 1 Instances, "
        "with current utilization of 0 Instances and a request delta of 2 Instances."
    )
    calm_sim.edit(quota={"ml.m5.large": 2})
    assert deployer.endpoint()


@pytest.mark.ledger("sm.endpoint.system-updating")
def test_under_maintenance_it_refuses_changes_and_then_is_in_service(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    calm_sim.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 60})
    assert in_service.describe()["EndpointStatus"] == "SystemUpdating"
    assert refused(set_weights, in_service) == BUSY
    calm_sim.advance(seconds=61)
    assert set_weights(in_service)


@pytest.mark.ledger("sm.endpoint.out-of-service")
def test_out_of_service_it_refuses_changes_and_can_be_deleted(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    calm_sim.edit(status={"endpoint": "reviews", "status": "OutOfService"})
    assert refused(set_weights, in_service)[0] == "ValidationException"
    assert in_service.client.delete_endpoint(EndpointName="reviews")


@pytest.mark.ledger("sm.endpoint.rollback-failed")
def test_after_a_failed_rollback_an_update_is_the_remedy(calm_sim: Any, in_service: Any) -> None:
    calm_sim.edit(status={"endpoint": "reviews", "status": "UpdateRollbackFailed"})
    in_service.config("remedy")
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="remedy")
    calm_sim.advance(minutes=4)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "remedy")
