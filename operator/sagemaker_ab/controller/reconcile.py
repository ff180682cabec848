"""Runs a reconcile: reads one resource and takes one step toward its desired state in AWS."""

import logging
from collections import defaultdict

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.context import ReconcileContext, Services
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.reconcile_delete import reconcile_delete
from sagemaker_ab.controller.reconcile_normal import reconcile_normal
from sagemaker_ab.controller.reconcile_run import reconcile_run
from sagemaker_ab.kube.client import Conflict, KubernetesError, NotFound
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.problem import Problem

_LOG = logging.getLogger(__name__)


class Reconciler:
    """Runs reconciles. The caller must not run two at a time for one key."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._memories: dict[Key, Memory] = defaultdict(Memory)
        self._unreachable: dict[Key, int] = {}
        """How many reconciles in a row the API server has refused."""

    def reconcile(self, key: Key) -> float | None:
        """Run one reconcile; return the seconds until the next one, None if the resource no longer exists."""
        try:
            requeue_after = self._reconcile(key)
        except NotFound:
            requeue_after = None
        except Conflict:
            requeue_after = 0.0
        except KubernetesError as error:
            return self._retry(key, error)
        self._unreachable.pop(key, None)
        if requeue_after is None:
            self._memories.pop(key, None)
            self._services.forget(key)
        return requeue_after

    def report_unexpected(self, key: Key, error: Exception) -> None:
        """Report in the resource's status that its reconcile ended in an unexpected error.

        Raises KubernetesError when the resource cannot be read or written.
        """
        cause = type(error).__name__
        message = f"The reconcile failed unexpectedly ({cause}). This is a bug: see the operator's log"
        context = ReconcileContext(self._services, self._services.kube.get(*key), Memory())
        context.report_problem(Problem(Reason.INTERNAL_ERROR, message))

    def _retry(self, key: Key, error: KubernetesError) -> float:
        _LOG.warning("%s: %s", key, error)
        failures = self._unreachable[key] = self._unreachable.get(key, 0) + 1
        return self._services.backoff(transient=True).seconds(failures)

    def _reconcile(self, key: Key) -> float | None:
        resource = self._services.kube.get(*key)
        context = ReconcileContext(self._services, resource, self._memory(key, resource["metadata"]["uid"]))
        if context.deleting:
            return reconcile_delete(context) if context.has_finalizer else None
        return reconcile_normal(context, reconcile_run)

    def _memory(self, key: Key, uid: str) -> Memory:
        """Return the memory of a resource. A resource that was deleted and created again gets a new one."""
        memory = self._memories[key]
        if memory.uid != uid:
            memory = self._memories[key] = Memory(uid=uid)
            self._services.forget(key)
        return memory
