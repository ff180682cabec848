"""One history, looked at as the operator would look: what `decide` said, and when."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from bench.calibration.worlds import DAY, NAMES, History
from sagemaker_ab.api.policies.traffic_policy import Policy, parse_policy
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import Decision
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run

_REVISED_AFTER = 3


class Looks(NamedTuple):
    """How often it is looked: every minute of the first day, then every `later` minutes."""

    later: int

    def due(self, minute: int) -> bool:
        return minute <= DAY or minute % self.later == 0


EVERY_MINUTE = Looks(1)


def policy_of(strategy: str, **settings: Any) -> Policy:
    """Return a policy by the settings that differ from its defaults."""
    member = {"ABTest": "abTest", "Stepped": "stepped", "Bandit": "bandit"}[strategy]
    return parse_policy({"traffic": {"strategy": strategy, member: settings}}).policy


def ab_test(variants: int = 2, **changes: Any) -> Policy:
    """Return an A/B test on Successes that decides as soon as it can."""
    settings: dict[str, Any] = {
        "baseline": "A",
        "hypothesis": {"metric": "Successes", "expect": "Different"},
        "minDurationSeconds": 0,
        "onSampleRatioMismatch": "Ignore",
    }
    if variants == 2:  # noqa: PLR2004  # an even split in whole percents
        settings["allocation"] = [{"variant": name, "percent": 50} for name in NAMES[:2]]
    return policy_of("ABTest", **(settings | changes))


def guarded(metric: str, *, margin: int, rate: str, percent: int) -> Policy:
    """Return one step that outlasts the history, with one guardrail."""
    return policy_of(
        "Stepped",
        baseline="A",
        candidate="B",
        steps=[{"percent": percent, "hold": {"minDurationSeconds": 864_000, "minRequests": 1}}],
        guardrails=[{"metric": metric, "noWorseThanPercent": margin}],
        falseAlarmRate=rate,
        deadlineSeconds=864_060,
    )


def rows_of(history: History, *, errors: bool = False) -> Iterator[list[CountsRow]]:
    """Yield the rows that come in each minute: its own, and what is revised of an earlier one."""
    variants = [
        (_rows(history, place, errors=errors), history.missing[place].tolist())
        for place in range(len(history.trials))
    ]
    revised = history.revised.tolist()
    for at, is_early in enumerate(revised):
        arrived = [rows[at] for rows, missing in variants if not missing[at]]
        if is_early:
            arrived = [_early(row) for row in arrived]
        back = at - _REVISED_AFTER
        if back >= 0 and revised[back]:
            arrived += [rows[back] for rows, missing in variants if not missing[back]]
        yield arrived


def _rows(history: History, place: int, *, errors: bool) -> list[CountsRow]:
    """One variant's rows, with server errors or successes."""
    weights, trials, events = history.weights[place], history.trials[place], history.events[place]
    columns = zip(weights.tolist(), trials.tolist(), events.tolist(), strict=True)
    if errors:
        counts = [Counts(weight=weight, invocations=n, errors_5xx=x) for weight, n, x in columns]
    else:
        counts = [Counts(weight=weight, invocations=n, successes=x, trials=n) for weight, n, x in columns]
    return list(map(CountsRow, range(len(counts)), repeat(NAMES[place]), counts))


def _early(row: CountsRow) -> CountsRow:
    """A reading that came before all of the minute was counted."""
    part, trials = (row.counts.successes or 0) // 2, row.counts.trials or 0
    return row._replace(counts=row.counts._replace(successes=part, trials=max(part, trials * 3 // 4)))


def looked_at(
    policy: Policy, minutes: Iterable[Sequence[CountsRow]], *, variants: int, looks: Looks = EVERY_MINUTE
) -> Iterator[tuple[Run, Decision]]:
    """Feed and look until the verdict is final or the history ends; yield each look."""
    run = Run(policy, NAMES[:variants], started=0)
    run.look(0)
    waiting: list[CountsRow] = []
    for at, arrived in enumerate(minutes):
        waiting += arrived
        if not looks.due(at + 1):
            continue
        run.ingest(waiting)
        waiting = []
        decision = run.look(at + 1)
        yield run, decision
        if decision.outcome.final:
            return


def last_decision(looked: Iterator[tuple[Run, Decision]]) -> Decision:
    """Return the decision that a history ends with."""
    ((_, decision),) = deque(looked, maxlen=1)
    return decision
