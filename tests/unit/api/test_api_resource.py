"""Reading manifests: what is valid becomes a model, what is not is told with path, value and bound."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from sagemaker_ab.api.autoscaling import TargetTrackingScaling
from sagemaker_ab.api.resource import InvalidSpec, parse_resource_file, parse_spec
from sagemaker_ab.api.spec import Monitoring, Traffic

Raw = dict[str, Any]


def messages(read: Callable[[Raw], object], raw: Raw) -> tuple[str, ...]:
    with pytest.raises(InvalidSpec) as refused:
        read(raw)
    return refused.value.messages


def test_the_notebooks_endpoint_is_read(spec: Raw) -> None:
    read = parse_spec(spec)
    assert read.endpoint_name == "reviews-prod"
    assert [variant.weight for variant in read.variants] == [50, 50]
    assert read.variants[0].autoscaling is None
    assert read.variants[1].autoscaling is not None
    assert read.variants[1].autoscaling.policies[0].target_tracking_scaling.target == 2


def test_what_is_not_given_has_its_default(spec: Raw) -> None:
    read = parse_spec(spec)
    assert (read.monitoring, read.traffic) == (Monitoring(interval_seconds=300), Traffic(strategy="Manual"))
    assert (read.deletion_policy, read.tags) == ("Delete", [])
    assert read.models[0].primary_container is not None
    assert read.models[0].primary_container.environment == {}


def test_a_spec_cannot_be_changed(spec: Raw) -> None:
    read = parse_spec(spec)
    with pytest.raises(ValidationError, match="frozen"):
        read.endpoint_name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(("given", "target"), [(2, "2"), ("2.0", "2.0"), ("70.5", "70.5")])
def test_a_target_is_an_integer_or_a_quoted_decimal(given: int | str, target: str) -> None:
    tracking = TargetTrackingScaling.model_validate(
        {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance", "targetValue": given}
    )
    assert tracking.target == Decimal(target)


@pytest.mark.parametrize("value", ["50", True, 50.0, 50.5, [50]])
def test_a_weight_is_an_integer_and_nothing_is_made_into_one(spec: Raw, value: object) -> None:
    spec["variants"][0]["weight"] = value
    [message] = messages(parse_spec, spec)
    assert message.startswith("spec.variants[0].weight: ")


def test_a_message_names_field_value_and_bound(spec: Raw) -> None:
    spec["variants"][1]["weight"] = 2000000
    assert messages(parse_spec, spec) == (
        "spec.variants[1].weight: 2000000 should be less than or equal to 1000000",
    )


def test_every_fault_is_told_at_once(spec: Raw) -> None:
    del spec["endpointName"]
    spec["variants"][0]["instanceType"] = "m5.large"
    spec["models"][0]["primaryContainer"]["framework"]["name"] = "tensorflow"
    assert [message.partition(":")[0] for message in messages(parse_spec, spec)] == [
        "spec.endpointName",
        "spec.models[0].primaryContainer.framework.name",
        "spec.variants[0].instanceType",
    ]


def test_a_missing_field_is_required(spec: Raw) -> None:
    del spec["variants"][0]["instanceType"]
    assert messages(parse_spec, spec) == ("spec.variants[0].instanceType: is required",)


def test_a_repeated_name_is_told(spec: Raw) -> None:
    spec["variants"][0]["name"] = "VariantB"
    assert messages(parse_spec, spec) == (
        "spec.variants: each name must be unique, but VariantB is repeated",
    )


def test_a_long_value_is_shown_in_part_and_a_mapping_not_at_all(spec: Raw) -> None:
    spec["region"] = "x" * 1000
    spec["traffic"] = ["Manual"]
    long, mapping = messages(parse_spec, spec)
    assert long == f'spec.region: "{"x" * 79}… should have at most 32 characters'
    assert mapping == "spec.traffic: should be a mapping"


def test_a_null_is_a_field_that_is_not_there(spec: Raw) -> None:
    """As for the API server, which drops it and then applies the default."""
    spec["variants"][1]["instanceCount"] = None
    spec["monitoring"] = {"intervalSeconds": None}
    assert parse_spec(spec).monitoring.interval_seconds == 300


def test_the_operator_ignores_unknown_fields(spec: Raw) -> None:
    spec["variants"][0]["routing"] = "LEAST_OUTSTANDING_REQUESTS"
    assert len(parse_spec(spec).variants) == 2


def test_a_file_may_not_hold_unknown_fields(manifest: Raw) -> None:
    manifest["spec"]["variants"][0]["wieght"] = 50
    assert messages(parse_resource_file, manifest) == (
        "spec.variants[0].wieght: 50 is given, but the field is unknown",
    )


def test_a_file_writes_fields_in_camel_case_only(manifest: Raw) -> None:
    manifest["spec"]["deletion_policy"] = "Retain"
    assert messages(parse_resource_file, manifest) == (
        'spec.deletion_policy: "Retain" is given, but the field is unknown',
    )


def test_a_file_is_read_with_its_metadata(manifest: Raw) -> None:
    read = parse_resource_file({**manifest, "status": {"anything": "that an operator wrote"}})
    assert (read.metadata.name, read.metadata.namespace) == ("reviews", "default")
    assert read.status.observed_generation == -1


def test_a_file_of_another_kind_is_refused(manifest: Raw) -> None:
    assert messages(parse_resource_file, {**manifest, "kind": "Endpoint"}) == (
        "kind: \"Endpoint\" should be 'SageMakerABEndpoint'",
    )


def test_a_file_needs_a_name_of_at_most_63_characters(manifest: Raw) -> None:
    assert messages(parse_resource_file, {**manifest, "metadata": {}}) == ("metadata.name: is required",)
    [message] = messages(parse_resource_file, {**manifest, "metadata": {"name": "r" * 64}})
    assert message.startswith("metadata.name: ")
    assert message.endswith("should have at most 63 characters")


def test_metadata_must_be_a_mapping(manifest: Raw) -> None:
    assert messages(parse_resource_file, {**manifest, "metadata": "reviews"}) == (
        'metadata: "reviews" should be a mapping',
    )


def test_rules_hold_in_files_too(manifest: Raw) -> None:
    del manifest["spec"]["executionRoleArn"]
    assert messages(parse_resource_file, manifest) == (
        "spec.executionRoleArn: is required unless every model sets existingModelName",
    )
