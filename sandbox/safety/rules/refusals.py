"""What a refusal means for when the same request may be sent again."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.safety.calls import Call

_TRANSIENT_CODES = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "SlowDown"),
        *("RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded"),
        *("RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "RequestExpired"),
        *("InternalError", "InternalFailure", "InternalServiceException", "InternalServerError"),
        "Unknown",  # AWS failed and gave no code
        *("ExpiredToken", "ExpiredTokenException"),
    }
)
_BUSY_TEXTS = ("in-progress", "is not InService", "in state InService")
"""The endpoint is being changed; nothing is wrong with the request."""
_EVENTUAL_TEXTS = ("Could not find", "Cannot create already existing", "currently in use", "doesn't exist")
"""A read was too old for the request, or what it names is too young: another read shows it soon."""


class Refusal(Enum):
    """The kinds of refusals."""

    BUSY = auto()
    TRANSIENT = auto()
    OTHER = auto()


def refusal_of(call: Call) -> Refusal | None:
    """Say what kind of refusal a call met; None when it was not refused."""
    if not call.refused:
        return None
    if call.code == "ConcurrentUpdateException" or any(text in call.message for text in _BUSY_TEXTS):
        return Refusal.BUSY
    eventual = call.code in {"ObjectNotFoundException", "ResourceNotFound"}
    eventual |= any(text in call.message for text in _EVENTUAL_TEXTS)
    if eventual or call.code in _TRANSIENT_CODES:
        return Refusal.TRANSIENT
    return Refusal.OTHER
