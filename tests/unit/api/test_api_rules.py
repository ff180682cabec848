"""The rules that span fields, by example: what breaks one is told in the words that the API server uses."""

from collections.abc import Callable
from typing import Any

import pytest

from sagemaker_ab.api.resource import InvalidSpec, parse_spec

Raw = dict[str, Any]


def set_in(*path: str | int, value: object) -> Callable[[Raw], None]:
    def change(spec: Raw) -> None:
        node: Any = spec
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[Raw], None]:
    def change(spec: Raw) -> None:
        node: Any = spec
        for part in path[:-1]:
            node = node[part]
        del node[path[-1]]

    return change


AUTOSCALING = ("variants", 1, "autoscaling")
TRACKING = (*AUTOSCALING, "policies", 0, "targetTrackingScaling")


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (
            drop("executionRoleArn"),
            "spec.executionRoleArn",
            "is required unless every model sets existingModelName",
        ),
        (
            set_in("variants", 0, "model", value="bert-c"),
            "spec.variants",
            "model must be the name of an entry in spec.models, but there is no entry bert-c",
        ),
        (
            drop("models", 0, "primaryContainer"),
            "spec.models[0]",
            "exactly one of primaryContainer, containers and existingModelName must be set, not 0 of them",
        ),
        (
            set_in("models", 0, "primaryContainer", "image", value="image"),
            "spec.models[0].primaryContainer",
            "exactly one of framework, image and modelPackageName must be set, not 2 of them",
        ),
        (
            set_in("models", 0, "primaryContainer", "environment", value={"A-B": ""}),
            "spec.models[0].primaryContainer.environment",
            "names must consist of letters, digits and underscores and must not start with a digit",
        ),
        (
            set_in(
                "models", 0, "primaryContainer", "environment", value={f"A{n}": "x" * 999 for n in range(33)}
            ),
            "spec.models[0]",
            "environment must have at most 32768 characters in total over all containers",
        ),
        (
            drop("variants", 0, "instanceCount"),
            "spec.variants[0]",
            "exactly one of instanceCount and autoscaling must be set, not 0 of them",
        ),
        (
            set_in("variants", 1, "instanceType", value="ml.t2.medium"),
            "spec.variants[1].instanceType",
            (
                "AWS does not support autoscaling of burstable instance types such as ml.t2.medium;"
                " set instanceCount, or use another instance type"
            ),
        ),
        (
            set_in(*AUTOSCALING, "minCapacity", value=5),
            "spec.variants[1].autoscaling.minCapacity",
            "must be less than or equal to maxCapacity, but 5 is greater than 2",
        ),
        (
            set_in(*TRACKING, "targetValue", value="0.00"),
            "spec.variants[1].autoscaling.policies[0].targetTrackingScaling.targetValue",
            "must be greater than 0",
        ),
        (
            set_in("tags", value=[{"key": "aws:team", "value": ""}]),
            "spec.tags[0].key",
            "aws:team has a reserved prefix; aws: is reserved for AWS and sagemaker-ab.dev/ for the operator",
        ),
        (
            set_in("tags", value=[{"key": "SageMaker-AB.dev/name", "value": ""}]),
            "spec.tags[0].key",
            (
                "SageMaker-AB.dev/name has a reserved prefix;"
                " aws: is reserved for AWS and sagemaker-ab.dev/ for the operator"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_rule_is_told(spec: Raw, change: Callable[[Raw], None], path: str, words: str) -> None:
    change(spec)
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(spec)
    assert refused.value.messages == (f"{path}: {words}",)


@pytest.mark.parametrize(
    "change",
    [
        set_in("models", 0, value={"name": "bert-a", "existingModelName": "sentiment"}),
        set_in("models", 0, "primaryContainer", "environment", value={f"A{n}": "x" * 990 for n in range(33)}),
        set_in("variants", 1, "instanceType", value="ml.trn1.2xlarge"),
        set_in("variants", 0, "instanceType", value="ml.t2.medium"),
        set_in("variants", 0, "weight", value=0),
        set_in(*AUTOSCALING, "minCapacity", value=2),
        set_in("tags", value=[{"key": "team/aws:", "value": "aws:"}]),
    ],
    ids=[
        *(
            "an existing model",
            "environment just in bounds",
            "trn is not burstable",
            "burstable with a count",
        ),
        *("one weight of 0", "bounds that are one number", "a reserved prefix elsewhere"),
    ],
)
def test_what_is_just_right_is_accepted(spec: Raw, change: Callable[[Raw], None]) -> None:
    change(spec)
    assert parse_spec(spec).endpoint_name == "reviews-prod"


def starting_with(spec: Raw, count: int) -> Raw:
    """The spec with a VariantB of two to five instances that starts with this many."""
    bounds = {"minCapacity": 2, "maxCapacity": 5, "initialInstanceCount": count}
    spec["variants"][1]["autoscaling"] |= bounds
    return spec


@pytest.mark.parametrize("count", [2, 5])
def test_a_variant_may_start_with_its_minimum_or_its_maximum(spec: Raw, count: int) -> None:
    read = parse_spec(starting_with(spec, count)).variants[1].autoscaling
    assert read is not None
    assert read.initial_instance_count == count


@pytest.mark.parametrize("count", [1, 6])
def test_a_variant_does_not_start_outside_its_bounds(spec: Raw, count: int) -> None:
    starting_with(spec, count)
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(spec)
    [message] = refused.value.messages
    words = f"must be from minCapacity to maxCapacity, but {count} is not from 2 to 5"
    assert message == f"spec.variants[1].autoscaling.initialInstanceCount: {words}"


def test_existing_models_need_no_role(spec: Raw) -> None:
    del spec["executionRoleArn"]
    spec["models"] = [{"name": name, "existingModelName": name} for name in ("bert-a", "bert-b")]
    assert parse_spec(spec).execution_role_arn is None


def test_an_existing_model_has_no_revision_of_ours(spec: Raw) -> None:
    spec["models"][0] = {"name": "bert-a", "existingModelName": "sentiment", "revision": "2"}
    with pytest.raises(InvalidSpec, match="set the name of another existing model instead"):
        parse_spec(spec)


def test_weights_of_0_alone_are_refused(spec: Raw) -> None:
    for variant in spec["variants"]:
        variant["weight"] = 0
    with pytest.raises(InvalidSpec, match="no variant gets traffic"):
        parse_spec(spec)


def test_a_metric_has_one_policy(spec: Raw) -> None:
    policies = spec["variants"][1]["autoscaling"]["policies"]
    policies.append({**policies[0], "name": "again"})
    with pytest.raises(InvalidSpec, match="each policy must have a predefinedMetricType of its own"):
        parse_spec(spec)


def test_the_environment_of_all_containers_counts(spec: Raw) -> None:
    container = {"image": "image", "environment": {f"A{n}": "x" * 999 for n in range(17)}}
    spec["models"][0] = {"name": "bert-a", "containers": [container, container]}
    with pytest.raises(InvalidSpec, match=r"spec\.models\[0\]: environment must have at most 32768"):
        parse_spec(spec)
