"""A client for SageMakerABEndpoints in the Kubernetes API, for the operator and the command line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError, MaxRetryError
from yaml import YAMLError

from sagemaker_ab.api.resource import API_VERSION, FIELD_MANAGER, FINALIZER, GROUP, KIND, PLURAL, VERSION
from sagemaker_ab.kube import in_cluster

_TIMEOUT = (5, 30)
_CONNECTIONS = 32

Object = dict[str, Any]


class KubernetesError(Exception):
    """The API server refused a call or could not be reached."""


class NotFound(KubernetesError):
    """The object does not exist (HTTP 404)."""


class Conflict(KubernetesError):
    """The object has changed since it was read (HTTP 409)."""


class NoCluster(KubernetesError):
    """There is no usable kubeconfig and no ServiceAccount to connect with."""


def connect(kubeconfig: str | None = None, context: str | None = None) -> "KubeClient":
    """Connect with the kubeconfig and context that kubectl would use; in a pod, with its ServiceAccount.

    The default namespace of the client is that of the context or of the pod. A kubeconfig or context that is
    given takes precedence over the ServiceAccount. Proxies in the environment apply to a kubeconfig only.

    Raises:
        NoCluster: the configuration is missing, incomplete or unreadable.
    """
    try:
        if kubeconfig is None and context is None and in_cluster.in_pod():
            return KubeClient(_api(in_cluster.configuration()), in_cluster.namespace())
        settings = client.Configuration()
        config.load_kube_config(config_file=kubeconfig, context=context, client_configuration=settings)
        contexts, active = config.list_kube_config_contexts(config_file=kubeconfig)
    except (ConfigException, OSError) as error:
        raise NoCluster(str(error)) from error
    except (YAMLError, TypeError, ValueError) as error:  # the library does not validate the file
        raise NoCluster(f"the kubeconfig is invalid: {' '.join(str(error).split())}") from error
    chosen = next((c for c in contexts if c["name"] == context), active)
    return KubeClient(_api(settings), chosen["context"].get("namespace") or "default")


def _api(settings: client.Configuration) -> client.ApiClient:
    settings.connection_pool_maxsize = _CONNECTIONS
    return client.ApiClient(settings)


class KubeClient:
    """Reads and writes SageMakerABEndpoints as plain dictionaries, and events about them.

    A call has 5 s to connect and 30 s to respond. Every method raises KubernetesError or a subclass of it.
    """

    def __init__(self, api: client.ApiClient, default_namespace: str) -> None:
        self.default_namespace = default_namespace
        self._resources = client.CustomObjectsApi(api)
        self._core = client.CoreV1Api(api)

    def check_served(self) -> None:
        """Raise NotFound unless the API server serves the kind: its CRD must be installed and established.

        Uses discovery, which every ServiceAccount may call. A list across namespaces may be forbidden.
        """
        _called(self._resources.get_api_resources, GROUP, VERSION)

    def get(self, namespace: str, name: str) -> Object:
        found: Object = _called(
            self._resources.get_namespaced_custom_object, GROUP, VERSION, namespace, PLURAL, name
        )
        return found

    def list(self, namespace: str | None) -> Sequence[Object]:
        """List the resources of a namespace, or of all namespaces if it is None."""
        if namespace is None:
            found = _called(self._resources.list_cluster_custom_object, GROUP, VERSION, PLURAL)
        else:
            found = _called(self._resources.list_namespaced_custom_object, GROUP, VERSION, namespace, PLURAL)
        items: Sequence[Object] = found["items"]
        return items

    def pin(self, resource: Object, annotations: Mapping[str, str]) -> Object:
        """Add the operator's finalizer and annotations by one patch.

        Raises Conflict if the resource has changed since it was read.
        """
        finalizers = resource["metadata"].get("finalizers", ())
        added = [*finalizers, *([] if FINALIZER in finalizers else [FINALIZER])]
        return self._patch_metadata(resource, {"finalizers": added, "annotations": dict(annotations)})

    def annotate(
        self, resource: Mapping[str, Any], annotations: Mapping[str, str], *, field_manager: str
    ) -> Object:
        """Set annotations. Raises Conflict if the resource has changed since it was read."""
        return self._patch_metadata(resource, {"annotations": dict(annotations)}, field_manager=field_manager)

    def remove_finalizer(self, resource: Object) -> Object:
        """Remove the operator's finalizer. Raises Conflict if the resource has changed since it was read."""
        kept = [item for item in resource["metadata"].get("finalizers", ()) if item != FINALIZER]
        return self._patch_metadata(resource, {"finalizers": kept})

    def _patch_metadata(
        self, resource: Mapping[str, Any], change: Mapping[str, Any], *, field_manager: str = FIELD_MANAGER
    ) -> Object:
        metadata = resource["metadata"]
        body = {"metadata": {**change, "resourceVersion": metadata["resourceVersion"]}}
        patched: Object = _called(
            self._resources.patch_namespaced_custom_object,
            GROUP,
            VERSION,
            metadata["namespace"],
            PLURAL,
            metadata["name"],
            body,
            field_manager=field_manager,
            _content_type="application/merge-patch+json",
        )
        return patched

    def apply_status(self, resource: Object, status: Mapping[str, Any]) -> Object:
        """Write the whole status by server-side apply.

        Raises Conflict if the resource changed since the read. The resourceVersion is required: the API
        server ignores a wrong UID here, so a resource that was deleted and created again would receive the
        status of its predecessor.
        """
        metadata = resource["metadata"]
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "status": status,
        }
        applied: Object = _called(
            self._resources.patch_namespaced_custom_object_status,
            GROUP,
            VERSION,
            metadata["namespace"],
            PLURAL,
            metadata["name"],
            body,
            field_manager=FIELD_MANAGER,
            force=True,
            _content_type="application/apply-patch+yaml",
        )
        return applied

    def create_event(self, namespace: str, event: Object) -> str:
        """Create an event and return the name that the API server generated for it."""
        return str(_called(self._core.create_namespaced_event, namespace, event).metadata.name)

    def patch_event(self, namespace: str, name: str, change: Object) -> None:
        _called(self._core.patch_namespaced_event, name, namespace, change)

    def cluster_uid(self) -> str:
        """Return the UID of the namespace kube-system, which identifies a cluster for its lifetime."""
        return str(_called(self._core.read_namespace, "kube-system").metadata.uid)


_NOT_FOUND = 404
_CONFLICT = 409


def _called(call: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return call(*args, _request_timeout=_TIMEOUT, **kwargs)
    except ApiException as error:
        kind = {_NOT_FOUND: NotFound, _CONFLICT: Conflict}.get(error.status, KubernetesError)
        raise kind(f"{error.status} {error.reason}: {_words(error.body)}") from error
    except MaxRetryError as error:
        raise KubernetesError(str(error.reason)) from error
    except (OSError, HTTPError) as error:
        raise KubernetesError(str(error)) from error


def _words(body: Any) -> str:
    """Return the message of a metav1.Status, or the body itself if it is not a Status."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(body).strip()
