"""Errors of services that once spoke query only: their old codes live on in a header of newer protocols.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sandbox.aws.ledger import holds, row

if TYPE_CHECKING:
    from botocore.model import OperationModel, StructureShape

    from sandbox.aws.errors import AwsError

SERVER_ERRORS = 500


def fault(error: AwsError) -> str:
    """Return whose fault it is, in query's words."""
    return "Receiver" if error.http >= SERVER_ERRORS else "Sender"


@holds("aws.query-codes")
def query_code(error: AwsError) -> str:
    """Return what query calls an error; those that are common to all services have other names there."""
    names: dict[str, str] = row("aws.query-codes").variants[0].value
    return names.get(error.code, error.code)


def _compatible(model: OperationModel | None) -> bool:
    return model is not None and "awsQueryCompatible" in model.service_model.metadata


def query_error_header(error: AwsError, model: OperationModel | None) -> dict[str, str]:
    """Return the header by which clients learn query's code, for services that have once spoken it."""
    return {"x-amzn-query-error": f"{query_code(error)};{fault(error)}"} if _compatible(model) else {}


def shape_name(error: AwsError, model: OperationModel | None) -> str:
    """Return the name of the error's shape, which newer protocols carry where query carries the code."""
    if model is None or not _compatible(model):
        return error.code
    for shape in model.service_model.error_shapes:
        if cast("StructureShape", shape).error_code == error.code:
            return str(shape.name)
    return error.code
