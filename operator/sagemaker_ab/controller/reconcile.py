"""A pass: read one resource anew, and bring AWS one step nearer to it."""

import logging
from collections import defaultdict

from sagemaker_ab.controller.case import Case
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.monitoring import Key
from sagemaker_ab.controller.removal import remove
from sagemaker_ab.controller.services import Services
from sagemaker_ab.controller.upkeep import upkeep
from sagemaker_ab.kube.client import Conflict, KubernetesError, NotFound

_LOG = logging.getLogger(__name__)


class Reconciler:
    """Runs passes, for one key never two at a time (the keeper sees to that)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._memories: dict[Key, Memory] = defaultdict(Memory)

    def reconcile(self, key: Key) -> float | None:
        """Run one pass; return the seconds until the next one, None when there is nothing left to keep."""
        try:
            after = self._pass(key)
        except NotFound:
            after = None
        except Conflict:
            after = 0.0
        except KubernetesError as error:
            _LOG.warning("%s/%s: %s", *key, error)
            after = self._services.settings.retry_seconds
        if after is None:
            self._memories.pop(key, None)
            self._services.metrics.forget(key)
        return after

    def _pass(self, key: Key) -> float | None:
        resource = self._services.kube.get(*key)
        case = Case(self._services, resource, self._memory(key, resource["metadata"]["uid"]))
        if case.deleting:
            return remove(case) if case.finalized else None
        if not case.finalized:
            case.resource = self._services.kube.add_finalizer(case.resource)
        return upkeep(case)

    def _memory(self, key: Key, uid: str) -> Memory:
        """A resource deleted and made again under its name starts with an empty memory."""
        memory = self._memories[key]
        if memory.uid != uid:
            memory = self._memories[key] = Memory(uid=uid)
        return memory
