"""Errors by what they mean: the code alone decides nothing."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    UnauthorizedSSOTokenError,
    UnknownServiceError,
)

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import AwsError, Failure, FailureKind, classified, classify
from sagemaker_ab.controller.errors import to_problem
from sagemaker_ab.planning.problem import Problem


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
        ("ExpiredTokenException", FailureKind.NO_CREDENTIALS),
        ("ExpiredToken", FailureKind.NO_CREDENTIALS),
        ("RequestExpired", FailureKind.TRANSIENT),
        ("RequestThrottledException", FailureKind.TRANSIENT),
        ("SlowDown", FailureKind.TRANSIENT),
        ("RequestTimeoutException", FailureKind.TRANSIENT),
        ("InternalError", FailureKind.TRANSIENT),
        ("UnrecognizedClientException", FailureKind.DENIED),
        ("ObjectNotFoundException", FailureKind.GONE),
        ("ConcurrentUpdateException", FailureKind.BUSY),
    ],
)
def test_some_codes_speak_for_themselves(code, kind):
    assert classify(refusal(code, "…")).kind is kind


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_unknown_error_of_the_servers_may_pass(status):
    assert classify(refusal("Surprise", "…", status=status)).kind is FailureKind.TRANSIENT


@pytest.mark.parametrize(
    ("code", "kind"), [("ResourceLimitExceeded", FailureKind.QUOTA), ("Surprise", FailureKind.REFUSED)]
)
def test_a_failure_has_the_code_and_the_words_of_aws(code, kind):
    assert classify(refusal(code, "The words of AWS")) == Failure(kind, code, "The words of AWS")


@pytest.mark.parametrize(("status", "kind"), [(503, FailureKind.TRANSIENT), (403, FailureKind.REFUSED)])
def test_an_answer_without_code_and_words_is_classified_by_its_status(status, kind):
    answer = {"Error": {}, "ResponseMetadata": {"HTTPStatusCode": status}}

    assert classify(ClientError(answer, "UpdateEndpoint")) == Failure(kind, "", "")


def test_an_answer_without_a_status_is_a_refusal():
    answer = {"Error": {"Code": "Surprise", "Message": "…"}}

    assert classify(ClientError(answer, "UpdateEndpoint")).kind is FailureKind.REFUSED


@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.NO_CREDENTIALS])
def test_what_passes_by_itself_waits_for_a_person_only_after_many_times(kind):
    assert not kind.stalls
    failure = Failure(kind, "Code", "…")

    assert not to_problem(failure, "…", failures=9).stalled
    assert to_problem(failure, "…", failures=10) == Problem(kind.reason, "…", transient=True)


def test_missing_credentials_have_a_reason_of_their_own():
    assert FailureKind.NO_CREDENTIALS.reason is Reason.NO_CREDENTIALS


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionClosedError(endpoint_url="https://aws"), FailureKind.LOST),
        (ReadTimeoutError(endpoint_url="https://aws"), FailureKind.LOST),
        (EndpointConnectionError(endpoint_url="https://aws"), FailureKind.TRANSIENT),
        (ConnectTimeoutError(endpoint_url="https://aws"), FailureKind.TRANSIENT),
        (ProxyConnectionError(proxy_url="https://proxy", error="refused"), FailureKind.TRANSIENT),
        (SSLError(endpoint_url="https://aws", error="handshake"), FailureKind.TRANSIENT),
        (NoCredentialsError(), FailureKind.NO_CREDENTIALS),
        (PartialCredentialsError(provider="env", cred_var="KEY"), FailureKind.NO_CREDENTIALS),
        (CredentialRetrievalError(provider="pod", error_msg="down"), FailureKind.NO_CREDENTIALS),
        (MetadataRetrievalError(error_msg="down"), FailureKind.NO_CREDENTIALS),
        (UnauthorizedSSOTokenError(), FailureKind.NO_CREDENTIALS),
        (UnknownServiceError(service_name="s", known_service_names=""), FailureKind.REFUSED),
    ],
)
def test_without_an_answer_it_matters_whether_the_call_was_sent(error, kind):
    assert classify(error).kind is kind


def test_only_classified_errors_leave_the_room():
    with pytest.raises(AwsError) as raised, classified():
        raise refusal("ThrottlingException", "Rate exceeded")

    assert raised.value.failure.message == "Rate exceeded"
