"""Renders the gates of a run, and in words what it waits for and for how long."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from sagemaker_ab.api.traffic_status import Gate, TrafficStatus
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.conditions import BAD, GOOD, WAITING
from sagemaker_ab.cli.views.formatting import age, span
from sagemaker_ab.cli.views.meter import meter

_ICONS = {"Satisfied": GOOD, "Waiting": WAITING, "Blocked": BAD}
_OF_EVIDENCE = {"guardrails", "sampleRatio"}

Row = tuple[Text, ...]


def gate_rows(gates: Sequence[Gate], *, now: datetime) -> list[Row]:
    """Return one row for each gate: icon and name, how far it is, its message."""
    return [_gate(gate, now=now) for gate in gates]


def _gate(gate: Gate, *, now: datetime) -> Row:
    icon, color = _ICONS[gate.state]
    return Text(f"{icon} {gate.name}", color), _progress(gate, now=now), Text(_message(gate), "dim")


def _message(gate: Gate) -> str:
    """Return the message without the powers of ten at its end, which the meter shows."""
    return gate.message.partition(", evidence ")[0]


def _progress(gate: Gate, *, now: datetime) -> Text:
    if gate.name in _OF_EVIDENCE:
        return meter(gate.value, gate.required)
    if gate.until is not None and gate.state != "Satisfied":
        return Text(f"{age(now, now=gate.until)} left" if gate.until > now else "due")
    return Text(gate.state.lower())


def waiting_words(traffic: TrafficStatus, *, resource: ResourceSnapshot, now: datetime) -> Iterator[str]:
    """Yield what the run waits for, one line for each gate that time, traffic or a person satisfies."""
    for gate in traffic.gates or ():
        if gate.state == "Waiting":
            yield _waiting(gate, traffic, resource=resource, now=now)


def _waiting(gate: Gate, traffic: TrafficStatus, *, resource: ResourceSnapshot, now: datetime) -> str:
    if gate.name == "approval":
        return f"your approval: kubectl sagemaker-ab approve {resource.name}"
    if gate.name == "minDuration" and gate.until is not None and gate.until > now:
        return f"time: {age(now, now=gate.until)} more"
    if gate.name == "minRequests" and gate.value is not None and gate.required is not None:
        left = max(0, int(float(gate.required)) - int(float(gate.value)))
        return f"requests: {left:,} more to {traffic.candidate}{_at_rate(left, traffic, resource)}"
    if gate.name == "guardrails":
        return f"proof: {_message(gate)}{_forecast(traffic)}"
    return gate.message


def _at_rate(left: int, traffic: TrafficStatus, resource: ResourceSnapshot) -> str:
    """Return how long requests take at the rate of the last metrics window; empty if it is not known."""
    metrics = resource.status.metrics
    known = metrics.variants if metrics else ()
    count = next((each.invocations for each in known if each.name == traffic.candidate), None)
    if metrics is None or not count:
        return ""
    return f", about {span(left * metrics.period_seconds / count)} at the present rate"


def _forecast(traffic: TrafficStatus) -> str:
    needed = [each.seconds_needed for each in traffic.comparisons or () if each.seconds_needed]
    if not needed:
        return ""
    half, most = (max(getattr(each, name) for each in needed) for name in ("half", "most"))
    return f"; half of all such runs need at most {span(half)} more, 80% at most {span(most)}"
