"""The deadline and the start of a run, also while AWS's answers have a wrong date.

The local clock cannot show which date is right, because it may be wrong itself. The data can: only minutes
that have begun have counts, and AWS has changed no endpoint in the future.
"""

from typing import Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.planning.runs.live import LiveRun
from sagemaker_ab.planning.runs.record import RunRecord
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.traffic.decision import Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES

_TOLERANCE_SECONDS: Final = 120
"""How far ahead a start may be: a run starts with the next whole minute."""
_WITHOUT_DATA_SECONDS: Final = 3600
"""How long the deadline must be over if there is no recent data."""


def deadline_counts(live: LiveRun, record: RunRecord, found: Situation, now: int) -> bool:
    """Return whether the look at minute `now` may end the run at its deadline.

    Counts of the last 15 minutes confirm that it is that minute.
    """
    confirmed = now - 1 - live.run.evidence.buffer.newest < OPEN_MINUTES
    return confirmed and not _only_grows(record, found)


def is_overdue(live: LiveRun, record: RunRecord, found: Situation) -> bool:
    """Return whether this process has found the deadline over in each reconcile of an hour.

    Without recent data, nothing else distinguishes the end of a run from a wrong date.
    """
    if _only_grows(record, found):
        return False
    if found.now < record.started * SECONDS_PER_MINUTE + found.policy.deadline_seconds:
        live.overdue_since = None
        return False
    if live.overdue_since is None:
        live.overdue_since = found.now
    return found.now - live.overdue_since >= _WITHOUT_DATA_SECONDS


def _only_grows(record: RunRecord, found: Situation) -> bool:
    """Return whether the last step is over, or a person promoted the candidate.

    The run then waits for no approval, but only until the candidate has all the traffic.
    """
    last = len(found.policy.steps)
    completed = any(each.verdict == Verdict.PROMOTE and each.step == last for each in record.decisions)
    return record.promoted or completed


def began_at_wrong_date(record: RunRecord, found: Situation) -> bool:
    """Return whether the start of a run is wrong.

    A run whose first share was in force has counts since then, which confirm its start.
    """
    if record.final or record.progress.step > 0 or record.progress.requests_before >= 0:
        return False
    return found.date_is_past or record.started * SECONDS_PER_MINUTE > found.now + _TOLERANCE_SECONDS
