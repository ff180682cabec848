"""What a process remembers of one resource between reconciles.

Losing it costs a wait or a repeated read, never correctness: what must survive is in AWS or in status.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.planning.commands import Command, Service
from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.image_pins import PinnedImages
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.runs.live import LiveRun
from sagemaker_ab.planning.steps import Step

_CHANGES_GARBAGE = {
    *("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"),
    *("DeleteEndpointConfig", "DeleteModel"),
}


@dataclass(frozen=True, slots=True)
class _Retry:
    """A problem met `failures` times in a row; `at` is when to try again, on the local clock."""

    problem: Problem
    failures: int
    at: float


@dataclass(slots=True)
class Memory:
    """Times are seconds on AWS's clock, except those of retries, which are on the local clock.

    A retry belongs to a subject: that of a command, or a name for what is not a command.
    """

    uid: str = ""
    _sent: dict[str, tuple[float, Service]] = field(default_factory=dict)
    """When each write was last sent, and to what."""
    _sent_for: int = 0
    """The generation for which the last write was sent."""
    _started: float | None = None
    """When this process first read AWS for the resource."""
    _retries: dict[str, _Retry] = field(default_factory=dict)
    _accepted: set[str] = field(default_factory=set)
    """Steps that AWS has accepted, until a plan no longer contains them."""
    _listed: tuple[str | None, float] | None = None
    """The config in use when garbage was last listed, and when to list it again."""
    _requested: tuple[int, str | None] | None = None
    """The generation and the reconcile request for which retries were last cleared."""
    _deleting_since: float | None = None
    garbage_failures: int = 0
    """How often in a row garbage could not be listed or deleted."""
    unread_alarms: str = ""
    """The code of the failure to read alarms that the log has already, empty while they can be read."""
    missing_models: frozenset[str] = frozenset()
    """Models of the desired state that the last listing did not contain."""
    run: LiveRun | None = None
    """The evidence of the run, as far as status does not have it."""
    spec: EndpointSpec | None = None
    """The last spec of the resource that was valid."""
    observed: Observed | None = None
    """The last complete read of the endpoint."""
    pinned_images: dict[str, PinnedImages] = field(default_factory=dict)
    """The pins of models in use, by the model's name."""

    # Writes and consistency

    def awaiting_consistency(self, now: float, service: Service | None = None) -> bool:
        """Return whether reads may not show the newest write yet, to one service or to any."""
        self._forget_old(now)
        return any(service in {None, sent_to} for _, sent_to in self._sent.values())

    def awaiting_effect(self, generation: int, now: float) -> bool:
        """Return whether a read that looks right may be older than the newest write.

        That matters for writes for another generation, and for changes of weights and counts: a read from
        before somebody else's edit shows what the spec asks for, like one from after its repair.
        """
        return self.awaiting_consistency(now) and (self._sent_for != generation or bool(self._accepted))

    def start(self, now: float) -> None:
        """Record the first read of AWS; later calls change nothing."""
        self._started = now if self._started is None else self._started

    def in_flight(self, operation: str, now: float) -> bool:
        """Return whether reads may not show the newest write of an operation yet.

        A process that has just started does not know what the one before it has sent.
        """
        just_started = self._started is not None and now - self._started < SETTLING_SECONDS
        self._forget_old(now)
        return just_started or any(key.startswith(f"{operation}-") for key in self._sent)

    def unsent(self, commands: Iterable[Command], now: float) -> list[Command]:
        """Return the commands up to the first that was sent so recently that a stale read may not show it.

        The commands after that one may depend on it: a scaling policy is refused without its target.
        """
        self._forget_old(now)
        return list(takewhile(lambda command: command.identity not in self._sent, commands))

    def record_sent(self, command: Command, generation: int, now: float) -> None:
        self._sent[command.identity] = now, command.service
        self._sent_for = generation
        if command.operation in _CHANGES_GARBAGE:
            self._listed = None

    def record_refused(self, command: Command) -> None:
        """Record that a command had no effect."""
        self._sent.pop(command.identity, None)

    def record_effect(self, command: Command) -> None:
        """Record that AWS holds what a command asked for."""
        self.clear_problem(command.subject)
        if command.operation == "CreateModel":
            self.missing_models -= {command.request["ModelName"]}

    def _forget_old(self, now: float) -> None:
        self._sent = {key: sent for key, sent in self._sent.items() if now - sent[0] < SETTLING_SECONDS}

    # Accepted steps, which AWS may roll back

    def record_accepted(self, step: Step) -> None:
        self._accepted.add(step.identity)

    def take_rolled_back(self, steps: Iterable[Step], now: float) -> list[Step]:
        """Return, once, the steps that AWS accepted and that are pending again."""
        if self.awaiting_consistency(now):
            return []
        rolled_back = [step for step in steps if step.identity in self._accepted]
        self._accepted -= {step.identity for step in rolled_back}
        return rolled_back

    # Problems and retries

    def record_problem(self, subject: str, problem: Problem, *, retry_at: float) -> None:
        self._retries[subject] = _Retry(problem, self.failures(subject) + 1, retry_at)

    def clear_problem(self, subject: str) -> None:
        self._retries.pop(subject, None)

    def failures(self, subject: str) -> int:
        """Return how often in a row the subject has met a problem."""
        retry = self._retries.get(subject)
        return retry.failures if retry else 0

    def in_backoff(self, subject: str, now: float) -> bool:
        """Return whether it is too early to try again; `now` is on the local clock."""
        retry = self._retries.get(subject)
        return retry is not None and now < retry.at

    def problem_of(self, steps: Iterable[Step]) -> Problem | None:
        """Return the problem of the first step that has one; it stays until a retry succeeds."""
        found = (self._retries.get(command.subject) for step in steps for command in step.commands)
        return next((retry.problem for retry in found if retry), None)

    @property
    def stalled(self) -> bool:
        return any(retry.problem.stalled for retry in self._retries.values())

    @property
    def retry_times(self) -> Collection[float]:
        """When each subject in backoff is tried again, on the local clock."""
        return [retry.at for retry in self._retries.values()]

    def keep_only(self, steps: Iterable[Step]) -> None:
        """Forget what concerns steps that the plan no longer contains."""
        pending = list(steps)
        subjects = {command.subject for step in pending for command in step.commands}
        self._retries = {subject: retry for subject, retry in self._retries.items() if subject in subjects}
        self._accepted &= {step.identity for step in pending}

    def honor(self, generation: int, request: str | None) -> None:
        """Clear all retries for a new generation or a new reconcile request, once for each.

        A request also calls for a listing of models and configs, since some may have been deleted by hand.
        One that was honored before and is read again, because the status was lost, is not new.
        """
        last = self._requested[1] if self._requested else None
        if self._requested == (generation, request or last):
            return
        if request is not None:
            self._listed = None
        self._requested = generation, request or last
        self._retries.clear()
        self._accepted.clear()
        self.garbage_failures = 0

    # Garbage collection and deletion

    def garbage_collection_due(self, config_name: str | None, now: float) -> bool:
        return self._listed is None or self._listed[0] != config_name or now >= self._listed[1]

    def listed_since_last_write(self, config_name: str | None) -> bool:
        """Return whether garbage was listed since the config came into use and nothing was written since."""
        return self._listed is not None and self._listed[0] == config_name

    def schedule_garbage_collection(self, config_name: str | None, at: float) -> None:
        self._listed = config_name, at

    def list_again(self) -> None:
        """Let garbage be listed as soon as reads are consistent."""
        self._listed = None

    def deleting_since(self, now: float) -> float:
        """Return when garbage collection of the deletion was first due, which is now if it never was."""
        if self._deleting_since is None:
            self._deleting_since = now
        return self._deleting_since
