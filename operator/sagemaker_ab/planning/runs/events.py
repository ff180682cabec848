"""The events of a run, derived from what status said of it before and says now."""

from collections.abc import Iterator

from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.event_draft import EventDraft
from sagemaker_ab.planning.runs.outcome import Outcome

_WARNINGS = {Outcome.ROLLED_BACK.value, Outcome.ABORTED.value, Outcome.EVIDENCE_LOST.value}


def run_events(before: TrafficStatus | None, after: TrafficStatus | None) -> Iterator[EventDraft]:
    """Yield an event for the start of a run, its steps, holds and outcome, and for refused commands."""
    if after is None:
        return
    before = before or TrafficStatus(strategy=after.strategy)
    same = before.run == after.run
    if before.run is not None and not same and before.outcome is None:
        known = after.previous is not None and after.previous.run == before.run
        why = after.previous.message if after.previous and known else "The strategy changed"
        yield EventDraft("Normal", Outcome.SUPERSEDED.value, f"Run {before.run}: {why}")
    if after.run is not None and not same:
        yield EventDraft("Normal", "RunStarted", f"Run {after.run} of {after.candidate} started")
    if same and before.step and after.step and after.step.number > before.step.number:
        step = after.step
        message = (
            f"Run {after.run} is in step {step.number} of {step.of}: {step.percent}% to {after.candidate}"
        )
        yield EventDraft("Normal", "StepAdvanced", message)
    if after.outcome is not None and not (same and before.outcome == after.outcome):
        reason = after.decisions[-1].message if after.decisions else after.message
        message = f"Run {after.run}: {reason}"
        if after.outcome in _WARNINGS:
            yield EventDraft("Warning", after.outcome, message)
        else:
            yield EventDraft("Normal", after.outcome, message)
    if after.held and not (same and before.held):
        yield EventDraft("Normal", "RunHeld", f"The weights of run {after.run} stay until it is resumed")
    if same and before.held and not after.held and after.outcome is None:
        yield EventDraft("Normal", "RunResumed", f"Run {after.run} goes on")
    yield from _refused_commands(before, after)


def _refused_commands(before: TrafficStatus, after: TrafficStatus) -> Iterator[EventDraft]:
    known = {(each.command, each.value) for each in before.commands or ()}
    for each in after.commands or ():
        if each.effect == "Refused" and (each.command, each.value) not in known:
            message = f"The annotation sagemaker-ab.dev/{each.command} changes nothing: {each.message}"
            yield EventDraft("Warning", "CommandRefused", message)
