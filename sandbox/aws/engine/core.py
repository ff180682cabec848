"""The engine: accounts and regions, their stores, and the operations on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sandbox.aws.clock import VirtualClock
from sandbox.aws.engine.scenery import Scenery
from sandbox.aws.ledger import Ledger

if TYPE_CHECKING:
    from sandbox.aws.engine.cloudwatch.result_faults import ResultFault
    from sandbox.aws.engine.records import EndpointStatus
    from sandbox.aws.errors import AwsError

JSON = dict[str, Any]


class Store(Protocol):
    """What one service remembers in one account and region."""

    def __init__(self, region: Region) -> None: ...


S = TypeVar("S", bound=Store)


class Engine:
    """One simulated AWS: a clock, a ledger under one seed, and state per account and region."""

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        seed: int = 0,
        variants: Mapping[str, int] | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.ledger = Ledger(seed, variants=variants)
        self.scenery = Scenery()
        self._regions: dict[tuple[str, str], Region] = {}

    def region(self, account: str, name: str) -> Region:
        """Return an account's region, empty when it is first asked for."""
        key = (account, name)
        if key not in self._regions:
            self._regions[key] = Region(self, account, name)
        return self._regions[key]

    def regions(self) -> Iterator[Region]:
        """Yield every region that anybody has asked for, in order of account and name."""
        for key in sorted(self._regions):
            yield self._regions[key]


class Region:
    """One region of one account. Each service keeps its state in a store of its own class."""

    def __init__(self, engine: Engine, account: str, name: str) -> None:
        self.engine = engine
        self.account = account
        self.name = name
        self._stores: dict[type[Any], Any] = {}

    @property
    def clock(self) -> VirtualClock:
        return self.engine.clock

    @property
    def ledger(self) -> Ledger:
        return self.engine.ledger

    @property
    def scenery(self) -> Scenery:
        return self.engine.scenery

    def store(self, kind: type[S]) -> S:
        """Return this region's store of a kind, made when it is first asked for."""
        if kind not in self._stores:
            self._stores[kind] = kind(self)
        found: S = self._stores[kind]
        return found

    def refuse(self, row_id: str, /, **fields: object) -> AwsError:
        """Return the refusal of a ledger row, to be raised."""
        return self.ledger.refuse(row_id, **fields)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{partition(self.name)}:{service}:{self.name}:{self.account}:{resource}"


def partition(region: str) -> str:
    """Return the partition that a region is in, the second field of its ARNs."""
    for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return name
    return "aws"


@dataclass(frozen=True, slots=True)
class Failure:
    """An order that what a call sets going is to fail; an empty reason makes it fail silently.

    ``status`` is what an update passes through, or ends in, because it failed.
    """

    reason: str = ""
    status: EndpointStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, decoded and checked against its input shape.

    ``as_of`` is the time at which a read looks: some seconds ago if this read is to be a stale one, else now.
    ``failure`` orders that what the call sets going is to fail, ``result_faults`` that results of
    GetMetricData do. Timestamps in ``params`` and in answers are epoch seconds (float), blobs are bytes.
    """

    region: Region
    params: Mapping[str, Any]
    as_of: float
    access_key: str = ""
    failure: Failure | None = None
    result_faults: tuple[ResultFault, ...] = ()

    @property
    def now(self) -> float:
        return self.region.clock.now()

    @property
    def ledger(self) -> Ledger:
        return self.region.ledger

    def refuse(self, row_id: str, /, **fields: object) -> AwsError:
        """Return the refusal of a ledger row, to be raised."""
        return self.region.refuse(row_id, **fields)


Handler = Callable[[Call], JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A handler with what the call log and the chaos need to know of it.

    ``resource`` names the parameter that names the resource; ``write`` says that it changes state; ``stale``
    that a read of it may be answered from some seconds ago.
    """

    service: str
    name: str
    handler: Handler
    write: bool
    resource: str
    stale: bool


OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(
    service: str,
    name: str,
    *,
    write: bool = False,
    resource: str = "",
    stale: bool | None = None,
) -> Callable[[Handler], Handler]:
    """Register a function as an operation; ``service`` is botocore's name of it, such as ``sagemaker``.

    Reads are open to staleness unless ``stale=False``.
    """

    def register(handler: Handler) -> Handler:
        may_be_stale = not write if stale is None else stale
        OPERATIONS[service, name] = Operation(
            service=service, name=name, handler=handler, write=write, resource=resource, stale=may_be_stale
        )
        return handler

    return register


StateSection = Callable[[Region], JSON]
Edit = Callable[[Region, Any], JSON]
STATE_SECTIONS: dict[str, StateSection] = {}
EDITS: dict[str, Edit] = {}


def state_section(name: str) -> Callable[[StateSection], StateSection]:
    """Add a section to ``GET /_sandbox/state``: plain JSON without times or random ids, by name."""

    def register(section: StateSection) -> StateSection:
        STATE_SECTIONS[name] = section
        return section

    return register


def edit(name: str) -> Callable[[Edit], Edit]:
    """Add a kind of out-of-band edit: ``POST /_sandbox/edits`` with ``{name: argument}`` calls it."""

    def register(function: Edit) -> Edit:
        EDITS[name] = function
        return function

    return register
