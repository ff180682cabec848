"""Each command is one call of one service, with a description for people."""

import pytest

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Service
from tests.unit.planning.worlds import AUTOSCALING, spec, want, with_variant

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
MODEL_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model/reviews-bert-a-1fef6cc901"
TAGS = {"team": "search", "env": "prod"}
TAG_LIST = [{"Key": "env", "Value": "prod"}, {"Key": "team", "Value": "search"}]
WANTED = want(spec())
SCALING = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))
OWNER_TAGS = [{"Key": key, "Value": value} for key, value in sorted(WANTED.all_tags.items())]
DIMENSION = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantB",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
MODEL = WANTED.models[0]


@pytest.mark.parametrize(
    ("build", "operation", "request_members", "description"),
    [
        (
            lambda: commands.create_model(MODEL, TAGS),
            "CreateModel",
            {"ModelName": MODEL.name, **MODEL.content, "Tags": TAG_LIST},
            f"create model {MODEL.name}",
        ),
        (
            lambda: commands.create_endpoint_config("c", {"ProductionVariants": []}, TAGS),
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": [], "Tags": TAG_LIST},
            "create endpoint config c",
        ),
        (
            lambda: commands.create_endpoint(WANTED),
            "CreateEndpoint",
            {"EndpointName": "reviews", "EndpointConfigName": WANTED.config_name, "Tags": OWNER_TAGS},
            f"create endpoint reviews with config {WANTED.config_name}",
        ),
        (
            lambda: commands.update_endpoint(WANTED),
            "UpdateEndpoint",
            {"EndpointName": "reviews", "EndpointConfigName": WANTED.config_name},
            f"update endpoint reviews to config {WANTED.config_name}",
        ),
        (
            lambda: commands.update_endpoint(SCALING),
            "UpdateEndpoint",
            {
                "EndpointName": "reviews",
                "EndpointConfigName": SCALING.config_name,
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            f"update endpoint reviews to config {SCALING.config_name}",
        ),
        (
            lambda: commands.update_weights("reviews", {"VariantA": 10, "VariantB": 90}),
            "UpdateEndpointWeightsAndCapacities",
            {
                "EndpointName": "reviews",
                "DesiredWeightsAndCapacities": [
                    {"VariantName": "VariantA", "DesiredWeight": 10},
                    {"VariantName": "VariantB", "DesiredWeight": 90},
                ],
            },
            "set weights VariantA=10, VariantB=90",
        ),
        (
            lambda: commands.update_instance_count("reviews", "VariantA", 3),
            "UpdateEndpointWeightsAndCapacities",
            {
                "EndpointName": "reviews",
                "DesiredWeightsAndCapacities": [{"VariantName": "VariantA", "DesiredInstanceCount": 3}],
            },
            "set the instance count of VariantA to 3",
        ),
        (
            lambda: commands.delete_endpoint("reviews"),
            "DeleteEndpoint",
            {"EndpointName": "reviews"},
            "delete endpoint reviews",
        ),
        (
            lambda: commands.delete_endpoint_config("c"),
            "DeleteEndpointConfig",
            {"EndpointConfigName": "c"},
            "delete endpoint config c",
        ),
        (lambda: commands.delete_model("m"), "DeleteModel", {"ModelName": "m"}, "delete model m"),
        (
            lambda: commands.add_tags(ARN, TAGS),
            "AddTags",
            {"ResourceArn": ARN, "Tags": TAG_LIST},
            "tag the endpoint with env, team",
        ),
        (
            lambda: commands.tag_model(MODEL_ARN, TAGS),
            "AddTags",
            {"ResourceArn": MODEL_ARN, "Tags": TAG_LIST},
            "tag model/reviews-bert-a-1fef6cc901 with its image pin",
        ),
        (
            lambda: commands.delete_tags(ARN, {"team", "env"}),
            "DeleteTags",
            {"ResourceArn": ARN, "TagKeys": ["env", "team"]},
            "remove from the endpoint the tags env, team",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_to_sagemaker(build, operation, request_members, description):
    command = build()

    assert (command.service, command.operation) == (Service.SAGEMAKER, operation)
    assert command.request == request_members
    assert command.description == description


@pytest.mark.parametrize(
    ("build", "operation", "request_members", "description"),
    [
        (
            lambda: commands.register_scalable_target(
                "reviews", "VariantB", min_capacity=1, max_capacity=4, tags=TAGS
            ),
            "RegisterScalableTarget",
            {"MinCapacity": 1, "MaxCapacity": 4, "Tags": TAGS},
            "register VariantB for scaling between 1 and 4 instances",
        ),
        (
            lambda: commands.register_scalable_target(
                "reviews",
                "VariantB",
                min_capacity=1,
                max_capacity=4,
                suspended={"DynamicScalingInSuspended": True},
                tags=None,
            ),
            "RegisterScalableTarget",
            {"MinCapacity": 1, "MaxCapacity": 4, "SuspendedState": {"DynamicScalingInSuspended": True}},
            "register VariantB for scaling between 1 and 4 instances with scaling in suspended",
        ),
        (
            lambda: commands.deregister_scalable_target("reviews", "VariantB"),
            "DeregisterScalableTarget",
            {},
            "deregister VariantB from scaling",
        ),
        (
            lambda: commands.put_scaling_policy("reviews", "VariantB", "p", "StepScaling", {"Cooldown": 60}),
            "PutScalingPolicy",
            {
                "PolicyName": "p",
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": {"Cooldown": 60},
            },
            "put scaling policy p on VariantB",
        ),
        (
            lambda: commands.put_scheduled_action(
                "reviews", "VariantB", "night", {"Schedule": "rate(1 day)"}
            ),
            "PutScheduledAction",
            {"ScheduledActionName": "night", "Schedule": "rate(1 day)"},
            "put scheduled action night on VariantB",
        ),
        (
            lambda: commands.delete_scaling_policy("reviews", "VariantB", "p"),
            "DeleteScalingPolicy",
            {"PolicyName": "p"},
            "delete scaling policy p of VariantB",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_to_application_auto_scaling(build, operation, request_members, description):
    command = build()

    assert (command.service, command.operation) == (Service.AUTOSCALING, operation)
    assert command.request == {**DIMENSION, **request_members}
    assert command.description == description


def test_equal_writes_are_recognized_and_others_are_not():
    assert commands.delete_model("m").identity == commands.delete_model("m").identity
    assert commands.delete_model("m").identity != commands.delete_model("n").identity
    assert commands.delete_model("m").identity.startswith("DeleteModel-")


def test_all_updates_to_the_same_content_are_one_attempt():
    bigger = want(with_variant(spec(), "VariantA", instanceCount=2))
    other = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
    updates = [commands.update_endpoint(wanted) for wanted in (WANTED, bigger, other)]

    assert len({update.identity for update in updates}) == 3
    assert updates[0].subject == updates[1].subject == f"UpdateEndpoint-{WANTED.content_fingerprint}"
    assert updates[0].subject != updates[2].subject
    assert commands.delete_model("m").subject == commands.delete_model("m").identity
