"""What AWS does: it refuses, loses, delays and contradicts itself, is short of things, and fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.property.lives.brief import Brief
from tests.property.lives.world import World


def _error(code: str, text: str, http: int = 400) -> dict[str, Any]:
    return {"error": {"code": code, "text": text, "http": http}}


EFFECTS: Mapping[str, Mapping[str, Any]] = {
    "throttled": {"throttle": True},
    "unavailable": _error("ServiceUnavailable", "as ordered", 503),
    "internal": _error("InternalFailure", "as ordered", 500),
    "internal without a code": _error("Unknown", "as ordered", 500),
    "timed out": _error("RequestTimeout", "as ordered", 408),
    "denied": {"denied": True},
    "denied explicitly": {"denied": "explicit"},
    "expired": {"expired": True},
    "unrecognized": _error("UnrecognizedClientException", "as ordered", 403),
    "over quota": _error("ResourceLimitExceeded", "as ordered"),
    "conflicting": _error("ConflictException", "as ordered", 409),
    "concurrent": _error("ConcurrentUpdateException", "as ordered", 500),
    "invalid": _error("ValidationException", "as ordered"),
    "never arriving": {"drop": "before"},
    "never answered": {"drop": "after"},
    "stale": {"stale": 5.0},
    "dated ahead": {"date": {"ahead": 7200}},
    "dated behind": {"date": {"ahead": -7200}},
    "dated in words": {"date": {"text": "Thursday"}},
    "undated": {"date": {"absent": True}},
    "failing": {"fail": {"reason": "as ordered"}},
    "failing silently": {"fail": {"silent": True}},
    "failing for capacity": {"fail": {"capacity": True}},
    "rolled back": {"fail": {"reason": "as ordered", "status": "RollingBack"}},
    "rollback failed": {"fail": {"reason": "as ordered", "status": "UpdateRollbackFailed"}},
}
_REFUSALS = (
    *("as ordered", "Throttling", "Rate exceeded", "AccessDenied", "not authorized", "ExpiredToken"),
    *("Too Many Requests", "concurrent", "security token"),
)
ONCE = frozenset({"dated ahead", "dated behind", "dated in words", "undated"})
"""Of these only one comes at a time: two wrong dates in a row outvote the right ones."""


@dataclass(frozen=True, slots=True, repr=False)
class Fault(Brief):
    """Something is wrong with the next calls that match: so many, or all until it is taken back."""

    name: str
    count: int | None = 1
    operation: str = "*"
    write: bool | None = None

    def happen(self, world: World) -> None:
        match: dict[str, Any] = {"operation": self.operation}
        match |= {} if self.write is None else {"write": self.write}
        ordered = world.sim.fault(EFFECTS[self.name], match=match, count=self.count)
        world.refusals.update(_REFUSALS)
        world.lifts.append(lambda: world.sim.gateway.faults.remove(ordered))


@dataclass(frozen=True, slots=True, repr=False)
class Chaos(Brief):
    """Let reads be stale, answers get lost and buckets run empty, or none of it."""

    stale: bool
    lost: bool
    throttling: bool

    def happen(self, world: World) -> None:
        chaos = world.sim.gateway.faults.chaos
        chaos.stale, chaos.lost_answers, chaos.throttling = self.stale, self.lost, self.throttling
        world.refusals.update(_REFUSALS)


@dataclass(frozen=True, slots=True, repr=False)
class Miss(Brief):
    """A role, an image, an object or the capacity of an instance type is not there."""

    thing: str
    name: str

    def happen(self, world: World) -> None:
        world.edit(missing={self.thing: self.name})
        world.refusals.update({"role", "image", "model data"})
        world.lifts.append(lambda: world.edit(restored={self.thing: self.name}))


@dataclass(frozen=True, slots=True, repr=False)
class Shortage(Brief):
    """There is no spare machine of a type for a while."""

    type: str
    seconds: float

    def happen(self, world: World) -> None:
        world.edit(shortage={self.type: self.seconds})
        world.lifts.append(lambda: world.edit(restored={"capacity": self.type}))


@dataclass(frozen=True, slots=True, repr=False)
class Limit(Brief):
    """The account may have so many instances of a type."""

    type: str
    instances: int

    def happen(self, world: World) -> None:
        world.edit(quota={self.type: self.instances})
        world.refusals.update({"ResourceLimitExceeded", "limit"})
        world.lifts.append(lambda: world.edit(quota={self.type: None}))


@dataclass(frozen=True, slots=True, repr=False)
class Status(Brief):
    """Put an endpoint that is in service into a status, for a while or for good."""

    status: str
    seconds: float | None = None

    def happen(self, world: World) -> None:
        if (world.endpoint or {}).get("status") != "InService":
            return
        asked: dict[str, Any] = {"endpoint": "reviews", "status": self.status, "reason": "as ordered"}
        asked |= {} if self.seconds is None else {"seconds": self.seconds}
        asked |= {"newer": True} if self.status == "Migrating" else {}
        world.edit(status=asked)
        world.refusals.update({"out of service", "OutOfService", "failed endpoint", "in Failed status"})
        world.lifts.append(lambda: self._end(world))

    def _end(self, world: World) -> None:
        """Bring an endpoint back that only AWS can."""
        if (world.endpoint or {}).get("status") == self.status == "OutOfService":
            world.edit(status={"endpoint": "reviews", "status": "InService"})


@dataclass(frozen=True, slots=True, repr=False)
class Traffic(Brief):
    """Let clients send so many requests a minute, by which autoscaling chooses counts."""

    rate: int

    def happen(self, world: World) -> None:
        world.edit(traffic={"endpoint": "reviews", "ratePerMinute": self.rate})
        world.lifts.append(lambda: world.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0}))
