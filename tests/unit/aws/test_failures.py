"""Errors by what they mean: the code alone decides nothing."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from sagemaker_ab.aws.failures import AwsError, FailureKind, classified, classify


def refusal(code, message, status=400):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "UpdateEndpoint")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('Cannot update in-progress endpoint "arn".', FailureKind.BUSY),
        ('Cannot create already existing endpoint "arn".', FailureKind.EXISTS),
        ('Cannot create already existing endpoint configuration "arn".', FailureKind.EXISTS),
        ('Could not find model "arn".', FailureKind.GONE),
        (
            'Cannot update endpoint with the currently in use endpoint configuration "c"',
            FailureKind.SAME_CONFIG,
        ),
        ('The execution role ARN "arn" is invalid. …', FailureKind.REFUSED),
        ("Something that nobody has seen", FailureKind.REFUSED),
    ],
)
def test_one_code_means_many_things(message, kind):
    assert classify(refusal("ValidationException", message)).kind is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceLimitExceeded", FailureKind.QUOTA),
        ("ThrottlingException", FailureKind.TRANSIENT),
        ("Throttling", FailureKind.TRANSIENT),
        ("AccessDeniedException", FailureKind.DENIED),
        ("ExpiredTokenException", FailureKind.DENIED),
        ("ObjectNotFoundException", FailureKind.GONE),
        ("ConcurrentUpdateException", FailureKind.BUSY),
    ],
)
def test_some_codes_speak_for_themselves(code, kind):
    assert classify(refusal(code, "…")).kind is kind


def test_an_unknown_error_of_the_servers_may_pass():
    assert classify(refusal("Surprise", "…", status=503)).kind is FailureKind.TRANSIENT


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionClosedError(endpoint_url="https://aws"), FailureKind.LOST),
        (ReadTimeoutError(endpoint_url="https://aws"), FailureKind.LOST),
        (EndpointConnectionError(endpoint_url="https://aws"), FailureKind.TRANSIENT),
        (NoCredentialsError(), FailureKind.REFUSED),
    ],
)
def test_without_an_answer_it_matters_whether_the_call_was_sent(error, kind):
    assert classify(error).kind is kind


def test_only_classified_errors_leave_the_room():
    with pytest.raises(AwsError) as raised, classified():
        raise refusal("ThrottlingException", "Rate exceeded")

    assert raised.value.failure.message == "Rate exceeded"
