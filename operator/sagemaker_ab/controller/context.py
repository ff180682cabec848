"""What a reconcile works with: the shared clients, and one resource with its status, events and memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import ValidationError

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, RECONCILE_REQUESTED_AT, REGION, RUN_COMMANDS
from sagemaker_ab.api.status import Status
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.aws.observe import Observer
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.backoff import Backoff, jittered_below
from sagemaker_ab.controller.errors import to_problem
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.controller.scaling_activities import ScalingActivitiesMonitor
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.client import KubeClient, Object
from sagemaker_ab.kube.events import EventRecorder
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.events import draft_events
from sagemaker_ab.planning.location import Location
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.status import report_problem
from sagemaker_ab.planning.steps import Step

_READING = "reading AWS"
_SLOWEST_REFUSED = 60
"""The longest gap between retries of a refused call, as a multiple of the first: an hour by default."""


@dataclass(frozen=True, slots=True)
class Services:
    """What all reconciles share: the clients of Kubernetes and AWS, settings, and state of all resources."""

    kube: KubeClient
    aws: AwsSession
    observer: Observer
    garbage: GarbageLister
    events: EventRecorder
    metrics: MetricsMonitor
    scaling_activities: ScalingActivitiesMonitor
    run_minutes: RunMinutesMonitor
    settings: Settings
    cluster_id: str
    local_clock: Callable[[], float] = time.monotonic
    """Returns seconds. For polling and backoff only: durations in AWS are measured on AWS's clock."""

    def forget(self, key: Key) -> None:
        """Read neither metrics, scaling activities nor minutes of a resource any more."""
        self.metrics.forget(key)
        self.scaling_activities.forget(key)
        self.run_minutes.forget(key)

    def backoff(self, *, transient: bool) -> Backoff:
        """Return the gaps between retries of what is transient, or of what AWS refuses."""
        settings = self.settings
        if transient:
            return Backoff(settings.retry_seconds, max(settings.retry_seconds, settings.resync_seconds))
        first = settings.refused_retry_seconds
        return Backoff(first, _SLOWEST_REFUSED * first)


