"""The minutes of a run as the operator counted them: for a file that `replay` reads.

A minute counts with the weights that were verified throughout it. Status keeps these weights, also after the
outcome of the run. A minute without them has its counts alone: nobody knows how its traffic was to be split.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.planning.run_minutes import CountsByMinute
from sagemaker_ab.planning.runs.record import RunRecord, minute_of
from sagemaker_ab.planning.weight_history import WeightHistory, rows_of
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

_NO_COUNTS = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRun:
    """The rows of a run, in order of minutes, and the minutes that have no weights.

    The first and the last minute have a row of each variant in any case, if need be without numbers, so that
    a replay covers the same time and knows the variants. `unknown` are minutes with counts from before the
    weights that status keeps. `moving` are the other minutes with counts whose weights are not verified: they
    moved, or were not read.
    """

    rows: tuple[CountsRow, ...]
    unknown: int
    moving: int

    @property
    def minutes(self) -> int:
        """The number of minutes with numbers and weights."""
        return len({row.at for row in self.rows if row.counts != _NO_COUNTS and row.counts.verified})


def kept_weights(record: RunRecord) -> WeightHistory | None:
    """Return the verified weights that status keeps of a run; None if it keeps none."""
    history = record.history
    return history if history is not None and history.stretches else None


def last_minute(record: RunRecord) -> int | None:
    """Return the last minute that the run looked at before its outcome; None while it goes on."""
    if record.outcome is None or not record.decisions:
        return None
    return minute_of(record.decisions[-1].at) - 1


def exported_run(counts: CountsByMinute, history: WeightHistory, *, first: int, last: int) -> ExportedRun:
    """Return the rows of the minutes from `first` to `last`."""
    within = {key: each for key, each in counts.items() if first <= key[0] <= last}
    rows = list(rows_of(within, history))
    missing = {row.at for row in rows if not row.counts.verified}
    unknown = sum(at < _known_from(history) for at in missing)
    return ExportedRun(
        rows=tuple(
            sorted(
                [*rows, *_ends(rows, history.variants, first=first, last=last)],
                key=lambda row: (row.at, row.variant),
            )
        ),
        unknown=unknown,
        moving=len(missing) - unknown,
    )


def _known_from(history: WeightHistory) -> int:
    """Return the minute in which the history begins."""
    return int(min(each.since for each in history.stretches) // SECONDS_PER_MINUTE)


def _ends(
    rows: Iterable[CountsRow], variants: Iterable[str], *, first: int, last: int
) -> Iterator[CountsRow]:
    """Yield rows without numbers for each variant that has none in the first or the last minute."""
    known = {(row.at, row.variant) for row in rows}
    for at in sorted({first, last}):
        for name in variants:
            if (at, name) not in known:
                yield CountsRow(at, name, _NO_COUNTS)
