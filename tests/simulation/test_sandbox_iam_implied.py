"""What an operation needs beside the action of its own name: roles passed, tags, scaling, alarms."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.inprocess import InProcessAws
from tests.simulation.policies import OWNED, ROLE, SAGEMAKER, allow, code_of, create_model, statement

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 10.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
SCALE = statement(
    [f"application-autoscaling:{one}" for one in ("RegisterScalableTarget", "PutScalingPolicy")],
    "arn:aws:application-autoscaling:*:*:scalable-target/*",
    Condition={
        "StringEquals": {
            "application-autoscaling:service-namespace": "sagemaker",
            "application-autoscaling:scalable-dimension": "sagemaker:variant:DesiredInstanceCount",
        }
    },
)


def register(aws: Any, **more: Any) -> str:
    scaling = aws.client("application-autoscaling")
    return code_of(scaling.register_scalable_target, **TARGET, MinCapacity=1, MaxCapacity=2, **more)


def put_policy(aws: Any) -> str:
    scaling = aws.client("application-autoscaling")
    return code_of(
        scaling.put_scaling_policy,
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )


def serving(aws: Any, deployer: Any) -> Any:
    """The steps to an endpoint, taken in another simulation."""
    there = type(deployer)(aws.client("sagemaker"))
    there.model()
    there.config()
    there.endpoint()
    aws.advance(minutes=10)
    return there


@pytest.mark.ledger("iam.pass-role")
def test_whoever_makes_a_model_must_be_allowed_to_pass_its_role_to_sagemaker(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    create = statement("sagemaker:CreateModel", f"{SAGEMAKER}:model/*")
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    allow(calm_sim, create, statement("iam:PassRole", ROLE, Condition=elsewhere))
    code, text = refused(deployer.model)
    assert (code, f"perform: iam:PassRole on resource: {ROLE} because" in text) == (
        "AccessDeniedException",
        True,
    )
    allow(calm_sim, create, statement("iam:PassRole", "*role/other"))
    assert refused(deployer.model)[0] == "AccessDeniedException"
    allow(calm_sim, create, statement("iam:PassRole", ROLE, Condition=sagemaker))
    assert deployer.model() == "bert-a"


@pytest.mark.ledger("iam.tags-at-creation")
def test_tags_at_a_creation_are_asked_about_and_need_a_permission_of_their_own(
    calm_sim: Any, deployer: Any
) -> None:
    owned = {"StringEquals": {"aws:RequestTag/owner": "us"}}
    creating = {"StringEquals": {"sagemaker:TaggingAction": "CreateModel"}}
    create = [statement("sagemaker:CreateModel", Condition=owned), statement("iam:PassRole")]
    allow(calm_sim, *create)
    assert create_model(deployer.client) == "AccessDeniedException"
    assert create_model(deployer.client, Tags=[OWNED]) == "AccessDeniedException"
    allow(calm_sim, *create, statement("sagemaker:AddTags", Condition=creating))
    assert create_model(deployer.client, Tags=[{"Key": "owner", "Value": "them"}]) == "AccessDeniedException"
    assert create_model(deployer.client, Tags=[OWNED]) == "ok"
    arn = f"{SAGEMAKER}:model/bert-b"
    assert code_of(deployer.client.add_tags, ResourceArn=arn, Tags=[OWNED]) == "AccessDeniedException"


@pytest.mark.ledger("iam.tags-of-alarms")
def test_an_alarm_with_tags_needs_the_permission_to_tag_it(calm_sim: Any) -> None:
    client = calm_sim.client("cloudwatch")
    metric = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    comparison = {"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    alarm = {"AlarmName": "sagemaker-ab/a", **metric, **comparison}
    named = "arn:aws:cloudwatch:*:*:alarm:sagemaker-ab/*"
    allow(calm_sim, statement("cloudwatch:PutMetricAlarm", named))
    assert code_of(client.put_metric_alarm, **alarm) == "ok"
    assert code_of(client.put_metric_alarm, **alarm, Tags=[OWNED]) == "AccessDenied"
    allow(calm_sim, statement(["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"], named))
    assert code_of(client.put_metric_alarm, **alarm, Tags=[OWNED]) == "ok"
    assert code_of(client.put_metric_alarm, **alarm | {"AlarmName": "theirs"}) == "AccessDenied"


def test_tags_of_a_resource_and_keys_of_a_request_are_asked_about(calm_sim: Any, deployer: Any) -> None:
    create_model(deployer.client, "ours", Tags=[OWNED])
    create_model(deployer.client, "theirs")
    mine = {"Null": {"aws:ResourceTag/owner": "false"}}
    free = {"ForAllValues:StringNotEquals": {"aws:TagKeys": ["owner"]}}
    allow(
        calm_sim,
        statement("sagemaker:DeleteModel", Condition=mine),
        statement(["sagemaker:AddTags", "sagemaker:DeleteTags"], Condition=mine | free),
    )
    ours = {"ResourceArn": f"{SAGEMAKER}:model/ours"}
    client = deployer.client
    assert code_of(client.add_tags, Tags=[{"Key": "team", "Value": "a"}], **ours) == "ok"
    assert code_of(client.delete_tags, TagKeys=["team"], **ours) == "ok"
    assert code_of(client.delete_tags, TagKeys=["team", "owner"], **ours) == "AccessDeniedException"
    assert code_of(client.delete_model, ModelName="theirs") == "AccessDeniedException"
    assert code_of(client.delete_model, ModelName="none") == "AccessDeniedException"
    assert code_of(client.delete_model, ModelName="ours") == "ok"


@pytest.mark.ledger("iam.endpoint-config-too")
@pytest.mark.parametrize(("variant", "code"), [(0, "AccessDeniedException"), (1, "ok")])
def test_an_endpoint_may_need_its_action_on_the_config_too(deployer: Any, variant: int, code: str) -> None:
    calm = {"stale_reads": False, "lost_answers": False}
    sim = InProcessAws(variants={"iam.endpoint-config-too": variant}, **calm)
    there = type(deployer)(sim.client("sagemaker"))
    there.model()
    there.config()
    allow(sim, statement("sagemaker:CreateEndpoint", f"{SAGEMAKER}:endpoint/*"))
    found = code_of(there.client.create_endpoint, EndpointName="reviews", EndpointConfigName="fifty-fifty")
    assert found == code


@pytest.mark.ledger("iam.service-linked-role")
def test_the_first_target_of_an_account_makes_the_service_linked_role(calm_sim: Any, in_service: Any) -> None:
    del in_service
    allow(calm_sim, SCALE)
    assert register(calm_sim) == "AccessDeniedException"
    tag = statement("application-autoscaling:TagResource")
    allow(calm_sim, SCALE, tag, statement("iam:CreateServiceLinkedRole", "*_SageMakerEndpoint"))
    assert register(calm_sim, Tags={"owner": "us"}) == "ok"
    allow(calm_sim, SCALE)
    assert register(calm_sim) == "ok"
    assert register(calm_sim, Tags={"owner": "us"}) == "AccessDeniedException"


@pytest.mark.ledger("iam.alarms", "iam.alarms-denied")
@pytest.mark.parametrize(
    ("variant", "code"), [(0, "FailedResourceAccessException"), (1, "AccessDeniedException")]
)
def test_alarms_of_target_tracking_are_the_callers(deployer: Any, variant: int, code: str) -> None:
    sim = InProcessAws(variants={"iam.alarms-denied": variant}, stale_reads=False, lost_answers=False)
    serving(sim, deployer)
    assert register(sim) == "ok"
    allow(sim, SCALE)
    assert put_policy(sim) == code
    named = "arn:aws:cloudwatch:*:*:alarm:TargetTracking-endpoint/reviews/*"
    allow(sim, SCALE, statement(["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"], named))
    assert put_policy(sim) == "ok"
    deregister = sim.client("application-autoscaling").deregister_scalable_target
    allow(sim, statement("application-autoscaling:*"))
    assert code_of(deregister, **TARGET) == code
    allow(sim, statement(["application-autoscaling:*", "cloudwatch:DeleteAlarms"]))
    assert code_of(deregister, **TARGET) == "ok"


@pytest.mark.ledger("iam.delete-needs-deregister")
@pytest.mark.parametrize(("variant", "code"), [(0, "ValidationException"), (1, "AccessDeniedException")])
def test_an_endpoint_that_scales_is_deleted_by_who_may_deregister_its_targets(
    deployer: Any, refused: Any, variant: int, code: str
) -> None:
    chosen = {"iam.delete-needs-deregister": variant}
    sim = InProcessAws(variants=chosen, stale_reads=False, lost_answers=False)
    client = serving(sim, deployer).client
    assert register(sim) == "ok"
    allow(sim, statement("sagemaker:*"))
    told = refused(client.delete_endpoint, EndpointName="reviews")
    assert (told[0], told[1].endswith("permission to deregister the scalable target.")) == (code, True)
    allow(sim, statement("sagemaker:*"), statement("application-autoscaling:Deregister*"))
    assert code_of(client.delete_endpoint, EndpointName="reviews") == "ok"
