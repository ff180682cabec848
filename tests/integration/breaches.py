"""A valid resource and breaches of its constraints, each with the words that must meet it."""

from typing import Any

from tests.integration.breach import (
    Breach,
    above,
    below,
    empty,
    odd,
    rule,
    too_long,
    too_many,
    twice,
    unlisted,
)
from tests.integration.scaling_breaches import SCALING_BREACHES
from tests.integration.scaling_given import MOST_AUTOSCALING, OTHER_AUTOSCALING

FRAMEWORK = {
    "framework": {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"},
    "modelDataUrl": "s3://bucket/variant_a/model.tar.gz",
    "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
}
IMAGE = {"image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"}
PACKAGE = {"modelPackageName": "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/3"}
GIVEN: dict[str, Any] = {
    "apiVersion": "sagemaker-ab.dev/v1alpha1",
    "kind": "SageMakerABEndpoint",
    "metadata": {"name": "bad-input"},
    "spec": {
        "endpointName": "reviews-prod",
        "region": "us-east-1",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "models": [
            {"name": "with-framework", "primaryContainer": FRAMEWORK, "revision": "2"},
            {"name": "with-image", "primaryContainer": IMAGE},
            {"name": "with-package", "primaryContainer": PACKAGE},
            {"name": "pipeline", "containers": [FRAMEWORK, IMAGE, PACKAGE]},
            {"name": "existing", "existingModelName": "sentiment-7"},
        ],
        "variants": [
            {
                "name": "VariantA",
                "model": "with-framework",
                "instanceType": "ml.m5.large",
                "instanceCount": 1,
                "weight": 50,
            },
            {
                "name": "VariantB",
                "model": "pipeline",
                "instanceType": "ml.m5.large",
                "weight": 50,
                "autoscaling": MOST_AUTOSCALING,
            },
            {
                "name": "VariantC",
                "model": "existing",
                "instanceType": "ml.m5.large",
                "weight": 0,
                "autoscaling": OTHER_AUTOSCALING,
            },
        ],
        "monitoring": {"intervalSeconds": 300},
        "traffic": {"strategy": "Manual"},
        "deletionPolicy": "Delete",
        "tags": [{"key": "team", "value": "reviews"}, {"key": "stage", "value": "prod"}],
    },
}


ENDPOINT_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
MODEL_NAME = "^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$"
TAG = r"^[\p{L}\p{Z}\p{N}_.:/=+@-]"


def container_breaches(framework: str, image: str, package: str) -> list[Breach]:
    return [
        unlisted(f"{framework}.framework.name", "pytorch"),
        odd(f"{framework}.framework.version", "1.6.x", r"^[0-9]+(\.[0-9]+){0,2}$"),
        too_long(f"{framework}.framework.version", "1", most=16),
        odd(f"{framework}.framework.pythonVersion", "3.10", "^py[0-9]+$"),
        too_long(f"{framework}.framework.pythonVersion", "py3333333333", most=8),
        odd(f"{framework}.modelDataUrl", "/models/a.tar.gz", "^(https|s3)://[^/]+(/.*)?$"),
        too_long(f"{framework}.modelDataUrl", "s3://bucket/" + "a" * 1024, most=1024),
        Breach(
            f"{framework}.environment",
            {f"NAME_{number}": "" for number in range(101)},
            "maxProperties",
            "must have at most 100 items",
        ),
        too_long(f"{framework}.environment.SAGEMAKER_PROGRAM", "a", most=1024),
        rule(
            f"{framework}.environment",
            {"1ST": ""},
            "names must consist of letters, digits and underscores and must not start with a digit",
            blamed=f"{framework}.environment",
        ),
        odd(f"{image}.image", "no spaces", "^[!-~]+$"),
        too_long(f"{image}.image", "a", most=255),
        odd(
            f"{package}.modelPackageName",
            "sentiment/latest",
            "^(arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:[a-z-]*/)?"
            "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(/[0-9]{1,9})?$",
        ),
        too_long(
            f"{package}.modelPackageName",
            f"arn:aws:sagemaker:us-east-1:123456789012:{'a' * 176}/name",
            most=176,
        ),
        rule(
            f"{image}.modelPackageName",
            "sentiment",
            "exactly one of framework, image and modelPackageName must be set, not 2 of them",
            blamed=image,
        ),
    ]


BREACHES = [
    too_long("metadata.name", "a", most=63),
    odd("spec.endpointName", "reviews_prod", ENDPOINT_NAME),
    too_long("spec.endpointName", "a", most=63),
    odd("spec.region", "Ireland", "^[a-z]{2,8}(-[a-z]+)+-[0-9]{1,2}$"),
    too_long("spec.region", "us" + "-east" * 6 + "-1", most=32),
    odd(
        "spec.executionRoleArn",
        "arn:aws:iam::123456789012:user/me",
        "^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$",
    ),
    too_long("spec.executionRoleArn", "arn:aws:iam::123456789012:role/" + "a" * 2048, most=2048),
    rule(
        "spec.executionRoleArn",
        None,
        "is required unless every model sets existingModelName",
        blamed="spec.executionRoleArn",
    ),
    empty("spec.models"),
    too_many("spec.models", [{"name": f"m{n}", "existingModelName": "e"} for n in range(21)], most=20),
    twice("spec.models", GIVEN["spec"]["models"][4], "name"),
    odd("spec.models[0].name", "-a", MODEL_NAME),
    too_long("spec.models[0].name", "a", most=63),
    rule(
        "spec.models[0].existingModelName",
        "sentiment-7",
        "exactly one of primaryContainer, containers and existingModelName must be set, not 2 of them",
        blamed="spec.models[0]",
    ),
    rule(
        "spec.models[4].revision",
        "2",
        "cannot be set with existingModelName; set the name of another existing model instead",
        blamed="spec.models[4].revision",
    ),
    rule(
        "spec.models[3].containers[1].environment",
        {f"NAME_{number}": "a" * 1000 for number in range(33)},
        "environment must have at most 32768 characters in total over all containers",
        blamed="spec.models[3]",
    ),
    *container_breaches(*(f"spec.models[{index}].primaryContainer" for index in (0, 1, 2))),
    *container_breaches(*(f"spec.models[3].containers[{index}]" for index in (0, 1, 2))),
    empty("spec.models[3].containers"),
    too_many("spec.models[3].containers", [IMAGE] * 16, most=15),
    odd("spec.models[4].existingModelName", "sentiment.7", MODEL_NAME),
    too_long("spec.models[4].existingModelName", "a", most=63),
    Breach("spec.models[0].revision", "", "minLength", "should be at least 1 chars long"),
    too_long("spec.models[0].revision", "a", most=63),
    empty("spec.variants"),
    too_many(
        "spec.variants",
        [{**GIVEN["spec"]["variants"][0], "name": f"Variant{number}"} for number in range(11)],
        most=10,
    ),
    twice("spec.variants", GIVEN["spec"]["variants"][0], "name"),
    rule(
        "spec.variants",
        [{**GIVEN["spec"]["variants"][0], "weight": 0}],
        "at least one weight must be greater than 0; if all are 0, no variant gets traffic",
        blamed="spec.variants",
    ),
    rule(
        "spec.variants[1].model",
        "bert-c",
        "model must be the name of an entry in spec.models, but there is no entry bert-c",
        blamed="spec.variants",
    ),
    odd("spec.variants[0].name", "Variant A", ENDPOINT_NAME),
    too_long("spec.variants[0].name", "a", most=63),
    odd("spec.variants[0].model", "bert_a", MODEL_NAME),
    too_long("spec.variants[0].model", "a", most=63),
    odd("spec.variants[0].instanceType", "m5.large", r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"),
    too_long("spec.variants[0].instanceType", "ml.m5." + "x" * 63, most=63),
    rule(
        "spec.variants[1].instanceType",
        "ml.t2.medium",
        (
            "AWS does not support autoscaling of burstable instance types such as ml.t2.medium;"
            " set instanceCount, or use another instance type"
        ),
        blamed="spec.variants[1].instanceType",
    ),
    below("spec.variants[0].instanceCount", 1),
    above("spec.variants[0].instanceCount", 10000),
    rule(
        "spec.variants[1].instanceCount",
        1,
        "exactly one of instanceCount and autoscaling must be set, not 2 of them",
        blamed="spec.variants[1]",
    ),
    *SCALING_BREACHES,
    below("spec.monitoring.intervalSeconds", 60),
    above("spec.monitoring.intervalSeconds", 3600),
    Breach("spec.monitoring.intervalSeconds", 90, "multipleOf", "should be a multiple of 60"),
    unlisted("spec.deletionPolicy", "Delete", "Retain"),
    too_many("spec.tags", [{"key": f"key-{number}", "value": ""} for number in range(46)], most=45),
    twice("spec.tags", GIVEN["spec"]["tags"][0], "key"),
    odd("spec.tags[0].key", "team?", f"{TAG}+$"),
    too_long("spec.tags[0].key", "a", most=128),
    odd("spec.tags[0].value", "reviews?", f"{TAG}*$"),
    too_long("spec.tags[0].value", "a", most=256),
    *(
        rule(
            "spec.tags[0].key",
            key,
            f"{key} has a reserved prefix; aws: is reserved for AWS and sagemaker-ab.dev/ for the operator",
            blamed="spec.tags[0].key",
        )
        for key in ("AWS:team", "SageMaker-AB.dev/name")
    ),
]

CHANGES = [
    rule(
        "spec.endpointName",
        "reviews-next",
        "is immutable; create another resource for another endpoint",
        blamed="spec.endpointName",
    ),
    *(
        rule(
            "spec.region",
            region,
            "is immutable and cannot be added or removed; create another resource for another region",
            blamed="spec.region",
        )
        for region in ("eu-west-1", None)
    ),
]
