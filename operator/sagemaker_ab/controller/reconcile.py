"""A pass: read one resource anew, and bring AWS one step nearer to it."""

import logging
from collections import defaultdict

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.backoff import until_retry
from sagemaker_ab.controller.context import Case
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.monitoring import Key
from sagemaker_ab.controller.reconcile_delete import remove
from sagemaker_ab.controller.reconcile_normal import upkeep
from sagemaker_ab.controller.services import Services
from sagemaker_ab.kube.client import Conflict, KubernetesError, NotFound
from sagemaker_ab.planning.problem import Trouble

_LOG = logging.getLogger(__name__)


class Reconciler:
    """Runs passes, for one key never two at a time (the keeper sees to that)."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._memories: dict[Key, Memory] = defaultdict(Memory)
        self._unreachable: dict[Key, int] = {}
        """How many passes in a row the API server has refused."""

    def reconcile(self, key: Key) -> float | None:
        """Run one pass; return the seconds until the next one, None when there is nothing left to keep."""
        try:
            after = self._pass(key)
        except NotFound:
            after = None
        except Conflict:
            after = 0.0
        except KubernetesError as error:
            return self._wait(key, error)
        self._unreachable.pop(key, None)
        if after is None:
            self._memories.pop(key, None)
            self._services.metrics.forget(key)
        return after

    def _wait(self, key: Key, error: KubernetesError) -> float:
        _LOG.warning("%s/%s: %s", *key, error)
        failures = self._unreachable[key] = self._unreachable.get(key, 0) + 1
        trouble = Trouble(Reason.RETRYING, str(error), stalled=False)
        return until_retry(self._services.settings, trouble, failures)

    def _pass(self, key: Key) -> float | None:
        resource = self._services.kube.get(*key)
        case = Case(self._services, resource, self._memory(key, resource["metadata"]["uid"]))
        if case.deleting:
            return remove(case) if case.finalized else None
        if not case.finalized:
            case.resource = self._services.kube.add_finalizer(case.resource)
        return upkeep(case)

    def _memory(self, key: Key, uid: str) -> Memory:
        """A resource deleted and made again under its name inherits nothing."""
        memory = self._memories[key]
        if memory.uid != uid:
            memory = self._memories[key] = Memory(uid=uid)
            self._services.metrics.forget(key)
        return memory
