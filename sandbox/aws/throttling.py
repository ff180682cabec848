"""Too many requests: token buckets per account, region and operation, and how each service says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.aws.calls import CallRecord
    from sandbox.aws.errors import AwsError
    from sandbox.aws.ledger import Ledger

_ROWS = {
    "resourcegroupstaggingapi": "aws.throttled-tagging",
    "sagemaker-runtime": "aws.throttled-runtime",
}


def throttled(ledger: Ledger, service: str) -> AwsError:
    """Return the refusal by which a service tells that there are too many requests."""
    return ledger.refuse(_ROWS.get(service, "aws.throttled"))


class Buckets:
    """Tokens that come back with virtual time; whoever finds no whole one is refused, and takes none."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._left: dict[tuple[str, str, str, str], tuple[float, float]] = {}

    def refusal(self, record: CallRecord) -> AwsError | None:
        """Take a token for a request, or return its refusal."""
        if record.service in self._ledger.value("sim.unthrottled"):
            return None
        size = self._ledger.value("aws.throttle-bucket")
        key = (record.account, record.region, record.service, record.operation)
        left, since = self._left.get(key, (size["burst"], record.time))
        left = min(size["burst"], left + (record.time - since) * size["rate"])
        taken = left >= 1
        self._left[key] = (left - taken, record.time)
        return None if taken else throttled(self._ledger, record.service)
