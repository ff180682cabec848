"""Restores a run whose state was lost from what the endpoint remembers in its tag.

Evidence is rebuilt from CloudWatch only where that is sound: in the first step, whose weights have been
constant since the start of the run. Otherwise the run ends, and the weights stay.
"""

from dataclasses import replace
from math import ceil
from typing import Final

from sagemaker_ab.api.conditions import RunReason
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.traffic_status import DecisionStatus
from sagemaker_ab.planning.runs.commands import end
from sagemaker_ab.planning.runs.identity import RunTag, attempt_of, passed_hash
from sagemaker_ab.planning.runs.intended import in_percent
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord, SavedEvidence, ShownNumbers, to_time
from sagemaker_ab.planning.runs.situation import Situation
from sagemaker_ab.planning.weight_history import WeightHistory, WeightStretch
from sagemaker_ab.traffic.decision import Progress, Verdict
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_FIRST_CALL_SECONDS: Final = 600
"""How long after the start of a run its first change of weights is expected to be in force at the latest."""
_KEPT_SECONDS: Final = 14 * 86400
"""CloudWatch keeps periods of 60 seconds for 15 days. A run that began earlier is not read again."""


def restored(record: RunRecord | None, found: Situation) -> RunRecord | None:
    """Return the record, or the one that the endpoint's tag calls for if status has lost or outlived it.

    None if neither knows a run that the spec asks for.
    """
    tag = found.tag
    if tag is None or not found.core:
        return record
    if record is not None and (step := _step_ahead(tag, record, found)) is not None:
        percent = found.policy.steps[step].percent
        return lost(replace(record, progress=Progress(step=step), percent=percent), found)
    if record is not None and not _is_newer(tag, record):
        return record
    if tag.core != found.core:
        return record
    if tag.outcome is not None:
        matches = tag.passed == passed_hash(found.policy, 0, final=True)
        return _finished(tag, tag.outcome, found) if matches else record
    running = _record(tag, found)
    if _can_be_rebuilt(tag, found):
        return _rebuilt(running, found)
    return lost(running, found)


def lost(record: RunRecord, found: Situation) -> RunRecord:
    """End a run whose evidence is lost. The weights that serve stay."""
    message = "The state of the run was lost, and its evidence cannot be read again. The weights stay"
    record = end(record, Outcome.EVIDENCE_LOST, now=found.now)
    passed = passed_hash(found.policy, record.progress.step, final=True)
    serving = in_percent(found.live_weights)
    record = replace(record, requested=serving, weights=serving, in_force_since=None, passed=passed)
    return _with_only_decision(record, Verdict.UNDECIDED, RunReason.EVIDENCE_LOST, message, found)


def _is_newer(tag: RunTag, record: RunRecord) -> bool:
    """Return whether the tag knows more than status, as after a restoration from a backup."""
    if tag.run == record.run:
        return tag.outcome is not None and not record.final
    return attempt_of(tag.run) > attempt_of(record.run)


def _step_ahead(tag: RunTag, record: RunRecord, found: Situation) -> int | None:
    """Return the step in which the tag has the run of a record that is in an earlier step; None otherwise.

    Status is written before the tag. A tag that is ahead shows that an older status was restored.
    """
    if tag.run != record.run or tag.outcome is not None or record.final or tag.passed == record.passed:
        return None
    later = range(record.progress.step + 1, len(found.policy.steps))
    return next((step for step in later if tag.passed == passed_hash(found.policy, step)), None)


def _record(tag: RunTag, found: Situation) -> RunRecord:
    policy = found.policy
    percent = policy.steps[0].percent
    baseline, (candidate,) = found.roles.baseline, found.roles.challengers
    return RunRecord(
        run=tag.run,
        core=tag.core,
        passed=tag.passed,
        started=tag.started,
        created=found.endpoint.created if found.endpoint else None,
        mode=policy.mode,
        baseline=baseline,
        candidate=candidate,
        steps=len(policy.steps),
        percent=percent,
        requested={baseline: ALL_TRAFFIC_PERCENT - percent, candidate: percent},
        shown=ShownNumbers(message="The evidence is read again from CloudWatch"),
    )


def _rebuilt(record: RunRecord, found: Situation) -> RunRecord:
    """Return the record without evidence, with the weights that have been in force since the last change."""
    endpoint, read = found.endpoint, found.observation
    run = Run(found.policy, found.variants, started=record.started)
    history = WeightHistory(variants=run.roles.variants)
    if endpoint is not None and read is not None and read.settled:
        weights = tuple(read.current[name] for name in history.variants)
        since = ceil(endpoint.last_modified)
        stretch = WeightStretch(since=since, until=since, weights=weights)
        history = replace(history, stretches=(stretch,), modified=endpoint.last_modified)
    return replace(record, saved=SavedEvidence.of(run, record.started - 1), history=history)


def _finished(tag: RunTag, outcome: Outcome, found: Situation) -> RunRecord:
    """Return the record of a run that has ended, so that it is not repeated."""
    record = _record(tag, found)
    if outcome is Outcome.PROMOTED:
        last = found.policy.steps[-1].percent
        record = replace(record, progress=Progress(step=len(found.policy.steps) - 1), percent=last)
    record = lost(record, found) if outcome is Outcome.EVIDENCE_LOST else end(record, outcome, now=found.now)
    verdict = Verdict.PROMOTE if outcome is Outcome.PROMOTED else Verdict.ROLLBACK
    if (
        outcome is Outcome.PROMOTED
        and not record.observes
        and in_percent(found.live_weights) != record.requested
    ):
        return lost(record, found)
    message = f"Run {tag.run} ended as {outcome}, as a tag of the endpoint says"
    return _with_only_decision(record, verdict, RunReason.RESTORED, message, found)


def _with_only_decision(
    record: RunRecord, verdict: Verdict, reason: RunReason, message: str, found: Situation
) -> RunRecord:
    decision = DecisionStatus(
        at=to_time(found.now // SECONDS_PER_MINUTE * SECONDS_PER_MINUTE),
        verdict=verdict.value,
        reason=reason.value,
        step=record.step,
        percent=(record.requested or {}).get(record.candidate, 0),
        message=message,
    )
    return replace(record, decisions=(decision,), shown=replace(record.shown, message=message))


def _can_be_rebuilt(tag: RunTag, found: Situation) -> bool:
    """Return whether the run is certainly in its first step, with weights that have been constant since then.

    Weights change LastModifiedTime. The steps only go up, so weights of the first step with a change shortly
    after the start are those of its first call. If that call was not sent yet, there is no evidence to lose.
    """
    endpoint, serving = found.endpoint, found.live_weights
    start = tag.started * SECONDS_PER_MINUTE
    if endpoint is None or serving is None or found.now - start > _KEPT_SECONDS:
        return False
    if start > found.now + SECONDS_PER_MINUTE:
        return False  # A hand has changed the tag: no minute would count until then.
    if tag.passed != passed_hash(found.policy, 0) or endpoint.last_modified > start + _FIRST_CALL_SECONDS:
        return False
    percent = found.policy.steps[0].percent
    baseline, (candidate,) = found.roles.baseline, found.roles.challengers
    first = {baseline: 100.0 - percent, candidate: float(percent)}
    return serving == first or endpoint.last_modified <= start
