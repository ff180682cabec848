"""Classifies AWS's errors by one table.

SageMaker returns the same code for nearly every refusal, so the table matches code and message together. AWS
does not document the messages. They are quoted from public issues and source code; comments name the source.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from sagemaker_ab.api.conditions import Reason


class AwsError(Exception):
    """A call that AWS refused or did not answer; `failure` classifies it."""

    def __init__(self, failure: "Failure") -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


class FailureKind(Enum):
    """What a failure means for the caller."""

    BUSY = auto()
    """AWS is changing the object. Wait; this is not an error."""
    EXISTS = auto()
    """An object of that name exists already. Read and compare it."""
    GONE = auto()
    """The named object does not exist."""
    SAME_CONFIG = auto()
    """The endpoint already uses the requested config. Read it again."""
    TRANSIENT = auto()
    """Throttling, or an error on AWS's side. Retry soon."""
    LOST = auto()
    """No response arrived. The call may have taken effect; read the state."""
    NO_CREDENTIALS = auto()
    """There are no credentials, or they have expired; their provider may be late. Retry soon."""
    DENIED = auto()
    """The role lacks a permission, or AWS does not accept the credentials. Retry slowly."""
    QUOTA = auto()
    """A service quota is exceeded. Retry slowly."""
    REFUSED = auto()
    """Any other refusal. Retry slowly: roles may propagate and images and artifacts may arrive late."""

    @property
    def reason(self) -> Reason:
        """The reason of the condition that reports the failure."""
        return _REASONS.get(self, Reason.RETRYING)

    @property
    def stalls(self) -> bool:
        """Whether the failure persists until a person acts, or at least for long."""
        return self in {FailureKind.DENIED, FailureKind.QUOTA, FailureKind.REFUSED}


_REASONS = {
    FailureKind.NO_CREDENTIALS: Reason.NO_CREDENTIALS,
    FailureKind.DENIED: Reason.ACCESS_DENIED,
    FailureKind.QUOTA: Reason.QUOTA_EXCEEDED,
    FailureKind.REFUSED: Reason.REFUSED,
}


@dataclass(frozen=True, slots=True)
class _Row:
    codes: frozenset[str]
    says: str
    kind: FailureKind


def _row(codes: str, says: str, kind: FailureKind) -> _Row:
    return _Row(frozenset(codes.split()), says, kind)


_VALIDATION = "ValidationException"

_TABLE = (
    # aws/amazon-sagemaker-operator-for-k8s, controllers/sdkutil/clientwrapper; for every change
    _row(_VALIDATION, "Cannot update in-progress endpoint", FailureKind.BUSY),
    # aws/sagemaker-python-sdk#101; the same text for endpoints, endpoint configurations and models
    _row(_VALIDATION, "Cannot create already existing", FailureKind.EXISTS),
    # hashicorp/terraform-provider-aws#39152: matching the code alone leaked endpoints there
    _row(_VALIDATION, "Could not find", FailureKind.GONE),
    _row("ObjectNotFoundException ResourceNotFound", "", FailureKind.GONE),
    _row(_VALIDATION, "currently in use endpoint configuration", FailureKind.SAME_CONFIG),
    # terraform-aws-modules/terraform-aws-rds-aurora#420
    _row(_VALIDATION, "scalable target that you tried to tag already exists", FailureKind.EXISTS),
    _row("ConcurrentUpdateException", "", FailureKind.BUSY),
    _row("ResourceLimitExceeded LimitExceededException", "", FailureKind.QUOTA),
    # The codes that botocore retries as throttling or transient: botocore/retries/standard.py
    _row(
        "Throttling ThrottlingException ThrottledException RequestThrottledException RequestThrottled"
        " TooManyRequestsException RequestLimitExceeded BandwidthLimitExceeded SlowDown"
        " ProvisionedThroughputExceededException PriorRequestNotComplete",
        "",
        FailureKind.TRANSIENT,
    ),
    _row("RequestTimeout RequestTimeoutException ServiceUnavailable", "", FailureKind.TRANSIENT),
    # https://docs.aws.amazon.com/amazoncloudwatch/latest/APIReference/CommonErrors.html
    _row(
        "InternalError InternalFailure InternalServiceException InternalServiceFault InternalServerError",
        "",
        FailureKind.TRANSIENT,
    ),
    # The signature is too old: the node's clock is wrong, or the node was suspended.
    _row("RequestExpired", "", FailureKind.TRANSIENT),
    _row("ExpiredToken ExpiredTokenException", "", FailureKind.NO_CREDENTIALS),
    _row("AccessDenied AccessDeniedException UnauthorizedOperation", "", FailureKind.DENIED),
    _row("UnrecognizedClientException InvalidClientTokenId SignatureDoesNotMatch", "", FailureKind.DENIED),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A classified error; `message` is AWS's or botocore's own."""

    kind: FailureKind
    code: str
    message: str


def classify(error: ClientError | BotoCoreError) -> Failure:
    """Classify AWS's refusal, or botocore's error where there is no response."""
    if isinstance(error, ClientError):
        return _refusal(error)
    return Failure(_without_answer(error), type(error).__name__, str(error))


@contextmanager
def classified() -> Iterator[None]:
    """Raise botocore's errors as AwsError: a context manager, and a decorator."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise AwsError(classify(error)) from error


def _refusal(error: ClientError) -> Failure:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    for row in _TABLE:
        if code in row.codes and row.says in message:
            return Failure(row.kind, code, message)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    passes = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Failure(FailureKind.TRANSIENT if passes else FailureKind.REFUSED, code, message)


def _without_answer(error: BotoCoreError) -> FailureKind:
    match error:
        case EndpointConnectionError() | ConnectTimeoutError() | ProxyConnectionError() | SSLError():
            return FailureKind.TRANSIENT
        case ConnectionClosedError() | ReadTimeoutError() | HTTPClientError():
            return FailureKind.LOST
        case _ if isinstance(error, _ABOUT_CREDENTIALS):
            return FailureKind.NO_CREDENTIALS
        case _:
            # botocore did not send the request, for example for an invalid parameter. Waiting does not help.
            return FailureKind.REFUSED


_ABOUT_CREDENTIALS = (
    CredentialRetrievalError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
