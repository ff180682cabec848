"""What only AWS can know: it is told in AWS's words, harms nothing that runs, and passes by itself."""

from collections.abc import Iterator

import pytest

from tests.e2e.operator_process import NEVER, Operator
from tests.e2e.reviews import (
    NEW_MODEL_DATA,
    Change,
    Reviews,
    image,
    instance_count,
    model_data,
    put,
    weights,
)
from tests.e2e.simulated_aws import SimulatedAws

NEW_ROLE = "arn:aws:iam::123456789012:role/made-in-this-very-sync"
OWN_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sentiment:1"
MISSING = {
    "role": ({"role": NEW_ROLE}, put(executionRoleArn=NEW_ROLE)),
    "image": ({"image": OWN_IMAGE}, image("bert-b", OWN_IMAGE)),
    "model-data": ({"object": NEW_MODEL_DATA}, model_data("bert-b", NEW_MODEL_DATA)),
}


def is_told_in_aws_words(resource: Reviews, aws: SimulatedAws, reason: str) -> None:
    """The refusal's own text is in the condition, and in a warning."""
    resource.is_stalled(reason)
    _, words = aws.refusals()[-1]
    assert words in resource.conditions["Stalled"]["message"]
    assert words in resource.conditions["Ready"]["message"]
    resource.is_told("Warning", reason, words)


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_stalls_the_resource_until_it_is_there(
    reviews: Reviews, aws: SimulatedAws, what: str
) -> None:
    missing, change = MISSING[what]
    aws.edit(missing=missing)
    running = aws.section("endpoints")

    reviews.apply(change)
    is_told_in_aws_words(reviews, aws, "Refused")

    assert aws.section("endpoints") == running
    assert reviews.conditions["EndpointInService"]["status"] == "True"
    generation = reviews.live["metadata"]["generation"]
    aws.edit(restored=missing)
    assert reviews.is_ready()["metadata"]["generation"] == generation
    assert "Stalled" not in reviews.conditions


def test_a_quota_stalls_the_resource_until_it_grows(reviews: Reviews, aws: SimulatedAws) -> None:
    aws.edit(quota={"ml.m5.large": 2})

    reviews.apply(instance_count("VariantA", 3))
    is_told_in_aws_words(reviews, aws, "QuotaExceeded")

    assert aws.variant("VariantA")["currentInstanceCount"] == 1
    aws.edit(quota={"ml.m5.large": None})
    reviews.is_ready()
    assert aws.variant("VariantA")["currentInstanceCount"] == 3


@pytest.mark.usefixtures("running_operator")
def test_a_first_install_waits_for_its_role(resource: Reviews, aws: SimulatedAws) -> None:
    """A role made in the same sync is refused until IAM has spread the news."""
    aws.edit(missing={"role": NEW_ROLE})

    resource.apply(put(executionRoleArn=NEW_ROLE))
    is_told_in_aws_words(resource, aws, "Refused")
    assert aws.everything() == {}

    aws.edit(restored={"role": NEW_ROLE})
    resource.is_ready()


@pytest.mark.usefixtures("running_operator")
def test_a_stalled_first_install_can_be_deleted(resource: Reviews, aws: SimulatedAws) -> None:
    aws.edit(missing={"role": NEW_ROLE})
    resource.apply(put(executionRoleArn=NEW_ROLE))
    resource.is_stalled("Refused")

    resource.delete()
    resource.is_gone()
    assert aws.everything() == {}


def test_status_does_not_flap_while_a_refusal_lasts(reviews: Reviews, aws: SimulatedAws) -> None:
    aws.edit(missing={"object": NEW_MODEL_DATA})
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("Refused")
    version, refusals = reviews.version, len(aws.refusals())

    reviews.becomes(lambda _: len(aws.refusals()) >= refusals + 3)

    assert reviews.version == version


class TestRetriesAtOnce:
    """With intervals of an hour, only a word from the user brings AWS's call again."""

    @pytest.fixture
    def stalled(self, resource: Reviews, aws: SimulatedAws, operator: Operator) -> Iterator[Reviews]:
        patient = {"SAGEMAKER_AB_RESYNC_SECONDS": NEVER, "SAGEMAKER_AB_REFUSED_RETRY_SECONDS": NEVER}
        aws.edit(missing={"role": NEW_ROLE})
        with operator.running(**patient):
            resource.apply(put(executionRoleArn=NEW_ROLE))
            resource.is_stalled("Refused")
            aws.edit(restored={"role": NEW_ROLE})
            yield resource

    def test_on_a_reconcile_request_which_status_echoes(self, stalled: Reviews) -> None:
        stalled.request_reconcile("please-1")
        stalled.is_ready()
        assert stalled.status["lastHandledReconcileAt"] == "please-1"

    def test_on_a_new_spec(self, stalled: Reviews, aws: SimulatedAws) -> None:
        stalled.apply(weights(VariantA=1, VariantB=3))
        stalled.is_ready()
        assert aws.weights() == {"VariantA": 1.0, "VariantB": 3.0}
        assert "lastHandledReconcileAt" not in stalled.status


def test_throttling_is_not_worth_a_word(reviews: Reviews, aws: SimulatedAws) -> None:
    change: Change = weights(VariantA=5, VariantB=95)
    aws.add_fault({"throttle": True}, match={"write": True})

    versions = reviews.watch()
    reviews.apply(change)

    seen = versions.until(lambda found: found["status"].get("summary") == "VariantA=5% VariantB=95%")
    assert not any(c["type"] == "Stalled" for found in seen for c in found["status"]["conditions"])
