"""Renders the run of a strategy as a branch of the tree: what it does, why, what it waits for, how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.text import Text

from sagemaker_ab.api.conditions import RunReason
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import CommandStatus, DecisionStatus, TrafficStatus
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.comparisons import comparison_rows
from sagemaker_ab.cli.views.formatting import age, moment, with_age
from sagemaker_ab.cli.views.gates import gate_rows, waiting_words
from sagemaker_ab.traffic.decision import DecisionReason

_PROGRAM = "kubectl sagemaker-ab"
_OUTCOME_COLORS = {"Promoted": "green", "RolledBack": "red", "Aborted": "yellow", "EvidenceLost": "red"}
_RETRIED = {"RolledBack", "Aborted", "EvidenceLost"}
_SHOWN_DECISIONS = 5
_FRESH = "Fresh"

Row = tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBranch:
    """A line, the leaves below it, and the branches below these."""

    head: Text
    leaves: Sequence[Text] = ()
    branches: Sequence["RunBranch"] = field(default=())


def run_branch(resource: ResourceSnapshot, *, now: datetime) -> RunBranch | None:
    """Return the branch of the run; None under the strategy Manual, which has no runs."""
    traffic = resource.status.traffic
    if traffic is None or traffic.mode is None:
        return None
    branches = [
        _branch("gates", gate_rows(traffic.gates or (), now=now) if traffic.outcome is None else ()),
        _branch(f"{traffic.candidate} against {traffic.baseline}", comparison_rows(traffic)),
        _branch("decisions", [_decision(each) for each in (traffic.decisions or [])[-_SHOWN_DECISIONS:]]),
        _branch("commands", [_command(each) for each in traffic.commands or ()]),
    ]
    return RunBranch(
        head=_head(traffic),
        leaves=aligned(list(_rows(traffic, resource=resource, now=now))),
        branches=[each for each in branches if each.leaves],
    )


def _branch(title: str, rows: Sequence[Row]) -> RunBranch:
    return RunBranch(head=Text(title, "dim"), leaves=aligned(rows) if rows else ())


def _head(traffic: TrafficStatus) -> Text:
    if traffic.run is None or traffic.step is None:
        head = Text("No run yet")
    else:
        head = Text.assemble("Run ", (traffic.run, "bold"))
        if traffic.outcome is not None:
            head.append(f"  {traffic.outcome}", _OUTCOME_COLORS.get(traffic.outcome, ""))
            head.append(f"  {traffic.candidate} against {traffic.baseline}")
        else:
            step = traffic.step
            head.append(f"  step {step.number} of {step.of}: {step.percent}% to {traffic.candidate}")
    if traffic.mode == "Observe":
        head.append("  observes only: no weight moves", "yellow")
    if traffic.held:
        head.append("  held", "yellow")
    return head


def _rows(traffic: TrafficStatus, *, resource: ResourceSnapshot, now: datetime) -> Iterator[Row]:
    if traffic.started_at is not None:
        yield _row("started", with_age(traffic.started_at, now=now))
    if traffic.ended_at is not None:
        yield _row("ended", with_age(traffic.ended_at, now=now))
    if traffic.previous is not None:
        before = traffic.previous
        yield _row("before it", f"{before.run} {before.outcome}: {before.message}", "dim")
    yield from _steps(traffic, resource.spec.traffic.policy)
    yield from _state(traffic, resource=resource, now=now)
    yield from _next(traffic, name=resource.name)


def _row(label: str, words: str | Text, style: str = "") -> Row:
    return Text(label, "dim"), Text(words, style) if isinstance(words, str) else words


def _steps(traffic: TrafficStatus, policy: Stepped | None) -> Iterator[Row]:
    """Yield the steps of the spec, with the current one in brackets."""
    if policy is None or traffic.step is None:
        return
    line = Text(" → ").join(
        Text(f"[{step.percent}%]", "bold")
        if number == traffic.step.number
        else Text(f"{step.percent}%", "dim")
        for number, step in enumerate(policy.steps, start=1)
    )
    if traffic.step.applied_since is not None and traffic.outcome is None:
        line.append(f"  in force since {moment(traffic.step.applied_since)}", "dim")
    yield _row("steps", line)


def _state(traffic: TrafficStatus, *, resource: ResourceSnapshot, now: datetime) -> Iterator[Row]:
    """Yield what the run does now: it has ended, is held, is on hold, waits, or starts."""
    newest = traffic.decisions[-1].message if traffic.decisions else None
    if traffic.outcome is not None:
        yield _row("because", newest or traffic.message or "")
        if traffic.outcome == "Superseded":
            yield _row("waits for", traffic.message or "")
        return
    if traffic.held:
        words = f"a person holds the weights; a rollback still happens; to go on: {_PROGRAM} resume"
        yield _row("held", f"{words} {resource.name}", "yellow")
    yield from _on_hold(traffic, now=now)
    if newest is None:
        yield _row("waits for", traffic.message or "")
    elif _lacks_data(traffic):
        yield _row("waits for", "data of the newest minutes; the time of the step then starts again")
    else:
        waits = waiting_words(traffic, resource=resource, now=now)
        for position, words in enumerate(waits):
            yield _row("waits for" if position == 0 else "", words)


def _on_hold(traffic: TrafficStatus, *, now: datetime) -> Iterator[Row]:
    """Yield why the run is on hold by itself, and since when the data has been in a state that matters."""
    newest = traffic.decisions[-1] if traffic.decisions else None
    data = traffic.data
    if newest is not None and newest.verdict == "Hold" and newest.reason != RunReason.HOLD_REQUESTED:
        yield _row("on hold", newest.message, "yellow")
        if data is not None and data.state != _FRESH and data.message != newest.message:
            yield _row("", data.message or data.state, "yellow")
        if data is not None and data.state != _FRESH:
            yield _row("", f"for {age(data.since, now=now)}", "yellow")


def _lacks_data(traffic: TrafficStatus) -> bool:
    newest = traffic.decisions[-1] if traffic.decisions else None
    return newest is not None and (newest.verdict, newest.reason) == ("Hold", DecisionReason.MISSING_DATA)


def _next(traffic: TrafficStatus, *, name: str) -> Iterator[Row]:
    """Yield what a person can do after the outcome."""
    if traffic.patch:
        yield _row("next", f"commit the patch that `{_PROGRAM} winner {name}` prints; it moves no weight")
    elif traffic.outcome in _RETRIED:
        yield _row("next", f"change the spec, or start another run: {_PROGRAM} retry {name}")


def _decision(decision: DecisionStatus) -> Row:
    return (
        Text(f"{decision.at:%m-%d %H:%M}", "dim"),
        Text(f"step {decision.step}"),
        Text(decision.verdict),
        Text(decision.message),
    )


def _command(command: CommandStatus) -> Row:
    style = "red" if command.effect == "Refused" else ""
    return (
        Text(f"{command.at:%m-%d %H:%M}", "dim"),
        Text(command.command),
        Text(command.effect, style),
        Text(command.message),
    )
