"""What a client must have done by the end of its journey, judged from the calls that AWS was sent."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ACTS: Mapping[str, tuple[frozenset[str], ...]] = {
    "create": (
        frozenset({"CreateModel"}),
        frozenset({"CreateEndpointConfig"}),
        frozenset({"CreateEndpoint"}),
    ),
    "shift": (frozenset({"UpdateEndpointWeightsAndCapacities"}),),
    "scale": (frozenset({"RegisterScalableTarget"}), frozenset({"PutScalingPolicy"})),
    "read metrics": (frozenset({"GetMetricData", "GetMetricStatistics"}),),
    "delete": (
        frozenset({"DeleteModel"}),
        frozenset({"DeleteEndpointConfig"}),
        frozenset({"DeleteEndpoint"}),
    ),
}
"""Each act takes one operation of each of its sets."""

_BUGS = frozenset({"NotImplemented", "UnknownOperationException", "InvalidAction", "InternalFailure"})

Calls = Iterable[Mapping[str, Any]]
"""Requests as the call log has them."""


def faults(calls: Calls, *, speaks: Mapping[str, str]) -> list[str]:
    """Say what a journey lacks, and what it met that it should not have; `speaks` is protocols by service."""
    log = list(calls)
    return [*_unmet(log), *_lacking(log), *_spoken_otherwise(log, speaks)]


def _unmet(log: Calls) -> Iterator[str]:
    for call in log:
        if call["code"] in _BUGS or not call["service"]:
            yield f"not done by the simulation: {_name(call)}: {call['code']}: {call['message']}"


def _lacking(log: Calls) -> Iterator[str]:
    done = {call["operation"] for call in log if call["code"] == "ok"}
    for act, steps in ACTS.items():
        missing = [" or ".join(sorted(step)) for step in steps if not step & done]
        if missing:
            yield f"did not {act}: no {', '.join(missing)} succeeded"


def _spoken_otherwise(log: Calls, speaks: Mapping[str, str]) -> Iterator[str]:
    for service, protocol in speaks.items():
        spoken = {call["protocol"] for call in log if call["service"] == service}
        if spoken != {protocol}:
            found = ", ".join(sorted(spoken)) or "nothing"
            yield f"must speak {protocol} to {service}, and speaks {found}"


def _name(call: Mapping[str, Any]) -> str:
    return f"{call['service']} {call['operation']}".strip() or "a request that names no service"
