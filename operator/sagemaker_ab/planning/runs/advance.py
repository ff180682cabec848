"""How a run goes on: one look for each newest complete minute, and what follows from its decision.

A look counts time in minutes of CloudWatch on AWS's clock. The same minutes therefore give the same decisions,
however often the process ends.
"""

from dataclasses import replace
from typing import Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.traffic_status import MOST_DECISIONS, DataStatus, DecisionStatus
from sagemaker_ab.planning.run_data import Availability
from sagemaker_ab.planning.runs.commands import end
from sagemaker_ab.planning.runs.identity import passed_hash
from sagemaker_ab.planning.runs.live import LiveRun
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord, ShownNumbers, minute_time, to_time
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.runs.words import describe_data, describe_decision
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookOutcome, Verdict
from sagemaker_ab.traffic.strategies.stepped_gates import gates

_OUTCOMES: Final = {Verdict.PROMOTE: Outcome.PROMOTED, Verdict.ROLLBACK: Outcome.ROLLED_BACK}
_MAY_ADVANCE: Final = {Availability.FRESH, Availability.NO_TRAFFIC}


def advance(live: LiveRun, record: RunRecord, found: Situation) -> RunRecord:
    """Take over what was read and look at the newest minute once; return the record that follows.

    `record` is of a run that has not ended. What `live` holds of the evidence is updated in place.
    """
    live.observe(found)
    record = _with_data(record, found)
    if found.minutes is None or not _is_recent(live, found):
        return _interrupted(live, record, found)
    now = found.minutes.until + 1
    if not found.caught_up or now <= live.looked:
        return record
    live.looked = now
    return _looked(live, record, found, now)


def _with_data(record: RunRecord, found: Situation) -> RunRecord:
    """Report the state of the data; it keeps its time until it changes."""
    if found.minutes is None:
        return record
    data = found.minutes.data
    message = describe_data(data)
    before = record.data
    same = before is not None and before.state == data.availability.value
    since = before.since if before is not None and same else to_time(found.now)
    status = DataStatus(state=data.availability.value, message=message, since=since)
    return record if status == before else replace(record, data=status)


def _is_recent(live: LiveRun, found: Situation) -> bool:
    """Return whether the newest minute is recent enough for a decision, or the process is only catching up."""
    if not found.outdated or found.minutes is None:
        return True
    return not live.caught_up and found.minutes.data.problem is None


def _interrupted(live: LiveRun, record: RunRecord, found: Situation) -> RunRecord:
    """Hold the run while its data is too old. Nothing is decided, and the hold of the step starts again."""
    if found.minutes is None:
        return record
    at = int(found.now) // SECONDS_PER_MINUTE
    outcome = LookOutcome(
        verdict=Verdict.HOLD,
        reason=DecisionReason.MISSING_DATA,
        weights={},
        needs={"data": "CloudWatch"},
    )
    message = record.data.message if record.data else ""
    return _with_decision(replace(record, interrupted=True), outcome, at, message or "")


def _looked(live: LiveRun, record: RunRecord, found: Situation, now: int) -> RunRecord:
    if record.interrupted:
        live.run.progress = replace(live.run.progress, held_since=-1)
        record = replace(record, interrupted=False)
    before = live.run.progress
    decision = live.run.look(now, approved=record.approved)
    outcome, held_back = decision.outcome, _holds_back(record, decision, found)
    if held_back:
        live.run.progress = before
        outcome = replace(
            outcome, verdict=Verdict.HOLD, reason=DecisionReason(held_back), weights={}, final=False
        )
    record = replace(record, progress=live.run.progress)
    record = replace(
        record,
        percent=found.policy.steps[record.progress.step].percent,
        requested=dict(outcome.weights) or record.requested,
    )
    shown = ShownNumbers(
        gates=gates(found.policy, live.run, decision=outcome, now=now, approved=record.approved, held=record.held),
    )
    known = record.decisions
    record = _with_decision(record, outcome, now, describe_decision(outcome, record))
    if record.decisions != known or now % found.refresh_minutes == 0 or not record.shown.message:
        record = replace(record, shown=shown)
    if outcome.final:
        record = end(record, _OUTCOMES[outcome.verdict], now=found.now)
    return record
