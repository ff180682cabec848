"""What AWS's errors mean, in one table.

SageMaker answers nearly every refusal with one code, so code and text decide together. Texts are what users
of the service have quoted in public issues and code; AWS documents none of them.
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
    """A read that failed; `failure` says what that means."""

    def __init__(self, failure: "Failure") -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


class FailureKind(Enum):
    """What to do about a failure."""

    BUSY = auto()
    """AWS is changing the object; wait. Not an error."""
    EXISTS = auto()
    """What was to be created is there; look and compare."""
    GONE = auto()
    """What was named does not exist."""
    SAME_CONFIG = auto()
    """The endpoint is on the asked config already; look again."""
    TRANSIENT = auto()
    """Throttling or a failure on AWS's side: try again soon."""
    LOST = auto()
    """No answer came: it may have taken effect or not; look."""
    NO_CREDENTIALS = auto()
    """None to call with, or they have run out: whoever hands them out may be late. Try again soon."""
    DENIED = auto()
    QUOTA = auto()
    REFUSED = auto()
    """Everything else: roles propagate, images and artefacts arrive late; try again slowly."""

    @property
    def reason(self) -> Reason:
        return _REASONS.get(self, Reason.RETRYING)

    @property
    def stalls(self) -> bool:
        """Whether it does not pass by itself, or not soon."""
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
    # aws/amazon-sagemaker-operator-for-k8s, controllers/sdkutil/clientwrapper: for every kind of change
    _row(_VALIDATION, "Cannot update in-progress endpoint", FailureKind.BUSY),
    # aws/sagemaker-python-sdk#101; likewise "... endpoint configuration" and "... model"
    _row(_VALIDATION, "Cannot create already existing", FailureKind.EXISTS),
    # hashicorp/terraform-provider-aws#39152: going by the code alone once leaked endpoints
    _row(_VALIDATION, "Could not find", FailureKind.GONE),
    _row("ObjectNotFoundException ResourceNotFound", "", FailureKind.GONE),
    _row(_VALIDATION, "currently in use endpoint configuration", FailureKind.SAME_CONFIG),
    # terraform-aws-modules/terraform-aws-rds-aurora#420
    _row(_VALIDATION, "scalable target that you tried to tag already exists", FailureKind.EXISTS),
    _row("ConcurrentUpdateException", "", FailureKind.BUSY),
    _row("ResourceLimitExceeded LimitExceededException", "", FailureKind.QUOTA),
    # The codes that botocore itself takes for throttling or passing, botocore/retries/standard.py
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
    # Signed too long ago, by a clock that is off or on a node that stood still.
    _row("RequestExpired", "", FailureKind.TRANSIENT),
    _row("ExpiredToken ExpiredTokenException", "", FailureKind.NO_CREDENTIALS),
    _row("AccessDenied AccessDeniedException UnauthorizedOperation", "", FailureKind.DENIED),
    _row("UnrecognizedClientException InvalidClientTokenId SignatureDoesNotMatch", "", FailureKind.DENIED),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified error; `message` holds AWS's own words."""

    kind: FailureKind
    code: str
    message: str


def classify(error: ClientError | BotoCoreError) -> Failure:
    """Say what an error of botocore's means."""
    if isinstance(error, ClientError):
        return _refusal(error)
    return Failure(_without_answer(error), type(error).__name__, str(error))


@contextmanager
def classified() -> Iterator[None]:
    """Let only AwsError out of the calls within; also a decorator."""
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
            # Not sent (a member that botocore refuses), and not mended by waiting a little.
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
