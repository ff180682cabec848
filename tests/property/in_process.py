"""The operator's reconciles, in this process, against the simulated AWS and a cluster of one object."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.aws.sessions import AwsClients, AwsSession
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.context import Services
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.controller.scaling_activities import ScalingActivitiesMonitor
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.events import EventRecorder
from sandbox.aws.inprocess import InProcessAws
from sandbox.safety.bounds import Bounds
from tests.property.cluster_of_one import KEY, ApiServer, ClusterOfOne
from tests.safety_monitor import watched

if TYPE_CHECKING:
    from sagemaker_ab.kube.client import KubeClient

_QUIET_SECONDS = 180.0
_LONGEST_CHANGE_SECONDS = 7200.0
"""After so long, what AWS does it does by itself: autoscaling goes on for ever if each attempt fails."""
_RESTART_SECONDS = 5.0
_AT_REST = frozenset({"InService", "Failed", "OutOfService", "UpdateRollbackFailed"})


class Killed(BaseException):
    """The operator's process ends here; no handler of its own sees it."""


class _OneSession(AwsSession):
    """Clients of a simulation in this process; region and account are what it says."""

    def __init__(self, sim: InProcessAws, between_calls: Callable[[], None]) -> None:
        super().__init__()
        services = {
            "sagemaker": "sagemaker",
            "autoscaling": "application-autoscaling",
            "cloudwatch": "cloudwatch",
            "runtime": "sagemaker-runtime",
            "sts": "sts",
        }
        clients = {field: sim.client(service) for field, service in services.items()}
        for client in clients.values():
            client.meta.events.register_first("before-send", lambda **_: between_calls())
            client.meta.events.register_last("before-send", lambda **_: between_calls())
            client.meta.events.register("response-received", self._hear)
        self._clock = AwsClock()
        self._only = AwsClients(
            region="us-east-1",
            clock=self._clock,
            sagemaker_writes=clients["sagemaker"],
            autoscaling_writes=clients["autoscaling"],
            cloudwatch_writes=clients["cloudwatch"],
            **clients,
        )

    def restart(self) -> None:
        """Forget account and time, as a new process has to learn them."""
        self._accounts.clear()
        self._clock = AwsClock()
        self._only = replace(self._only, clock=self._clock)

    def clients(self, region: str | None = None) -> AwsClients:
        del region
        return self._only

    def _hear(self, **response: Any) -> None:
        self._clock._listen(**response)


