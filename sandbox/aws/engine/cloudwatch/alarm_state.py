"""What an alarm's state follows from: the datapoints of its range, breaching, not breaching or missing.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence


class AlarmState(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(slots=True)
class AlarmStatus:
    """The state that an alarm is in, since when, and why. The data are JSON, as DescribeAlarms gives them."""

    state: AlarmState = AlarmState.INSUFFICIENT_DATA
    since: float = 0.0
    reason: str = "Unchecked: Initial alarm creation"
    data: str = ""

    def move(self, state: AlarmState, *, at: float, reason: str, data: str = "") -> None:
        if state is not self.state:
            self.state, self.since, self.reason, self.data = state, at, reason, data


class Missing(StrEnum):
    """What a missing datapoint counts as."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """How many of how many datapoints have to breach, and what a missing one counts as."""

    datapoints: int
    periods: int
    missing: Missing

    @holds("cloudwatch.alarm-missing-data")
    def state(self, breaches: Sequence[bool | None], *, before: AlarmState) -> AlarmState:
        """Return the state after a range of periods, oldest first; None is a period without datapoint.

        The range is longer than the periods that count, so that datapoints stand in for such as are late.
        """
        present = [one for one in breaches if one is not None][-self.periods :]
        lacking, breaching = self.periods - len(present), sum(present)
        if self.missing is Missing.BREACHING:
            breaching += lacking
        if breaching >= self.datapoints:
            return AlarmState.ALARM
        if not lacking or self.missing in {Missing.BREACHING, Missing.NOT_BREACHING}:
            return AlarmState.OK
        return self._of_few(breaches, present, before=before)

    def _of_few(
        self, breaches: Sequence[bool | None], present: Sequence[bool], *, before: AlarmState
    ) -> AlarmState:
        """Return the state when datapoints are missing and nothing stands in for them."""
        if not present:
            return before if self.missing is Missing.IGNORE else AlarmState.INSUFFICIENT_DATA
        if not all(present):
            return AlarmState.OK
        old_enough = len(breaches) - breaches.index(True) >= self.datapoints
        return AlarmState.ALARM if self.missing is Missing.MISSING and old_enough else before
