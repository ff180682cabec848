"""A run in the memory of this process: its evidence up to the newest minute."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.planning.run_minutes import first_open
from sagemaker_ab.planning.runs.record import RunRecord, SavedEvidence, minute_of
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.weight_history import WeightHistory, rows_of
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.step_hold import stop_hold

SAVE_AFTER_MINUTES = 90
"""The evidence is saved again once its last save is older. Another process reads the minutes since then in
one call of GetMetricData.
"""


@dataclass(slots=True)
class LiveRun:
    """The evidence behind a record.

    `record` is the newest one. If status has another one, a write failed or a person edited status, and the
    evidence must be restored. `looked` is the minute of the last look, `first` the first minute that the run
    still needs of CloudWatch. `rows` are the newest counts, and `ingested` those of open minutes that the run
    has taken over. `overdue_since` is since when the deadline has been over on AWS's clock.
    """

    record: RunRecord
    run: Run
    history: WeightHistory
    looked: int
    first: int
    saved_requests: float = 0.0
    caught_up: bool = False
    overdue_since: float | None = None
    rows: Mapping[tuple[int, str], CountsRow] = field(default_factory=dict)
    ingested: dict[tuple[int, str], CountsRow] = field(default_factory=dict)

    @classmethod
    def restored(cls, record: RunRecord, policy: Stepped, variants: tuple[str, ...]) -> Self:
        """Return the run of a record, as of when its evidence was saved. Raises RunMismatch."""
        saved = record.saved
        if saved is None:
            run = Run(policy, variants, started=record.started)
        else:
            run = Run.from_json(saved.checkpoint, policy, variants)
        history = record.history or WeightHistory(variants=run.roles.variants)
        run.progress = record.progress
        looked = minute_of(record.decisions[-1].at) if record.decisions else record.started
        first = record.started if saved is None else saved.watermark + 1
        live = cls(record=record, run=run, history=history, looked=looked, first=first)
        live.saved_requests = live._requests
        return live

    def observe(self, found: Situation) -> bool:
        """Take over the weights that were read, and the counts.

        Return whether there are counts of all minutes that the run needs. Those that were read for the same
        run before it was restored may begin too late.
        """
        now = int(found.now) // SECONDS_PER_MINUTE
        if max(self.looked, self.first) > now:
            self._forget_later(found.now)
        read = found.observation
        if read is not None:
            self.history = self.history.observed(read)
        if found.minutes is None or found.minutes.first > self.first or found.minutes.until > now:
            return False
        self.caught_up = self.caught_up or found.caught_up
        self.rows = {(row.at, row.variant): row for row in rows_of(found.minutes.counts, self.history)}
        oldest = first_open(found.minutes.until)
        self.ingested = {key: row for key, row in self.ingested.items() if row.at >= oldest}
        self.first = max(self.first, oldest)
        return True

    def _forget_later(self, now: float) -> None:
        """Go back to the newest minute with counts, because AWS's answers had a later date than now.

        Without that, the run would read and look at nothing until the clock has reached that date.
        """
        evidence, progress = self.run.evidence, self.run.progress
        self.looked = max(evidence.started, evidence.buffer.newest)
        self.first = max(evidence.started, evidence.buffer.watermark + 1)
        self.history = self.history.cut(now)
        since = min(progress.step_since, self.looked)
        self.run.progress = replace(stop_hold(progress), step_since=since)

    def ingest(self, *, before: int) -> None:
        """Add the counts of the minutes before one that are new or revised."""
        rows = [row for key, row in self.rows.items() if row.at < before and self.ingested.get(key) != row]
        self.run.ingest(rows)
        self.ingested.update({(row.at, row.variant): row for row in rows})

    def saved(self, record: RunRecord) -> RunRecord:
        """Return the record with the evidence of now, if the record or what it rests on has changed.

        The evidence alone is a reason if it is old and there were requests since then.
        """
        saved = record.saved
        watermark = max(self.run.evidence.started - 1, self.run.watermark)
        if (
            saved is not None
            and record == self.record
            and _shape(self.history) == _shape(record.history)
            and (watermark - saved.watermark <= SAVE_AFTER_MINUTES or self._requests == self.saved_requests)
        ):
            return record
        self.saved_requests = self._requests
        return replace(record, saved=SavedEvidence.of(self.run, watermark), history=self.history)

    @property
    def _requests(self) -> float:
        """The requests of all variants since the start of the run."""
        return sum(self.run.evidence.totals.invocations(name) for name in self.run.roles.variants)


def _shape(history: WeightHistory | None) -> object:
    """Return what distinguishes two histories, apart from how far the newest weights are verified."""
    if history is None:
        return None
    return [(each.since, each.weights) for each in history.stretches[-1:]], history.modified
