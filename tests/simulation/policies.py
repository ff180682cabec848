"""The words of identity policies, and calls that they may deny."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

USER = "AKIASANDBOX"
CALLER = "arn:aws:iam::123456789012:user/sandbox"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
SAGEMAKER = "arn:aws:sagemaker:us-east-1:123456789012"
OWNED = {"Key": "owner", "Value": "us"}


def statement(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return statement(action, resource, Effect="Deny", **more)


def allow(aws: Any, *statements: dict[str, Any], principal: str = USER) -> None:
    """Put one policy of these statements on a principal."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    aws.edit(policy={"principal": principal, "documents": [document]})


def code_of(call: Any, **params: Any) -> str:
    """The code of a refusal, or ok."""
    try:
        call(**params)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def create_model(client: Any, name: str = "bert-b", **more: Any) -> str:
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
    container = {"Image": image}
    return code_of(
        client.create_model, ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, **more
    )
