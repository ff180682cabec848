"""What one service tells the others: typed events within the engine, heard at once and in order.

A listener of one that asks (``…Requested``) may raise AwsError: that refuses the call before its effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, EndpointConfig, Variant


@dataclass(frozen=True, slots=True)
class EndpointUpdateRequested:
    """UpdateEndpoint is about to be accepted; ``config`` is the new one."""

    region: Region
    endpoint: Endpoint
    config: EndpointConfig


@dataclass(frozen=True, slots=True)
class InstancesLaunched:
    """So many new instances of each variant are on their way; if ``broken``, their containers fail."""

    region: Region
    endpoint: Endpoint
    variants: tuple[tuple[Variant, int], ...]
    broken: bool


@dataclass(frozen=True, slots=True)
class InvocationFailed:
    """A model answered with an error; ``status`` is None if it gave no answer that could be understood."""

    region: Region
    endpoint: Endpoint
    variant: Variant
    status: int | None
    message: str


@dataclass(frozen=True, slots=True)
class EndpointSettled:
    """A create, an update or a change of weights or counts has ended; ``endpoint.status`` says how."""

    region: Region
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class EndpointDeletionAccepted:
    """DeleteEndpoint was accepted; the endpoint is Deleting from now on."""

    region: Region
    endpoint: Endpoint


_LISTENERS: dict[type[Any], list[Callable[[Any], None]]] = {}
L = TypeVar("L", bound=Callable[[Any], None])


def listens(happening: type[Any]) -> Callable[[L], L]:
    """Register a function to be called with every event of a type."""

    def register(listener: L) -> L:
        _LISTENERS.setdefault(happening, []).append(listener)
        return listener

    return register


def announce(happening: object) -> None:
    """Call the listeners of an event, in the order of their registration."""
    for listener in _LISTENERS.get(type(happening), []):
        listener(happening)
