"""How a run goes on: one look for each complete minute, and what follows from its decision.

A look counts time in minutes of CloudWatch on AWS's clock. The same minutes therefore give the same
decisions, however often the process ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sagemaker_ab.api.conditions import RunReason
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.traffic_status import MOST_DECISIONS, DataStatus, DecisionStatus, Gate
from sagemaker_ab.planning.run_data import Availability
from sagemaker_ab.planning.runs.commands import end
from sagemaker_ab.planning.runs.comparisons import comparisons
from sagemaker_ab.planning.runs.deadline import deadline_counts
from sagemaker_ab.planning.runs.gates import SATISFIED, blocked_data, data_gate, gates, gates_without_look
from sagemaker_ab.planning.runs.intended import has_all_traffic
from sagemaker_ab.planning.runs.live import LiveRun
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord, ShownNumbers, minute_of, minute_time, to_time
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.runs.words import describe_data, describe_decision
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookOutcome, Progress, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.strategies.step_hold import stop_hold

_OUTCOMES: Final = {Verdict.PROMOTE: Outcome.PROMOTED, Verdict.ROLLBACK: Outcome.ROLLED_BACK}


def advance(live: LiveRun, record: RunRecord, found: Situation) -> RunRecord:
    """Take over what was read and look at each new minute once; return the record that follows.

    `record` is of a run that has not ended. What `live` has of the evidence is updated in place.
    """
    if not live.observe(found) or found.minutes is None:
        return record
    record = _with_data(record, found)
    if found.outdated and (live.caught_up or found.minutes.data.problem is not None):
        return _interrupted(live, record, found)
    if not found.caught_up:
        live.ingest(before=found.minutes.until + 1)
        return record
    for now in _looks(live.looked, found.minutes.until + 1, interrupted=record.interrupted):
        live.looked = now
        live.ingest(before=now)
        record = _looked(live, record, found, now)
        if record.final:
            break
    live.ingest(before=found.minutes.until + 1)
    return record


def _looks(looked: int, newest: int, *, interrupted: bool) -> range:
    """Return the minutes to look at: each since the last look, or the newest alone after a gap.

    Decisions thus do not depend on when a reconcile runs, and after a gap a run advances one step at most.
    """
    only_newest = interrupted or newest - looked > OPEN_MINUTES
    return range(max(looked + 1, newest) if only_newest else looked + 1, newest + 1)


def with_decision(record: RunRecord, *, at: int, verdict: Verdict, reason: str, message: str) -> RunRecord:
    """Return the record with a decision at the start of minute `at`.

    One that repeats the decision before it keeps the time of that, and has the newest message.
    """
    if _repeats(record, verdict, reason):
        repeated = record.decisions[-1].model_copy(update={"message": message})
        return replace(record, decisions=(*record.decisions[:-1], repeated))
    decision = DecisionStatus(
        at=minute_time(at),
        verdict=verdict.value,
        reason=reason,
        step=record.step,
        percent=(record.requested or {}).get(record.candidate, 0),
        message=message,
    )
    return replace(record, decisions=(*record.decisions, decision)[-MOST_DECISIONS:])


def _repeats(record: RunRecord, verdict: Verdict, reason: str) -> bool:
    newest = record.decisions[-1] if record.decisions else None
    return newest is not None and (newest.verdict, newest.reason, newest.step) == (
        verdict,
        reason,
        record.step,
    )


def _with_data(record: RunRecord, found: Situation) -> RunRecord:
    """Report the state of the data, also in its gate. Its time stays until the state changes."""
    if found.minutes is None:
        return record
    data, before = found.minutes.data, record.data
    state = data.availability.value
    since = before.since if before is not None and before.state == state else to_time(found.now)
    shown: dict[str, Any] = {"state": state, "message": describe_data(data), "since": since}
    record = replace(record, data=DataStatus(**shown))
    if data.availability is Availability.FRESH:
        return record
    blocked = blocked_data(describe_data(data))
    known = tuple(blocked if gate.name == blocked.name else gate for gate in record.shown.gates)
    return replace(record, shown=replace(record.shown, gates=known))


def _interrupted(live: LiveRun, record: RunRecord, found: Situation) -> RunRecord:
    """Hold the run while its data is too old. Nothing is decided, and the hold of the step starts again.

    The requests that the step has had still count.
    The next look is after this decision, as in a process that knows no more than the decision.
    """
    message = (record.data.message if record.data else None) or ""
    live.run.progress = stop_hold(live.run.progress)
    record = with_decision(
        replace(record, interrupted=True, progress=live.run.progress),
        at=int(found.now) // SECONDS_PER_MINUTE,
        verdict=Verdict.HOLD,
        reason=DecisionReason.MISSING_DATA,
        message=message,
    )
    live.looked = max(live.looked, minute_of(record.decisions[-1].at))
    blocked = blocked_data(message)
    known = gates_without_look(found.policy, live.run, blocked, approved=record.approved)
    message = f"{_step(record)}: on hold. {message}"
    return replace(record, shown=replace(record.shown, gates=tuple(known), message=message))


def _looked(live: LiveRun, record: RunRecord, found: Situation, now: int) -> RunRecord:
    before = live.run.progress
    decision = live.run.look(
        now, approved=record.approved, has_deadline=deadline_counts(live, record, found, now)
    )
    outcome = decision.outcome
    reason, message = outcome.reason.value, describe_decision(outcome)
    kept = _kept_back(record, decision, before, found)
    if kept is not None:
        live.run.progress = before
        reason, message = kept
        outcome = replace(outcome, verdict=Verdict.HOLD, final=False, weights={})
    elif outcome.verdict is Verdict.PROMOTE and not has_all_traffic(record, found):
        live.run.progress = replace(live.run.progress, outcome=None, decided_at=-1)
        everything = all_traffic_to(record.candidate, (record.baseline, record.candidate))
        outcome = replace(outcome, final=False, weights=everything)
    if not found.fresh:
        live.run.progress = stop_hold(live.run.progress)
    requested = _requested(record, outcome)
    record = replace(
        record,
        interrupted=False,
        progress=live.run.progress,
        percent=requested[record.candidate] or record.percent,
        requested=requested,
    )
    known, refreshes = record.decisions, now % found.refresh_minutes == 0
    repeats = _repeats(record, outcome.verdict, reason)
    if (refreshes or not repeats) and (outcome.final or not record.promoted):
        record = with_decision(record, at=now, verdict=outcome.verdict, reason=reason, message=message)
    data = _data_gate(record, outcome, found)
    if record.decisions != known or refreshes or data not in record.shown.gates:
        record = replace(record, shown=_shown(live, record, outcome, found, data))
    if outcome.final:
        return end(record, _OUTCOMES[outcome.verdict], now=found.now)
    return record


def _requested(record: RunRecord, outcome: LookOutcome) -> Mapping[str, int]:
    """Return the shares to request after a look. That of the candidate falls only by a rollback."""
    known = record.requested or {}
    if outcome.verdict is Verdict.ROLLBACK or outcome.weights.get(record.candidate, -1) > known.get(
        record.candidate, 0
    ):
        return dict(outcome.weights)
    return known


def _kept_back(
    record: RunRecord, decision: Decision, before: Progress, found: Situation
) -> tuple[str, str] | None:
    """Return why the run must not go on although the look says so: reason and message.

    A run that a person promoted takes no further steps. Its looks watch for a rollback.
    """
    outcome = decision.outcome
    if outcome.verdict is not Verdict.PROMOTE and decision.progress.step == before.step:
        return None
    if record.promoted:
        return RunReason.PROMOTION_REQUESTED.value, ""
    if record.held:
        return RunReason.HOLD_REQUESTED.value, "The next step is due. A person holds the run"
    if found.stays_because:
        return DecisionReason.MISSING_DATA.value, found.stays_because
    if not found.fresh:
        message = record.data.message if record.data else None
        return DecisionReason.MISSING_DATA.value, message or "There is no recent data"
    return None


def _data_gate(record: RunRecord, outcome: LookOutcome, found: Situation) -> Gate:
    if found.fresh:
        return data_gate(outcome)
    return blocked_data((record.data.message if record.data else None) or "")


def _shown(
    live: LiveRun, record: RunRecord, outcome: LookOutcome, found: Situation, data: Gate
) -> ShownNumbers:
    known: Iterable[Gate] = ()
    if found.fresh and not record.promoted:
        known = gates(found.policy, live.run, data, now=live.looked, approved=record.approved)
    elif not record.promoted:
        known = gates_without_look(found.policy, live.run, data, approved=record.approved)
    found_gates = tuple(known)
    newest = record.decisions[-1]
    if outcome.final:
        message = newest.message
    elif record.promoted:
        message = f"{_step(record)}: {newest.message}"
    elif outcome.verdict is Verdict.HOLD:
        message = f"{_step(record)}: on hold. {newest.message}"
    else:
        pending = [gate.message for gate in found_gates if gate.state != SATISFIED]
        message = f"{_step(record)}: {'; '.join(pending) or newest.message}"
    return ShownNumbers(gates=found_gates, comparisons=comparisons(found.policy, live.run), message=message)


def _step(record: RunRecord) -> str:
    return f"Step {record.step} of {record.steps} at {record.percent}%"
