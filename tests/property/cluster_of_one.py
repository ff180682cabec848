"""A cluster of one object: what the operator's Kubernetes client offers, by the API server's rules."""

import copy
import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from sagemaker_ab.api.resource import FIELD_MANAGER, FINALIZER
from sagemaker_ab.kube.client import Conflict, KubernetesError, NotFound, Object
from sagemaker_ab.kube.keys import Key
from tests.managed_fields import account

KEY = Key("ml", "reviews")
_ABOUT_EVENTS = {"create_event", "patch_event"}
"""Events are limited by the real time, so that nothing may depend on when they are written."""


class ClusterOfOne:
    """What KubeClient offers, for one object, with the API server's rules for versions and generations."""

    def __init__(self) -> None:
        self.resource: Object | None = None
        self.events: list[Object] = []
        self.status_writes = 0
        self.watchers: list[Callable[..., None]] = []
        """Each is called with every version of the object, and once more when it is gone."""
        self._written: dict[str, Any] = {}
        """The metadata of the newest version."""
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
            self._written = {}
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

    def replace(self, *, finalizers: bool = True, annotations: bool = True) -> None:
        """Keep neither finalizers nor annotations unless told to, as `kubectl replace` does with a manifest.

        The generation stays as it is.
        """
        assert self.resource is not None
        kept = {"finalizers": finalizers, "annotations": annotations}
        for member in [name for name, keep in kept.items() if not keep]:
            self.resource["metadata"].pop(member, None)
        self._touch()

    def set_status(self, **status: Any) -> None:
        """Put a status in the place of the operator's: by default the one of a new object."""
        assert self.resource is not None
        self.resource["status"] = {"observedGeneration": -1} | status
        self._touch()

    def delete(self) -> None:
        assert self.resource is not None
        if self.deleting:
            return
        self.resource["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        self.resource["metadata"]["generation"] += 1
        self._touch()
        self._collect()

    @property
    def deleting(self) -> bool:
        return self.resource is not None and "deletionTimestamp" in self.resource["metadata"]

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
        return self._touch(FIELD_MANAGER)

    def create_event(self, namespace: str, event: Object) -> str:
        del namespace
        self.events.append(event)
        return f"event-{len(self.events)}"

    def patch_event(self, namespace: str, name: str, change: Object) -> None:
        """Counting is not looked at here."""

    def _set_finalizers(self, resource: Object, finalizers: list[str]) -> Object:
        self._expect(resource)["metadata"]["finalizers"] = finalizers
        changed = self._touch(FIELD_MANAGER)
        self._collect()
        return changed

    def _expect(self, resource: Object) -> Object:
        if self.resource is None:
            raise NotFound
        if resource["metadata"]["resourceVersion"] != self.resource["metadata"]["resourceVersion"]:
            raise Conflict
        return self.resource

    def _touch(self, manager: str = "person") -> Object:
        assert self.resource is not None
        metadata = self.resource["metadata"]
        account(metadata, self._written, manager)
        metadata["resourceVersion"] = str(next(self._versions))
        self._written = copy.deepcopy(metadata)
        for watcher in self.watchers:
            watcher(self.resource)
        return copy.deepcopy(self.resource)

    def _collect(self) -> None:
        metadata = self.resource["metadata"] if self.resource else {}
        if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            for watcher in self.watchers:
                watcher(self.resource, gone=True)
            self.resource = None


class ApiServer:
    """The way from the operator to the cluster, on which calls fail, and between which things happen."""

    def __init__(self, cluster: ClusterOfOne, between_calls: Callable[[], None]) -> None:
        self._cluster = cluster
        self._between_calls = between_calls
        self.failures = 0
        """How many calls are still to fail."""
        self.lost_answers = False
        """Whether those take effect."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._cluster, name)
        return call if name in _ABOUT_EVENTS else functools.partial(self._call, call)

    def _call(self, call: Callable[..., Any], *args: Any) -> Any:
        self._between_calls()
        fails, self.failures = self.failures > 0, max(0, self.failures - 1)
        if fails and not self.lost_answers:
            raise KubernetesError("503 Service Unavailable")
        answer = call(*args)
        self._between_calls()
        if fails:
            raise KubernetesError("the connection was closed")
        return answer
