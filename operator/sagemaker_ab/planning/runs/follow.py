"""Which run a resource is in: it starts, goes on, ends, is superseded, or is restored from a tag."""

from dataclasses import dataclass, replace
from typing import Final

from sagemaker_ab.api.conditions import RunReason
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.traffic_status import CommandStatus, TrafficStatus
from sagemaker_ab.planning.intended_traffic import IntendedTraffic
from sagemaker_ab.planning.runs.advance import advance, with_decision
from sagemaker_ab.planning.runs.commands import asks_for_retry, consume_commands, end, refuse_commands
from sagemaker_ab.planning.runs.deadline import began_at_wrong_date, is_overdue
from sagemaker_ab.planning.runs.identity import approved_hash, attempt_of, passed_hash, run_id
from sagemaker_ab.planning.runs.intended import (
    has_all_traffic,
    traffic_before_run,
    traffic_of_run,
    with_weights,
)
from sagemaker_ab.planning.runs.live import LiveRun
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.patch import winner_patch
from sagemaker_ab.planning.runs.record import RunRecord, ShownNumbers, shown_weights
from sagemaker_ab.planning.runs.restore import lost, restored
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.weight_history import WeightHistory
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.run import RunMismatch

_WAITS: Final = (
    "The run starts once the endpoint is in service on the models of the spec and its weights have settled"
)
_NOT_STARTED: Final = "No run has started yet."

