"""The operator's reconciles, in this process, against the simulated AWS and a cluster of one object."""

import copy
import itertools
from collections.abc import Callable, Mapping
from typing import Any, cast

from sagemaker_ab.api.resource import FINALIZER
from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.aws.sessions import AwsClients, AwsSession
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.context import Services
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.client import Conflict, KubeClient, NotFound, Object
from sagemaker_ab.kube.events import EventRecorder
from sagemaker_ab.kube.keys import Key
from sandbox.aws.inprocess import InProcessAws
from tests.safety_monitor import watched

KEY = Key("ml", "reviews")
_QUIET_SECONDS = 180.0


class ClusterOfOne:
    """What KubeClient offers, for one object, with the API server's rules for versions and generations."""

    def __init__(self) -> None:
        self.resource: Object | None = None
        self.events: list[Object] = []
        self.status_writes = 0
        self.watchers: list[Callable[..., None]] = []
        """Each is called with every version of the object, and once more when it is gone."""
        self._versions = itertools.count(1)
        self._uids = itertools.count(1)

    def apply(self, spec: Mapping[str, Any]) -> None:
        if self.resource is None:
            metadata = {
                "namespace": KEY[0],
                "name": KEY[1],
                "uid": f"uid-{next(self._uids)}",
                "generation": 0,
            }
            self.resource = {"metadata": metadata, "spec": {}, "status": {"observedGeneration": -1}}
        if self.resource["spec"] != spec:
            self.resource["metadata"]["generation"] += 1
        self.resource["spec"] = copy.deepcopy(dict(spec))
        self._touch()

    def annotate(self, **annotations: str) -> None:
        assert self.resource is not None
        metadata = self.resource["metadata"]
        metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        self._touch()

    def delete(self) -> None:
        assert self.resource is not None
        self.resource["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        self.resource["metadata"]["generation"] += 1
        self._touch()
        self._collect()

    def get(self, namespace: str, name: str) -> Object:
        del namespace, name
        if self.resource is None:
            raise NotFound
        return copy.deepcopy(self.resource)

    def pin(self, resource: Object, annotations: Mapping[str, str]) -> Object:
        metadata = self._expect(resource)["metadata"]
        metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        return self._set_finalizers(resource, [FINALIZER])

    def remove_finalizer(self, resource: Object) -> Object:
        return self._set_finalizers(resource, [])

    def apply_status(self, resource: Object, status: Mapping[str, Any]) -> Object:
        self._expect(resource)["status"] = copy.deepcopy(dict(status))
        self.status_writes += 1
        return self._touch()

    def create_event(self, namespace: str, event: Object) -> str:
        del namespace
        self.events.append(event)
        return f"event-{len(self.events)}"

    def patch_event(self, namespace: str, name: str, change: Object) -> None:
        """Counting is not looked at here."""

    def _set_finalizers(self, resource: Object, finalizers: list[str]) -> Object:
        self._expect(resource)["metadata"]["finalizers"] = finalizers
        changed = self._touch()
        self._collect()
        return changed

    def _expect(self, resource: Object) -> Object:
        if self.resource is None:
            raise NotFound
        if resource["metadata"]["resourceVersion"] != self.resource["metadata"]["resourceVersion"]:
            raise Conflict
        return self.resource

    def _touch(self) -> Object:
        assert self.resource is not None
        self.resource["metadata"]["resourceVersion"] = str(next(self._versions))
        for watcher in self.watchers:
            watcher(self.resource)
        return copy.deepcopy(self.resource)

    def _collect(self) -> None:
        metadata = self.resource["metadata"] if self.resource else {}
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            for watcher in self.watchers:
                watcher(self.resource, gone=True)
            self.resource = None


class _OneSession(AwsSession):
    """Clients of a simulation in this process; region and account are what it says."""

    def __init__(self, sim: InProcessAws) -> None:
        super().__init__()
        clock = AwsClock()
        names = {
            "sagemaker": "sagemaker",
            "sagemaker_writes": "sagemaker",
            "autoscaling": "application-autoscaling",
            "autoscaling_writes": "application-autoscaling",
            "cloudwatch": "cloudwatch",
            "runtime": "sagemaker-runtime",
            "sts": "sts",
        }
        clients = {field: sim.client(service) for field, service in names.items()}
        for client in clients.values():
            clock.attach(client.meta.events)
        self._only = AwsClients(region="us-east-1", clock=clock, **clients)

    def clients(self, region: str | None = None) -> AwsClients:
        del region
        return self._only


class InProcessOperator:
    """Reconciles one after the other; the simulation's clock advances by each wait at once."""

    def __init__(self, sim: InProcessAws) -> None:
        self.sim = sim
        self.cluster = ClusterOfOne()
        self.metrics = MetricsMonitor(backoff=Backoff(30.0, 900.0).seconds, local_clock=self._now)
        self._writes: list[dict[str, Any]] = []
        self._read = 0
        self._session = _OneSession(sim)
        self._reconciler = self._started()
        self._due = self._now()
        self.safety = watched(sim, self.cluster)

    def crash(self) -> None:
        """Lose all that a process remembers."""
        self.safety.restarted()
        self.metrics = MetricsMonitor(backoff=Backoff(30.0, 900.0).seconds, local_clock=self._now)
        self._reconciler = self._started()

    def step(self) -> float | None:
        """Reconcile once, then let the time go by that it asks for; None when nothing is left to keep."""
        self.safety.resumes(self._due)
        after = self._reconciler.reconcile(KEY)
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
        quiet_since = self._now()
        for _ in range(reconciles):
            before = len(self.writes())
            if self.step() is None:
                return
            if not content() or self._aws_is_busy() or len(self.writes()) != before:
                quiet_since = self._now()
            elif self._now() - quiet_since > _QUIET_SECONDS:
                self.safety.require_safe_at_rest()
                return
        sent = [(call["operation"], call["code"], call["message"]) for call in self.writes()[-8:]]
        raise AssertionError(f"not settled after {reconciles} reconciles: {self.conditions}; {sent}")

    def _aws_is_busy(self) -> bool:
        """Tell whether AWS is at work on an endpoint: what waits for that is yet to come."""
        places = self.sim.state().values()
        endpoints = (endpoint for place in places for endpoint in place.get("endpoints", {}).values())
        return any(endpoint["status"].endswith("ing") for endpoint in endpoints)

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

    def _started(self) -> Reconciler:
        kube = cast("KubeClient", self.cluster)
        return Reconciler(
            Services(
                kube=kube,
                aws=self._session,
                observer=DirectObserver(),
                garbage=GarbageLister(),
                events=EventRecorder(kube),
                metrics=self.metrics,
                settings=Settings(),
                cluster_id="cluster-1",
                local_clock=self._now,
            )
        )
