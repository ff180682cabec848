"""The namespace controller of Kubernetes, for one namespace: a control plane of tests has no controllers.

Like the original it deletes each kind of object as a collection, goes on with the next kind where that is
refused, and tries again until nothing is left. The original takes the kinds in no particular order; here the
permissions come first, which is the worst order for the operator.

Source: https://github.com/kubernetes/kubernetes, pkg/controller/namespace/deletion.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from sandbox.cluster.cluster import Cluster

_USER = "system:serviceaccount:kube-system:namespace-controller"
_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated")
_RETRY_SECONDS = 0.2


@dataclass(slots=True)
class NamespaceDeletion:
    """The deletion of a namespace; `refusals` are the API server's words to the namespace controller."""

    refusals: set[str] = field(default_factory=set)
    finished: threading.Event = field(default_factory=threading.Event)


@contextmanager
def deletion_of_namespace(cluster: Cluster, namespace: str) -> Iterator[NamespaceDeletion]:
    """Delete a namespace as a user does, and let the controller work on it until the block ends."""
    deletion = NamespaceDeletion()
    stop = threading.Event()
    cluster.kubectl("delete", "namespace", namespace, "--wait=false", check=True)
    with config.new_client_from_config(config_file=str(controller_kubeconfig(cluster))) as api:
        content = _Content(api, namespace)

        def work() -> None:
            while not stop.is_set():
                content.delete(deletion.refusals)
                if content.is_empty():
                    content.finalize()
                    deletion.finished.set()
                    return
                stop.wait(_RETRY_SECONDS)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield deletion
        finally:
            stop.set()
            thread.join()


def controller_kubeconfig(cluster: Cluster) -> Path:
    """Write a kubeconfig that acts as the controller."""
    return cluster.kubeconfig_for(user=_USER, groups=_GROUPS)


class _Content:
    """What is in a namespace."""

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self._namespace = namespace
        self._core = client.CoreV1Api(api)
        rbac, resources = client.RbacAuthorizationV1Api(api), client.CustomObjectsApi(api)
        ours = ("sagemaker-ab.dev", "v1alpha1", namespace, "sagemakerabendpoints")
        self._deletions: list[Callable[[], Any]] = [
            lambda: rbac.delete_collection_namespaced_role_binding(namespace),
            lambda: rbac.delete_collection_namespaced_role(namespace),
            lambda: resources.delete_collection_namespaced_custom_object(*ours),
        ]
        self._lists: list[Callable[[], Any]] = [
            lambda: rbac.list_namespaced_role_binding(namespace).items,
            lambda: rbac.list_namespaced_role(namespace).items,
            lambda: resources.list_namespaced_custom_object(*ours)["items"],
        ]

    def delete(self, refusals: set[str]) -> None:
        for delete in self._deletions:
            try:
                delete()
            except ApiException as error:
                if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}:
                    raise
                refusals.add(json.loads(error.body)["message"])

    def is_empty(self) -> bool:
        return not any(objects() for objects in self._lists)

    def finalize(self) -> None:
        namespace = self._core.read_namespace(self._namespace)
        namespace.spec.finalizers = []
        self._core.replace_namespace_finalize(self._namespace, namespace)
