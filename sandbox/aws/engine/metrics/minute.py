"""What one variant did within one minute (or, folded, within five)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.aws.engine.metrics.distribution import Distribution
from sandbox.aws.ledger import holds

# The hundreds of an HTTP status.
_SUCCESS, _CLIENT_ERROR, _SERVER_ERROR = 2, 4, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request that an endpoint took, as its metrics see it. Latencies in microseconds."""

    model_latency: float
    overhead_latency: float
    status: int | None = 200
    """HTTP status of the model's answer; None when the model gave none that could be understood."""


@dataclass(slots=True)
class Minute:
    """Counts and latencies of the requests that fell into one span of time."""

    by_instances: dict[int, int] = field(default_factory=dict)
    """Requests by how many instances were in service when they came."""
    errors_4xx: int = 0
    errors_5xx: int = 0
    model_errors: int = 0
    model_latency: Distribution = field(default_factory=Distribution)
    overhead_latency: Distribution = field(default_factory=Distribution)

    @property
    def invocations(self) -> int:
        return sum(self.by_instances.values())

    @property
    def per_instance(self) -> float:
        return sum(requests / instances for instances, requests in self.by_instances.items())

    @property
    def busy_seconds(self) -> float:
        """Time that models spent on requests, summed over requests."""
        return self.model_latency.total / 1e6

    @holds("metrics.model-errors-superset")
    def add(self, served: Served, *, instances: int) -> None:
        self.by_instances[instances] = self.by_instances.get(instances, 0) + 1
        self.model_latency.add(served.model_latency)
        self.overhead_latency.add(served.overhead_latency)
        family = None if served.status is None else served.status // 100
        self.model_errors += family != _SUCCESS
        self.errors_4xx += family == _CLIENT_ERROR
        self.errors_5xx += family == _SERVER_ERROR

    def half(self) -> Minute:
        """Return what is seen of a minute while half of its requests have not been counted yet."""
        before, by_instances = 0, {}
        for instances, requests in self.by_instances.items():
            after = before + requests
            by_instances[instances] = (after + 1) // 2 - (before + 1) // 2
            before = after
        return Minute(
            by_instances={instances: requests for instances, requests in by_instances.items() if requests},
            errors_4xx=self.errors_4xx // 2,
            errors_5xx=self.errors_5xx // 2,
            model_errors=self.model_errors // 2,
            model_latency=self.model_latency.half(),
            overhead_latency=self.overhead_latency.half(),
        )

    def merge(self, other: Minute) -> None:
        for instances, requests in other.by_instances.items():
            self.by_instances[instances] = self.by_instances.get(instances, 0) + requests
        self.errors_4xx += other.errors_4xx
        self.errors_5xx += other.errors_5xx
        self.model_errors += other.model_errors
        self.model_latency.merge(other.model_latency)
        self.overhead_latency.merge(other.overhead_latency)

    def compact(self) -> None:
        self.model_latency.compact()
        self.overhead_latency.compact()
