"""The one error that an operation of the simulated AWS raises."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """A refusal as AWS words it.

    ``code`` is the error code that a client matches on, ``http`` the status of the answer. Operations do not
    build it themselves: ``Ledger.refuse`` does, from a row. ``members`` are what the error's shape holds
    beside the message.
    """

    def __init__(self, code: str, message: str, *, http: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http = http
        self.members: dict[str, Any] = {}
