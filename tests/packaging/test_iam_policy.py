"""The IAM policy allows what the operator calls, what those calls imply, and nothing more.

Which actions imply others, and which resources and condition keys they know, is said in AWS's service
authorization reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import yaml
from botocore import xform_name

from sagemaker_ab.planning.desired_scaling import alarm_prefix_of
from sagemaker_ab.planning.ownership import Owner

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "operator"
STATEMENTS = json.loads((ROOT / "manifests" / "iam" / "policy.json").read_text())["Statement"]
SERVICES = ("sagemaker", "application-autoscaling", "cloudwatch", "sts")

# Open to every identity, whatever its policies say.
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity"}

IMPLIED = {
    # Tags at creation.
    "sagemaker:CreateModel": {"sagemaker:AddTags", "iam:PassRole"},
    "sagemaker:CreateEndpointConfig": {"sagemaker:AddTags"},
    "sagemaker:CreateEndpoint": {"sagemaker:AddTags"},
    # Tags at registration; the first registration in an account creates the service-linked role.
    "application-autoscaling:RegisterScalableTarget": {
        "application-autoscaling:TagResource",
        "iam:CreateServiceLinkedRole",
    },
    # Tags of a new alarm:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "cloudwatch:PutMetricAlarm": {"cloudwatch:TagResource"},
    # Alarms of target tracking are created and deleted on the caller's behalf:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    "application-autoscaling:PutScalingPolicy": {"cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms"},
    "application-autoscaling:DeleteScalingPolicy": {"cloudwatch:DeleteAlarms"},
    "application-autoscaling:DeregisterScalableTarget": {"cloudwatch:DeleteAlarms"},
}


def module_file(name: str) -> Path | None:
    package = SOURCES.joinpath(*name.split("."))
    candidates = (package.with_suffix(".py"), package / "__init__.py")
    return next((path for path in candidates if path.exists()), None)


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def modules_of(entry: str) -> dict[str, ast.AST]:
    """The package's modules that a process started with this one may run."""
    found: dict[str, ast.AST] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        file = module_file(name)
        if name in found or not name.startswith("sagemaker_ab") or file is None:
            continue
        found[name] = ast.parse(file.read_text())
        waiting.extend(imports(found[name]))
    return found


def words(module: str, tree: ast.AST) -> Iterator[str]:
    """What may name an operation: a text, such as a paginator's name, or where boto3 lives a method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and module.startswith("sagemaker_ab.aws."):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def called() -> frozenset[str]:
    """The actions of all operations that the operator's modules name."""
    session = botocore.session.get_session()
    actions: dict[str, list[str]] = {}
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            for word in (operation, xform_name(operation)):
                actions.setdefault(word, []).append(f"{service}:{operation}")
    modules = modules_of("sagemaker_ab.controller.handlers")
    named = {word for module in modules.items() for word in words(*module) if word in actions}
    assert {word: actions[word] for word in named if len(actions[word]) > 1} == {}, "of which service?"
    return frozenset(actions[word][0] for word in named)


def allowed() -> set[str]:
    return {action for statement in STATEMENTS for action in listed(statement["Action"])}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def condition_keys(statement) -> set[str]:
    return {key for test in statement.get("Condition", {}).values() for key in test}


def test_what_the_operator_calls_was_found():
    """Guards the test below: an operation named in some other way would be missed by both."""
    assert {"sagemaker:CreateEndpoint", "sagemaker:DescribeEndpoint", "cloudwatch:GetMetricData"} <= called()
    assert "sagemaker:ListTags" in called()


def test_it_allows_what_is_called_and_implied_and_nothing_more():
    needed = called() - NEEDS_NO_PERMISSION
    needed |= {implied for action in needed for implied in IMPLIED.get(action, ())}
    assert allowed() == needed


def test_it_has_no_wildcard_action_and_only_allows():
    assert not [action for action in allowed() if "*" in action]
    assert {statement["Effect"] for statement in STATEMENTS} == {"Allow"}


def test_only_reads_without_a_resource_level_are_allowed_on_everything():
    on_everything = {
        action
        for statement in STATEMENTS
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert on_everything == {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "cloudwatch:GetMetricData",
        "sagemaker:ListEndpointConfigs",
        "sagemaker:ListModels",
    }


def test_every_change_in_sagemaker_depends_on_our_owner_tag():
    (cluster_id,) = (key for key in Owner("c", "n", "m", "u").tags if key.endswith("/cluster-id"))
    for statement in STATEMENTS:
        for action in listed(statement["Action"]):
            service, operation = action.split(":")
            if service == "sagemaker" and operation.startswith(("Create", "Update", "Delete")):
                where = "RequestTag" if operation.startswith("Create") else "ResourceTag"
                assert statement["Condition"] == {"Null": {f"aws:{where}/{cluster_id}": "false"}}


def test_tags_are_put_on_what_is_being_created_or_is_owned_already():
    keys = [condition_keys(each) for each in STATEMENTS if "sagemaker:AddTags" in listed(each["Action"])]
    assert keys == [{"sagemaker:TaggingAction"}, {"aws:ResourceTag/sagemaker-ab.dev/cluster-id"}]


def test_scaling_is_for_variants_only():
    (statement,) = (each for each in STATEMENTS if each["Sid"] == "ScaleVariants")
    assert statement["Condition"]["StringEquals"] == {
        "application-autoscaling:service-namespace": "sagemaker",
        "application-autoscaling:scalable-dimension": "sagemaker:variant:DesiredInstanceCount",
    }


def test_alarms_are_changed_only_if_they_belong_to_scaling_policies_of_endpoints():
    changes = {
        resource
        for statement in STATEMENTS
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
        if action in {"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource"}
    }
    assert changes == {
        "arn:aws:cloudwatch:*:*:alarm:TargetTracking-endpoint/*",
        "arn:aws:cloudwatch:*:*:alarm:sagemaker-ab/*",
    }
    assert alarm_prefix_of("reviews", Owner("c", "n", "m", "u").fingerprint).startswith("sagemaker-ab/")


def test_a_role_is_passed_to_sagemaker_only_and_it_is_the_samples():
    (statement,) = (each for each in STATEMENTS if each["Action"] == "iam:PassRole")
    sample = yaml.safe_load((ROOT / "manifests" / "samples" / "reviews.yaml").read_text())
    assert statement["Resource"] == sample["spec"]["executionRoleArn"]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_it_fits_into_a_managed_policy():
    """At most 6,144 characters, white space not counted.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    text = (ROOT / "manifests" / "iam" / "policy.json").read_text()
    assert len("".join(text.split())) <= 6144
