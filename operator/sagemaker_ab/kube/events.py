"""Kubernetes events with deduplication and rate limiting.

A repeated event increments the count of the first one. The rate limit is that of client-go's event
correlator: a burst of 25 events per object, then one every five minutes.

Source: https://github.com/kubernetes/client-go/blob/master/tools/record/events_cache.go
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sagemaker_ab.api.resource import API_VERSION, FIELD_MANAGER, KIND
from sagemaker_ab.kube.client import KubeClient, KubernetesError, NotFound, Object

_BURST = 25
_REFILL_SECONDS = 300.0
_REMEMBERED_OBJECTS = 10_000
_REMEMBERED_EVENTS = 20
_NOTE_LENGTH = 1024


@dataclass(slots=True)
class _History:
    """The event history of one object: a token bucket, and the latest event per reason and message."""

    tokens: float = _BURST
    refilled: float = field(default_factory=time.monotonic)
    events: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(_BURST, self.tokens + (now - self.refilled) / _REFILL_SECONDS)
        self.refilled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class EventRecorder:
    """Writes events about resources. Safe to use from several threads, one at a time per resource.

    An event that cannot be written is dropped, because it must not make a reconcile fail.
    """

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube
        self._lock = threading.Lock()
        self._histories: OrderedDict[str, _History] = OrderedDict()

    def record(self, resource: Object, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        metadata = resource["metadata"]
        note = message[:_NOTE_LENGTH]
        with self._lock:
            history = self._histories.setdefault(metadata["uid"], _History())
            self._histories.move_to_end(metadata["uid"])
            while len(self._histories) > _REMEMBERED_OBJECTS:
                self._histories.popitem(last=False)
            if not history.take():
                return
        try:
            known = history.events.pop((reason, note), None)
            history.events[reason, note] = self._write(metadata, kind, reason, note, known)
        except KubernetesError:
            return
        while len(history.events) > _REMEMBERED_EVENTS:
            del history.events[next(iter(history.events))]

    def _write(
        self, metadata: dict[str, Any], kind: str, reason: str, note: str, known: tuple[str, int] | None
    ) -> tuple[str, int]:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        if known is not None and self._counted(metadata["namespace"], *known, now):
            return known[0], known[1] + 1
        event = _event(metadata, kind, reason, note, now)
        return self._kube.create_event(metadata["namespace"], event), 1

    def _counted(self, namespace: str, name: str, count: int, now: str) -> bool:
        try:
            self._kube.patch_event(namespace, name, {"count": count + 1, "lastTimestamp": now})
        except NotFound:  # the event has expired; the API server keeps events for an hour by default
            return False
        return True


def _event(metadata: dict[str, Any], kind: str, reason: str, note: str, now: str) -> Object:
    return {
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": kind,
        "reason": reason,
        "message": note,
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