@dataclass(slots=True)
class ReconcileContext:
    """One resource during one reconcile.

    `resource` is the newest version that this reconcile has read or written. `status` is the status in it.
    """

    services: Services
    resource: Object
    memory: Memory
    status: Status = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.services.local_clock()
        self.status = _readable(self.resource.get("status", {}))

    @property
    def key(self) -> Key:
        return Key.of(self.resource)

    @property
    def generation(self) -> int:
        return int(self.resource["metadata"]["generation"])

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.resource["metadata"]

    @property
    def has_finalizer(self) -> bool:
        return FINALIZER in self.resource["metadata"].get("finalizers", ())

    @property
    def ready(self) -> bool:
        """Whether status reports the current generation as ready."""
        conditions = {condition.type: condition.status for condition in self.status.conditions or ()}
        current = self.status.observed_generation == self.generation
        return current and conditions.get(ConditionType.READY) == "True"

    @property
    def owner(self) -> Owner:
        namespace, name = self.key
        return Owner(self.services.cluster_id, namespace, name, self.resource["metadata"]["uid"])

    def annotation(self, key: str) -> str | None:
        value: str | None = self.resource["metadata"].get("annotations", {}).get(key)
        return value

    @property
    def run_commands(self) -> dict[str, str]:
        """The annotations that steer a run, by the name of the command."""
        found = {command: self.annotation(key) for command, key in RUN_COMMANDS.items()}
        return {command: value for command, value in found.items() if value is not None}

    @property
    def location(self) -> Location:
        """The account and region of the AWS objects, each None until it is pinned."""
        return Location(
            account=self.annotation(ACCOUNT) or self.status.account,
            region=self.annotation(REGION) or self.status.region,
        )

    @property
    def follows_run(self) -> bool:
        """Whether status has a run that goes on, or one whose weights may not be in force yet."""
        run = self.status.traffic
        return run is not None and run.run is not None and (run.outcome is None or not self.ready)

    @property
    def reconcile_requested_at(self) -> str | None:
        """The reconcile request that no reconcile has honored yet."""
        token = self.annotation(RECONCILE_REQUESTED_AT)
        return token if token != self.status.last_handled_reconcile_at else None

    def honor_request(self) -> None:
        """Clear retries for a new generation or a new reconcile request."""
        if self.reconcile_requested_at or self.generation != self.status.observed_generation:
            self.memory.honor(self.generation, self.reconcile_requested_at)

    @property
    def age_seconds(self) -> float:
        """Seconds since the reconcile began, on the local clock."""
        return self.services.local_clock() - self._began

    def write_status(self, status: Status) -> None:
        """Write the status if it differs from the one that was read, and record its events."""
        written = status.model_dump(mode="json", by_alias=True, exclude_none=True)
        if written == self.resource.get("status"):
            return
        before, self.status = self.status, status
        self.resource = self.services.kube.apply_status(self.resource, written)
        for event in draft_events(before, status):
            self.record_event(event.kind, event.reason, event.message)

    def record_event(self, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        self.services.events.record(self.resource, kind, reason, message)

    def report_problem(self, problem: Problem) -> None:
        """Write a status that says why the reconcile ends early, or what a deletion waits for."""
        self.write_status(report_problem(self.status, self.generation, problem, now=datetime.now(UTC)))

    def report_failed_read(self, error: AwsError) -> float:
        """Report that AWS could not be read; return the seconds until the next read.

        A failure that stalls is reported at once, a transient one from the second in a row. A ready resource
        reports only failures that stall: its endpoint keeps serving while AWS cannot be read, and a minute of
        throttling must not change the status of every resource.
        """
        problem, repeated, requeue_after = self.failed_read(error)
        if problem.stalled or (repeated and not self.ready):
            self.report_problem(problem)
        return requeue_after

    def failed_read(self, error: AwsError) -> tuple[Problem, bool, float]:
        """Record that AWS could not be read.

        Returns the problem, whether the read before failed as well, and the seconds until the next read.
        """
        failures = self.memory.failures(_READING)
        problem = to_problem(error.failure, error.failure.message, failures=failures)
        return problem, failures > 0, min(self.back_off(_READING, problem), self.until_resync())

    def record_successful_read(self) -> None:
        self.memory.clear_problem(_READING)

    def back_off(self, subject: str, problem: Problem, *, urgent: bool = False) -> float:
        """Record a problem; return the seconds until the subject may be tried again.

        The gaps of what is urgent do not grow beyond a minute.
        """
        failures = 0 if urgent and not problem.transient else self.memory.failures(subject)
        gap = self.services.backoff(transient=problem.transient).seconds(failures + 1)
        self.memory.record_problem(subject, problem, retry_at=self.services.local_clock() + gap)
        return gap

    def in_backoff(self, step: Step) -> bool:
        now = self.services.local_clock()
        return any(self.memory.in_backoff(command.subject, now) for command in step.commands)

    def pin(self, account: str, region: str) -> None:
        """Add finalizer, account and region to the resource in one patch, before the first write to AWS.

        Raises Conflict if the resource has changed since it was read.
        """
        pinned = {ACCOUNT: account, REGION: region}
        if not self.has_finalizer or any(self.annotation(key) != value for key, value in pinned.items()):
            self.resource = self.services.kube.pin(self.resource, pinned)

    def until_resync(self) -> float:
        """Return the seconds until the next reconcile if nothing triggers an earlier one."""
        return jittered_below(self.services.settings.resync_seconds)


def _readable(status: Object) -> Status:
    """Parse a status without the fields that are invalid in this version of the operator.

    Another version may have written them. They must not hide the account and region of the endpoint.
    """
    try:
        return Status.model_validate(status)
    except ValidationError as error:
        unreadable = {detail["loc"][0] for detail in error.errors()}
        return Status.model_validate({key: status[key] for key in status.keys() - unreadable})
