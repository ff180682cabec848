"""What does not carry our owner's tags is never changed and never deleted."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.e2e.operator_process import Operator
from tests.e2e.reviews import ROLE, Reviews, autoscaling, put
from tests.e2e.simulated_aws import SimulatedAws

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/theirs:1"


@pytest.fixture
def foreign_endpoint(aws: SimulatedAws) -> None:
    """Somebody else's endpoint, in service, under the name that the resource asks for."""
    variant = {"VariantName": "VariantA", "ModelName": "theirs", "InstanceType": "ml.m5.large"}
    calls = {
        "CreateModel": {
            "ModelName": "theirs",
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {"Image": IMAGE},
        },
        "CreateEndpointConfig": {
            "EndpointConfigName": "theirs",
            "ProductionVariants": [{**variant, "InitialInstanceCount": 1}],
        },
        "CreateEndpoint": {"EndpointName": "reviews", "EndpointConfigName": "theirs"},
    }
    for operation, params in calls.items():
        aws.edit(call={"service": "sagemaker", "operation": operation, "params": params})
    aws.advance(300)


@pytest.mark.usefixtures("foreign_endpoint", "running_operator")
def test_a_foreign_endpoint_is_left_alone_also_when_the_resource_goes(
    resource: Reviews, aws: SimulatedAws
) -> None:
    theirs = aws.everything()

    resource.apply(autoscaling("VariantB"))
    resource.is_stalled("NotOwned", "endpoint reviews exists and is not created by this operator")
    aws.is_asked_again()
    assert (aws.writes(), aws.everything()) == ([], theirs)
    resource.is_told("Warning", "NotOwned", "the operator does not change it")

    resource.delete()
    resource.is_gone()
    assert (aws.writes(), aws.everything()) == ([], theirs)


@pytest.mark.usefixtures("foreign_endpoint", "running_operator")
def test_the_name_is_taken_over_once_the_foreign_endpoint_has_gone(
    resource: Reviews, aws: SimulatedAws
) -> None:
    resource.apply()
    resource.is_stalled("NotOwned")

    aws.edit(delete={"endpoint": "reviews"})
    resource.is_ready()


def test_of_two_resources_for_one_endpoint_the_second_is_told_of_the_first(
    reviews: Reviews, aws: SimulatedAws, new_resource: Callable[[str], Reviews]
) -> None:
    ours = aws.everything()
    second = new_resource("latecomer")

    second.apply(put(endpointName="reviews"))
    second.is_stalled("NotOwned", f"owned by {reviews.namespace}/reviews")
    second.delete()
    second.is_gone()

    assert (aws.writes(), aws.everything()) == ([], ours)
    reviews.is_ready()


def test_an_operator_of_another_account_touches_nothing(
    resource: Reviews, aws: SimulatedAws, operator: Operator
) -> None:
    """The account is pinned in status at the first write."""
    with operator.running():
        resource.apply()
        resource.is_ready()
        aws.rests()
    aws.clear_calls()

    with replace(operator, access_key="AKIA999988887777").running():
        resource.is_stalled("LocationChanged", "created in account 123456789012")
        resource.request_reconcile("again")
        resource.is_stalled("LocationChanged", "999988887777")
    assert aws.writes() == []

    with operator.running():
        resource.is_ready()
