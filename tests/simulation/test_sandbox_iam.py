"""Identity policies: what they allow, what they deny, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.engine.core import OPERATIONS, Call
from sandbox.aws.engine.iam.authorization import authorize
from sandbox.aws.engine.iam.conditions import BadPolicyError, Condition
from sandbox.aws.errors import AwsError
from sandbox.aws.inprocess import InProcessAws
from tests.simulation.policies import (
    CALLER,
    ROLE,
    SAGEMAKER,
    USER,
    allow,
    code_of,
    create_model,
    deny,
    statement,
)


@pytest.mark.ledger("iam.open-without-policies", "iam.evaluation")
def test_a_principal_may_do_everything_until_it_has_a_policy(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    allow(calm_sim)
    assert code_of(deployer.client.describe_model, ModelName="bert-a") == "AccessDeniedException"
    other = calm_sim.client("sagemaker", access_key="AKIAOTHER")
    assert code_of(other.describe_model, ModelName="bert-a") == "ok"
    calm_sim.edit(policy={"principal": USER, "documents": None})
    assert code_of(deployer.client.describe_model, ModelName="bert-a") == "ok"


def test_what_is_denied_has_no_effect(calm_sim: Any, in_service: Any) -> None:
    allow(calm_sim, statement("sagemaker:Describe*"))
    before = calm_sim.state()
    client = in_service.client
    assert code_of(client.delete_endpoint, EndpointName="reviews") == "AccessDeniedException"
    assert create_model(client) == "AccessDeniedException"
    assert calm_sim.state() == before


@pytest.mark.ledger("iam.evaluation", "iam.denied-explicit", "iam.denied", "iam.denied-on")
def test_one_deny_outweighs_every_allow_and_says_so(calm_sim: Any, deployer: Any, refused: Any) -> None:
    allow(calm_sim, statement("*"), deny("sagemaker:describemodel", f"{SAGEMAKER}:model/bert-?"))
    code, text = refused(deployer.client.describe_model, ModelName="bert-a")
    assert code == "AccessDeniedException"
    assert text == (
        f"User: {CALLER} is not authorized to perform: sagemaker:DescribeModel on resource: "
        f"{SAGEMAKER}:model/bert-a with an explicit deny in an identity-based policy"
    )
    assert refused(deployer.client.describe_model, ModelName="bert-xx")[0] == "ValidationException"


@pytest.mark.ledger("iam.denied-implicit", "iam.denied-old", "iam.denied-on-everything")
@pytest.mark.parametrize("variant", range(2))
def test_each_service_denies_in_its_own_words(refused: Any, variant: int) -> None:
    sim = InProcessAws(stale_reads=False, variants={"iam.denied-on-everything": variant})
    allow(sim)
    everything = ["", " on resource: *"][variant]

    def text(action: str, on: str = everything) -> str:
        why = f"because no identity-based policy allows the {action} action"
        return f"User: {CALLER} is not authorized to perform: {action}{on} {why}"

    endpoint = f" on resource: {SAGEMAKER}:endpoint/reviews"
    told = {
        "list": refused(sim.client("sagemaker").list_models),
        "invoke": refused(sim.client("sagemaker-runtime").invoke_endpoint, EndpointName="reviews", Body=b""),
        "scaling": refused(
            sim.client("application-autoscaling").describe_scalable_targets, ServiceNamespace="sagemaker"
        ),
        "metrics": refused(sim.client("cloudwatch").list_metrics),
        "tags": refused(sim.client("resourcegroupstaggingapi").get_resources),
        "role": refused(sim.client("sts").assume_role, RoleArn=ROLE, RoleSessionName="night"),
    }
    scaling = "application-autoscaling:DescribeScalableTargets"
    assert told == {
        "list": ("AccessDeniedException", text("sagemaker:ListModels")),
        "invoke": ("AccessDeniedException", text("sagemaker:InvokeEndpoint", endpoint)),
        "scaling": ("AccessDeniedException", text(scaling)),
        "metrics": ("AccessDenied", text("cloudwatch:ListMetrics")),
        "tags": ("AccessDeniedException", text("tag:GetResources")),
        "role": ("AccessDenied", text("sts:AssumeRole", f" on resource: {ROLE}")),
    }


@pytest.mark.ledger("iam.order")
@pytest.mark.parametrize(("variant", "code"), [(0, "ValidationException"), (1, "AccessDeniedException")])
@pytest.mark.parametrize("operation", ["CreateModel", "CreateEndpoint", "DeleteEndpoint"])
def test_what_is_neither_valid_nor_allowed_is_told_one_of_the_two(
    refused: Any, operation: str, variant: int, code: str
) -> None:
    sim = InProcessAws(variants={"iam.order": variant})
    client = sim.client("sagemaker", parameter_validation=False)
    wrong = {"Tags": [{"Key": "k"}]} if operation.startswith("Create") else {}
    assert refused(client._make_api_call, operation, wrong)[0] == "ValidationException"
    allow(sim)
    assert refused(client._make_api_call, operation, wrong)[0] == code
    allow(sim, statement("*"))
    assert refused(client._make_api_call, operation, wrong)[0] == "ValidationException"
    assert sim.state() == {}


@pytest.mark.ledger("iam.caller-identity")
def test_everybody_may_ask_who_it_is(calm_sim: Any) -> None:
    allow(calm_sim, deny("*"))
    assert calm_sim.client("sts").get_caller_identity()["Arn"] == CALLER


def test_policies_of_a_role_hold_for_whoever_has_assumed_it_in_whatever_account(
    calm_sim: Any, refused: Any
) -> None:
    role = "arn:aws:iam::222233334444:role/deployers/cross"
    allow(calm_sim, statement("sagemaker:ListModels"), principal=role)
    answer = calm_sim.client("sts").assume_role(RoleArn=role, RoleSessionName="night")
    client = calm_sim.client("sagemaker", access_key=answer["Credentials"]["AccessKeyId"])
    assert client.list_models()["Models"] == []
    code, text = refused(client.list_endpoints)
    assert code == "AccessDeniedException"
    assert text.startswith("User: arn:aws:sts::222233334444:assumed-role/cross/night is not authorized")
    assert calm_sim.client("sagemaker", access_key="AKIA222233334444").list_endpoints()["Endpoints"] == []


def test_a_denial_is_ordered_without_a_policy(calm_sim: Any, deployer: Any, refused: Any) -> None:
    calm_sim.fault({"denied": True}, match={"operation": "DescribeModel"})
    calm_sim.fault({"denied": "explicit"}, match={"operation": "ListMetrics"})
    code, text = refused(deployer.client.describe_model, ModelName="m")
    assert code == "AccessDeniedException"
    assert text == (
        f"User: {CALLER} is not authorized to perform: sagemaker:DescribeModel on resource: "
        f"{SAGEMAKER}:model/m because no identity-based policy allows the sagemaker:DescribeModel action"
    )
    code, text = refused(calm_sim.client("cloudwatch").list_metrics)
    assert (code, text.endswith("with an explicit deny in an identity-based policy")) == (
        "AccessDenied",
        True,
    )


def test_what_a_principal_needed_is_told(calm_served_sim: Any) -> None:
    control = calm_served_sim.control
    document = {"Version": "2012-10-17", "Statement": statement("sagemaker:*")}
    control.edit(policy={"principal": USER, "documents": [document]})
    client = calm_served_sim.client("sagemaker")
    client.list_models()
    assert create_model(client) == "AccessDeniedException"
    assert control.permissions() == {
        f"123456789012/{USER}": {
            "iam:PassRole": [ROLE],
            "sagemaker:CreateModel": [f"{SAGEMAKER}:model/bert-b"],
            "sagemaker:ListModels": ["*"],
        }
    }


def test_every_operation_is_denied_to_whoever_may_do_nothing(calm_sim: Any) -> None:
    """A new operation is under policies without being listed anywhere."""
    allow(calm_sim)
    region = calm_sim.engine.region("123456789012", "us-east-1")
    call = Call(region=region, params={}, as_of=region.clock.now(), access_key=USER)
    allowed = []
    for (_, name), operation in OPERATIONS.items():
        try:
            authorize(call, operation)
        except AwsError:
            continue
        allowed.append(name)
    assert allowed == ["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", ["a", "b"], ["b"], True),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringNotEquals", ["a"], None, True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringEqualsIgnoreCase", ["A"], ["a"], True),
        ("StringNotEqualsIgnoreCase", ["A"], ["a"], False),
        ("StringLike", ["us-*"], ["us-east-1"], True),
        ("StringLike", ["us-?"], ["us-east-1"], False),
        ("StringNotLike", ["us-*"], ["eu-west-1"], True),
        ("ArnLike", ["arn:aws:iam::*:role/x"], ["arn:aws:iam::1:role/x"], True),
        ("ArnNotEquals", ["arn:*"], ["arn:x"], False),
        ("Null", ["true"], None, True),
        ("Null", ["true"], ["x"], False),
        ("Null", ["false"], ["x"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringLike", ["a*"], ["b", "ab"], True),
        ("ForAnyValue:StringLike", ["a*"], None, False),
    ],
)
def test_conditions_compare_as_iam_does(
    operator: str, wanted: list[str], given: list[str] | None, holds: bool
) -> None:
    condition = Condition.parse(operator, "aws:TagKeys", wanted)
    assert condition.holds({} if given is None else {"aws:tagkeys": given}) is holds


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Version": "2008-10-17", "Statement": []},
        {"Version": "2012-10-17", "Statement": [], "Principal": "*"},
        {"Version": "2012-10-17", "Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}},
        {"Version": "2012-10-17", "Statement": statement("*") | {"NotAction": "*"}},
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*"}},
        {"Version": "2012-10-17", "Statement": statement([])},
        {"Version": "2012-10-17", "Statement": statement("*", "arn:*:${aws:username}")},
        {"Version": "2012-10-17", "Statement": statement("*", Principal="*")},
        {
            "Version": "2012-10-17",
            "Statement": statement("*", Condition={"IpAddress": {"aws:SourceIp": "::1"}}),
        },
        {
            "Version": "2012-10-17",
            "Statement": statement("*", Condition={"StringEquals": {"aws:username": "x"}}),
        },
    ],
)
def test_a_policy_that_iam_would_not_take_or_that_is_not_simulated_is_refused(
    calm_sim: Any, deployer: Any, document: Any
) -> None:
    with pytest.raises(BadPolicyError):
        calm_sim.edit(policy={"principal": USER, "documents": [document]})
    assert deployer.client.list_models()["Models"] == []


def test_actions_and_resources_may_be_all_others(calm_sim: Any, deployer: Any) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "NotAction": "sagemaker:List*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "NotResource": [f"{SAGEMAKER}:model/*", ROLE]},
        ],
    }
    calm_sim.edit(policy={"principal": USER, "documents": [document]})
    client = deployer.client
    assert code_of(client.list_models) == "AccessDeniedException"
    assert code_of(client.describe_endpoint, EndpointName="e") == "AccessDeniedException"
    assert create_model(client) == "ok"