_REQUESTED: Final = {
    Outcome.ABORTED: (Verdict.ROLLBACK, RunReason.ABORT_REQUESTED),
    Outcome.PROMOTED: (Verdict.PROMOTE, RunReason.PROMOTION_REQUESTED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The run of a resource after a reconcile has read everything.

    `record` is of the current run, or of the last one while the next has not started. `status` is what status
    says of it, `traffic` what it intends. `live` is what this process must remember; None unless a run goes
    on.
    """

    record: RunRecord | None
    status: TrafficStatus
    traffic: IntendedTraffic
    live: LiveRun | None = None


def follow_run(before: TrafficStatus | None, live: LiveRun | None, found: Situation) -> Followed:
    """Return the run as it follows from status, the evidence in memory, and what was read."""
    stored = RunRecord.from_status(before)
    if live is not None and live.record != stored:
        live = None
    had_no_run = before is not None and before.strategy == "Manual"
    record = None if had_no_run else restored(stored, found)
    asked_for = record is not None and _is_asked_for(record, found)
    if record is not None:
        if not (asked_for or record.final):
            record = _superseded(record, found)
        record = _after_commands(record, found)
        if record.final and stored is not None and not stored.final and stored.run == record.run:
            record = _with_weights_until_end(record, live.history if live else stored.history, found)
            live = None
    if record is None or not asked_for or asks_for_retry(record):
        if not found.can_start:
            return _waiting(before, record, found)
        known = record.commands if record is not None else tuple((before.commands if before else None) or ())
        record, live = _start(record, found, known), None
    return _going_on(record, live, found)


def _is_asked_for(record: RunRecord, found: Situation) -> bool:
    """Return whether the spec asks for this run; while images are not known, it is the one that it was."""
    if _is_of_another_endpoint(record, found) or began_at_wrong_date(record, found):
        return False
    if not found.core:
        return True
    if record.core != found.core or record.progress.step >= len(found.policy.steps):
        return False
    return record.passed == passed_hash(found.policy, record.progress.step, final=record.final)


def _is_of_another_endpoint(record: RunRecord, found: Situation) -> bool:
    """Return whether a run that goes on began on an endpoint that was deleted and created again since."""
    endpoint = found.endpoint
    known = record.created is not None and endpoint is not None
    return known and not record.final and endpoint is not None and record.created != endpoint.created


def _start(previous: RunRecord | None, found: Situation, known: tuple[CommandStatus, ...]) -> RunRecord:
    """Return the record of a new run. Its attempt follows that of the last run, so that its ID is new.

    `known` are the commands that were consumed before. None that was given before is for this run.
    """
    started = int(found.now) // SECONDS_PER_MINUTE + 1
    commands = refuse_commands(known, found.commands, now=found.now, why=_NOT_STARTED)
    last = max(attempt_of(previous.run) if previous else 0, attempt_of(found.tag.run) if found.tag else 0)
    policy = found.policy
    percent = policy.steps[0].percent
    baseline, (candidate,) = found.roles.baseline, found.roles.challengers
    return RunRecord(
        run=run_id(policy, found.core, last + 1, started=started),
        core=found.core,
        passed=passed_hash(policy, 0),
        started=started,
        created=found.endpoint.created if found.endpoint else None,
        mode=policy.mode,
        baseline=baseline,
        candidate=candidate,
        steps=len(policy.steps),
        percent=percent,
        requested={baseline: 100 - percent, candidate: percent},
        commands=commands,
        previous=previous.as_previous if previous else None,
        shown=ShownNumbers(message=f"Step 1 of {len(policy.steps)} at {percent}%: the run starts"),
    )


def _after_commands(record: RunRecord, found: Situation) -> RunRecord:
    after = _with_approvals(
        consume_commands(_with_approvals(record, found), found.commands, now=found.now), found
    )
    asked = Outcome.PROMOTED if after.promoted and not record.promoted else after.outcome
    if asked is None or record.final:
        return after
    verdict, reason = _REQUESTED[asked]
    message = next(each.message for each in after.commands if each not in record.commands)
    at = int(found.now) // SECONDS_PER_MINUTE
    after = with_decision(after, at=at, verdict=verdict, reason=reason, message=message)
    return replace(after, shown=replace(after.shown, message=message))


def _with_approvals(record: RunRecord, found: Situation) -> RunRecord:
    """Return the record with the approvals whose steps are what they were when they were approved."""
    hashes = {step: approved_hash(found.policy, step) for step in sorted(record.approved)}
    valid = {step: each for step, each in hashes.items() if record.approvals.get(step, each) == each}
    return replace(record, approved=frozenset(valid), approvals=valid)


def _superseded(record: RunRecord, found: Situation) -> RunRecord:
    what = "policy or the content of a variant"
    if record.core == found.core:
        what = "share of the current step, or a step that is over,"
    message = f"The {what} changed. Another run follows"
    if began_at_wrong_date(record, found):
        message = "AWS's answers had a wrong date when the run started. Another run follows"
    if _is_of_another_endpoint(record, found):
        message = "The endpoint was deleted and created again. Another run follows"
    record = end(record, Outcome.SUPERSEDED, now=found.now)
    record = with_decision(
        record,
        at=int(found.now) // SECONDS_PER_MINUTE,
        verdict=Verdict.UNDECIDED,
        reason=RunReason.SUPERSEDED,
        message=message,
    )
    return replace(record, shown=replace(record.shown, message=message))


def _with_weights_until_end(record: RunRecord, history: WeightHistory | None, found: Situation) -> RunRecord:
    """Return the record of a run that has just ended, with its verified weights up to this reconcile."""
    read = found.observation
    return replace(record, history=history.observed(read) if history and read else history)


def _waiting(before: TrafficStatus | None, record: RunRecord | None, found: Situation) -> Followed:
    """Report what the next run waits for."""
    traffic = traffic_before_run(record, found)
    moves = bool(traffic.drained_first) or traffic.weights != found.live_weights
    weights = {name: int(each) for name, each in traffic.weights.items()} if moves else None
    message = traffic.holds_update or _WAITS
    if record is not None:
        record = replace(record, weights=weights, shown=replace(record.shown, message=message, gates=()))
        return Followed(record=record, status=record.to_status(), traffic=traffic)
    known = tuple(before.commands or ()) if before else ()
    commands = refuse_commands(known, found.commands, now=found.now, why=_NOT_STARTED)
    status = TrafficStatus(
        strategy="Stepped",
        mode=found.policy.mode,
        message=message,
        weights=shown_weights(weights),
        commands=list(commands) or None,
    )
    return Followed(record=None, status=status, traffic=traffic)


def _going_on(record: RunRecord, live: LiveRun | None, found: Situation) -> Followed:
    """Look at the newest minute of a run that has not ended, and return what follows."""
    if not record.final:
        try:
            live = live or LiveRun.restored(record, found.policy, found.variants)
            live.run.change_policy(found.policy)
        except RunMismatch:
            record = lost(record, found)
        else:
            record = _overdue(_promoted(advance(live, record, found), found), live, found)
    record = _with_outcome(record, found)
    record = with_weights(record, found)
    if live is not None:
        if record.final:
            record, live = _with_weights_until_end(record, live.history, found), None
        else:
            record = live.record = live.saved(record)
    traffic = traffic_of_run(record, found)
    return Followed(record=record, status=record.to_status(), traffic=traffic, live=live)


def _promoted(record: RunRecord, found: Situation) -> RunRecord:
    """End a run that a person promoted once the candidate has all the traffic, whatever the data."""
    ends = record.promoted and not record.final and not record.held and has_all_traffic(record, found)
    return end(record, Outcome.PROMOTED, now=found.now) if ends else record


def _overdue(record: RunRecord, live: LiveRun, found: Situation) -> RunRecord:
    """End a run whose deadline is over and could not be seen in minutes, because there is no recent data."""
    if record.final or not is_overdue(live, record, found):
        return record
    at = int(found.now) // SECONDS_PER_MINUTE
    record = end(record, Outcome.ROLLED_BACK, now=found.now)
    message = "The steps did not complete before the deadline"
    record = with_decision(
        record, at=at, verdict=Verdict.ROLLBACK, reason=DecisionReason.DEADLINE_EXCEEDED, message=message
    )
    return replace(record, shown=replace(record.shown, message=message))


def _with_outcome(record: RunRecord, found: Situation) -> RunRecord:
    """Return the record with what it can no longer change, and with the patch after a promotion."""
    step = record.progress.step
    if record.created is None and found.endpoint is not None:
        record = replace(record, created=found.endpoint.created)
    if found.core:
        record = replace(record, passed=passed_hash(found.policy, step, final=record.final))
    if record.outcome is Outcome.PROMOTED and not record.observes:
        return replace(record, patch=winner_patch(found.variants, record.candidate))
    return record
