"""Replays recorded counts: looks at them at regular intervals until a decision is final."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sagemaker_ab.cli.replaying.counts_file import Recorded
from sagemaker_ab.traffic.decision import Decision
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.explain import ComparisonSummary
from sagemaker_ab.traffic.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look: the decision, the numbers behind it, and the weights that were applied at that time."""

    decision: Decision
    comparisons: Sequence[ComparisonSummary]
    applied: dict[str, float]
    late_dropped: int


def replay_counts(
    recorded: Recorded, run: Run, *, every_minutes: int, approved: Sequence[int]
) -> Iterator[Look]:
    """Yield each look; the last is final or at the end of the counts."""
    for now, arrived in _batches(recorded.rows, every_minutes=every_minutes):
        run.ingest(arrived)
        decision = run.look(now, approved=approved)
        yield Look(
            decision=decision,
            comparisons=run.summaries(),
            applied=_applied(run),
            late_dropped=run.evidence.buffer.late_dropped,
        )
        if decision.outcome.final:
            return


def _applied(run: Run) -> dict[str, float]:
    latest = run.evidence.buffer.latest_counts
    weights = {name: latest[name].weight for name in run.roles.variants if name in latest}
    return {name: weight for name, weight in weights.items() if weight is not None}


def _batches(rows: Sequence[CountsRow], *, every_minutes: int) -> Iterator[tuple[int, list[CountsRow]]]:
    """Yield the minute of each look and the rows of the minutes that were over by then."""
    now, last = rows[0].at, rows[-1].at
    place = 0
    while now <= last:
        now = min(now + every_minutes, last + 1)
        begin = place
        while place < len(rows) and rows[place].at < now:
            place += 1
        yield now, list(rows[begin:place])