class InProcessOperator:
    """Reconciles one after the other; the simulation's clock advances by each wait at once."""

    def __init__(
        self, sim: InProcessAws, *, bounds: Bounds | None = None, settings: Settings | None = None
    ) -> None:
        self.sim = sim
        self._settings = settings or Settings()
        self.cluster = ClusterOfOne()
        self.between_calls: Callable[[], None] = lambda: None
        """Called before and after each call to AWS or Kubernetes; it may raise Killed."""
        self.api_server = ApiServer(self.cluster, self._between_calls)
        self.metrics, self.scaling_activities, self.run_minutes = self._monitors()
        self._writes: list[dict[str, Any]] = []
        self._read = 0
        self._session = _OneSession(sim, self._between_calls)
        self._reconciler = self._started()
        self._due = self._now()
        self.safety = watched(sim, self.cluster, bounds=bounds or Bounds())

    @property
    def aws_clients(self) -> AwsClients:
        """The clients with which the operator calls AWS."""
        return self._session.clients()

    def crash(self) -> None:
        """Lose all that a process remembers."""
        self.safety.restarted()
        self._session.restart()
        self.metrics, self.scaling_activities, self.run_minutes = self._monitors()
        self._reconciler = self._started()

    def step(self) -> float | None:
        """Reconcile once, then let the time go by that it asks for; None when nothing is left to keep."""
        self.safety.resumes(self._due)
        try:
            after = self._reconciler.reconcile(KEY)
        except Killed:
            self.crash()
            after = _RESTART_SECONDS
        self.safety.require_safe()
        if after is not None:
            self.sim.advance(seconds=max(after, 0.2))
        self._due = self._now()
        return after

    def settle(self, *, reconciles: int = 400) -> None:
        """Reconcile until the resource is gone, or ready while AWS rests and is sent no write."""
        self._run(reconciles, lambda: self.ready)

    def settle_or_stall(self, *, reconciles: int = 400) -> None:
        """Reconcile until the resource is ready or waits for a person, while AWS rests and gets no write."""
        self._run(reconciles, lambda: self.ready or self.conditions.get("Stalled", "").startswith("True"))

    def _run(self, reconciles: int, content: Callable[[], bool]) -> None:
        quiet_since = content_since = self._now()
        for _ in range(reconciles):
            before = len(self.writes())
            if self.step() is None:
                return
            now = self._now()
            if not content() or len(self.writes()) != before:
                quiet_since = content_since = now
            elif self._aws_is_busy():
                quiet_since = now
            if now - quiet_since > _QUIET_SECONDS or now - content_since > _LONGEST_CHANGE_SECONDS:
                self.safety.require_safe_at_rest()
                return
        sent = [(call["operation"], call["code"], call["message"]) for call in self.writes()[-8:]]
        raise AssertionError(f"not settled after {reconciles} reconciles: {self.conditions}; {sent}")

    def _aws_is_busy(self) -> bool:
        """Tell whether AWS is at work on an endpoint: what waits for that is yet to come."""
        places = self.sim.state().values()
        endpoints = (endpoint for place in places for endpoint in place.get("endpoints", {}).values())
        return any(endpoint["status"] not in _AT_REST for endpoint in endpoints)

    def _now(self) -> float:
        return self.sim.engine.clock.now()

    @property
    def conditions(self) -> dict[str, str]:
        status = self.cluster.resource["status"] if self.cluster.resource else {}
        return {
            c["type"]: f"{c['status']} {c['reason']}: {c['message']}" for c in status.get("conditions", ())
        }

    @property
    def ready(self) -> bool:
        resource = self.cluster.resource
        if resource is None:
            return False
        current = resource["status"].get("observedGeneration") == resource["metadata"]["generation"]
        return current and self.conditions.get("Ready", "").startswith("True")

    def writes(self) -> list[dict[str, Any]]:
        """The writes that AWS was sent, as its call log has them."""
        for call in self.sim.gateway.calls.since(self._read):
            self._read = call["n"]
            if call["write"]:
                self._writes.append(call)
        return self._writes

    def effects(self) -> list[str]:
        """The operations that took effect."""
        return [
            call["operation"]
            for call in self.writes()
            if call["outcome"] in {"effect", "dropped-after-effect"}
        ]

    def _between_calls(self) -> None:
        self.between_calls()

    def _monitors(self) -> tuple[MetricsMonitor, ScalingActivitiesMonitor, RunMinutesMonitor]:
        backoff = Backoff(30.0, 900.0).seconds
        return (
            MetricsMonitor(backoff=backoff, local_clock=self._now),
            ScalingActivitiesMonitor(
                interval_seconds=self._settings.scaling_activities_seconds,
                backoff=backoff,
                local_clock=self._now,
            ),
            RunMinutesMonitor(backoff=Backoff(30.0, 300.0).seconds, local_clock=self._now),
        )

    def _started(self) -> Reconciler:
        kube = cast("KubeClient", self.api_server)
        return Reconciler(
            Services(
                kube=kube,
                aws=self._session,
                observer=DirectObserver(),
                garbage=GarbageLister(),
                events=EventRecorder(kube),
                metrics=self.metrics,
                scaling_activities=self.scaling_activities,
                run_minutes=self.run_minutes,
                settings=self._settings,
                cluster_id="cluster-1",
                local_clock=self._now,
            )
        )
