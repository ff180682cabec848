"""What AWS's errors mean, in one table.

SageMaker answers nearly every refusal with one code, so code and text decide together. Texts are what users
of the service have quoted in public issues and code; AWS documents none of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
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
    DENIED = auto()
    QUOTA = auto()
    REFUSED = auto()
    """Everything else: roles propagate, images and artefacts arrive late; try again slowly."""

    @property
    def reason(self) -> Reason:
        return _REASONS.get(self, Reason.RETRYING)

    @property
    def stalls(self) -> bool:
        return self in _REASONS


_REASONS = {
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
    _row(
        "Throttling ThrottlingException TooManyRequestsException RequestLimitExceeded",
        "",
        FailureKind.TRANSIENT,
    ),
    _row("InternalFailure InternalServiceException InternalServiceFault", "", FailureKind.TRANSIENT),
    _row("ServiceUnavailable RequestTimeout", "", FailureKind.TRANSIENT),
    _row("AccessDenied AccessDeniedException UnauthorizedOperation", "", FailureKind.DENIED),
    _row("UnrecognizedClientException InvalidClientTokenId SignatureDoesNotMatch", "", FailureKind.DENIED),
    _row("ExpiredToken ExpiredTokenException", "", FailureKind.DENIED),
)
_SERVER_ERROR = 500


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
    kind = FailureKind.TRANSIENT if status >= _SERVER_ERROR else FailureKind.REFUSED
    return Failure(kind, code, message)


def _without_answer(error: BotoCoreError) -> FailureKind:
    match error:
        case EndpointConnectionError() | ConnectTimeoutError():
            return FailureKind.TRANSIENT
        case ConnectionClosedError() | ReadTimeoutError() | HTTPClientError():
            return FailureKind.LOST
        case _:
            # Not sent (no credentials, a member that botocore refuses), and not mended by waiting a little.
            return FailureKind.REFUSED
