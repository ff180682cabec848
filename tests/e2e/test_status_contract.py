"""What users and their tools read: conditions that wait well, columns, generations, no needless writes."""

import json
from itertools import pairwise

import pytest

from tests.e2e.reviews import (
    NEW_MODEL_DATA,
    Manifest,
    Reviews,
    autoscaling,
    conditions_of,
    model_data,
    ready,
    up_to_date,
    weights,
)
from tests.e2e.simulated_aws import SimulatedAws


@pytest.mark.usefixtures("running_operator")
def test_kubectl_wait_returns_when_aws_is_as_the_spec_asks(resource: Reviews, aws: SimulatedAws) -> None:
    resource.apply()
    waited = resource.kubectl("wait", "--for=condition=Ready", "--timeout=90s", "smab/reviews")

    assert waited.returncode == 0, waited.stderr
    assert aws.section("endpoints")["reviews"]["status"] == "InService"


def test_kubectl_get_shows_the_endpoint_its_weights_and_whether_it_is_ready(reviews: Reviews) -> None:
    columns, row = reviews.kubectl("get", "smab", check=True).stdout.splitlines()
    assert columns.split() == ["NAME", "ENDPOINT", "WEIGHTS", "READY", "REASON", "AGE"]
    assert row.split()[:6] == ["reviews", "reviews", "VariantA=50%", "VariantB=50%", "True", "InService"]

    wide_columns, wide_row = reviews.kubectl("get", "smab", "-o", "wide", check=True).stdout.splitlines()
    assert "REGION" in wide_columns.split()
    assert "us-east-1" in wide_row.split()


def test_kubectl_get_takes_every_name_of_the_resource(reviews: Reviews) -> None:
    for name in ("smab", "sagemakerabendpoint", "sagemakerabendpoints", "sagemaker"):
        assert "reviews" in reviews.kubectl("get", name, check=True).stdout


@pytest.mark.usefixtures("running_operator")
def test_a_resource_is_not_ready_before_its_endpoint(resource: Reviews, aws: SimulatedAws) -> None:
    aws.hold({"write": 1}, when="before")
    resource.apply()
    aws.held()
    versions = resource.watch()
    aws.release()

    *before, last = versions.until(ready)

    assert conditions_of(last).keys() == {"Ready", "EndpointInService", "WeightsApplied", "MetricsAvailable"}
    reasons = [conditions_of(found)["Ready"]["reason"] for found in before]
    assert list(dict.fromkeys(reasons)) == ["Progressing", "Creating"]
    assert all(conditions_of(found)["Reconciling"]["status"] == "True" for found in before)


def test_through_a_change_ready_speaks_of_the_generation_that_it_names(reviews: Reviews) -> None:
    """From the first version that has observed the new spec, Ready is False until AWS is as it asks."""
    versions = reviews.watch()
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    seen = versions.until(lambda found: found["metadata"]["generation"] == 2 and ready(found))

    observed = [found["status"]["observedGeneration"] for found in seen]
    assert observed == sorted(observed)
    assert all(o <= found["metadata"]["generation"] for o, found in zip(observed, seen, strict=True))
    *under_way, _ = [found for found in seen if found["metadata"]["generation"] == 2 and up_to_date(found)]
    assert under_way
    assert {conditions_of(found)["Ready"]["status"] for found in under_way} == {"False"}
    assert {conditions_of(found)["Reconciling"]["status"] for found in under_way} == {"True"}
    assert {conditions_of(found)["EndpointInService"]["status"] for found in under_way} == {"True"}
    for found in seen:
        assert {c["observedGeneration"] for c in found["status"]["conditions"]} == {
            found["status"]["observedGeneration"]
        }


def test_a_transition_time_moves_only_with_its_status(reviews: Reviews) -> None:
    versions = reviews.watch()
    reviews.apply(weights(VariantA=10, VariantB=90))
    seen = versions.until(lambda found: found["metadata"]["generation"] == 2 and ready(found))

    for earlier, later in pairwise(seen):
        before, after = conditions_of(earlier), conditions_of(later)
        for kind in before.keys() & after.keys():
            same_time = before[kind]["lastTransitionTime"] == after[kind]["lastTransitionTime"]
            assert same_time == (before[kind]["status"] == after[kind]["status"])


def test_autoscaling_has_a_condition_while_it_is_asked_for(reviews: Reviews) -> None:
    reviews.apply(autoscaling("VariantB"))
    reviews.becomes(
        lambda found: (
            ready(found) and conditions_of(found).get("AutoscalingApplied", {}).get("status") == "True"
        )
    )
    scaled = next(variant for variant in reviews.status["variants"] if variant["name"] == "VariantB")
    assert scaled["instances"] == {"current": 1, "desired": 1, "min": 1, "max": 2}


def test_status_tells_what_aws_holds(reviews: Reviews, aws: SimulatedAws) -> None:
    status = reviews.status
    (config,) = aws.section("endpointConfigs")

    assert (status["account"], status["region"]) == ("123456789012", "us-east-1")
    assert status["summary"] == "VariantA=50% VariantB=50%"
    assert status["endpoint"]["arn"] == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
    assert (status["endpoint"]["status"], status["endpoint"]["configName"]) == ("InService", config)
    assert status["traffic"] == {"strategy": "Manual"}
    assert "deployment" not in status
    for variant in status["variants"]:
        assert variant["modelName"] == aws.variant(variant["name"])["model"]
        assert variant["imageDigest"].startswith("sha256:")
        assert (variant["desiredWeight"], variant["currentWeight"]) == ("50", "50")
        assert variant["instances"] == {"current": 1, "desired": 1}


def test_people_are_told_once_of_each_write_and_of_readiness(reviews: Reviews) -> None:
    told = [reason for _, reason, _ in reviews.events()]
    assert sorted(told) == [
        "CreateEndpoint",
        "CreateEndpointConfig",
        "CreateModels",
        "CreateModels",
        "InService",
    ]


def test_applying_the_same_file_again_writes_nothing(reviews: Reviews, aws: SimulatedAws) -> None:
    """Client-side or server-side, once the file is owned: what the operator does is nobody's drift."""
    file = json.dumps(reviews.manifest)
    for flags in ([], ["--server-side", "--force-conflicts"]):
        reviews.kubectl("apply", *flags, "-f", "-", input=file, check=True)
        version = reviews.version
        reviews.kubectl("apply", *flags, "-f", "-", input=file, check=True)
        assert reviews.version == version
    assert (
        reviews.kubectl("diff", "--server-side", "--force-conflicts", "-f", "-", input=file).returncode == 0
    )
    assert aws.writes() == []


@pytest.mark.usefixtures("running_operator")
def test_an_unknown_image_waits_for_another_spec(resource: Reviews, aws: SimulatedAws) -> None:
    """The schema lets any version through; which images there are, the operator knows."""

    def versioned(version: str):
        def change(spec: Manifest) -> None:
            for model in spec["models"]:
                model["primaryContainer"]["framework"]["version"] = version

        return change

    resource.apply(versioned("0.1"))
    resource.is_stalled("UnknownImage", "0.1")
    assert aws.writes() == []

    resource.apply(versioned("1.6.0"))
    resource.is_ready()
