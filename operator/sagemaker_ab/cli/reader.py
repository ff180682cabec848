"""Finding resources on the API server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagemaker_ab.api.resource import GROUP, PLURAL, SINGULAR
from sagemaker_ab.cli.clients import Clients, KubernetesClient
from sagemaker_ab.cli.options import Connection
from sagemaker_ab.kube.client import NotFound


class NoSuchResource(Exception):
    """There is no resource of that name in that namespace."""


class NotInstalled(Exception):
    """The API server does not serve the resource's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Reads from one namespace, or from all of them when `namespace` is None."""

    kubernetes: KubernetesClient
    namespace: str | None

    def one(self, name: str) -> Mapping[str, Any]:
        namespace = self.namespace or self.kubernetes.default_namespace
        try:
            return self.kubernetes.get(namespace, name)
        except NotFound as error:
            if f'{PLURAL}.{GROUP} "{name}" not found' not in str(error):
                raise _not_installed() from error
            raise NoSuchResource(
                f"there is no {SINGULAR} {name!r} in namespace {namespace!r}; list all with get -A"
            ) from error

    def all(self) -> Sequence[Mapping[str, Any]]:
        try:
            return self.kubernetes.list(self.namespace)
        except NotFound as error:
            raise _not_installed() from error


def _not_installed() -> NotInstalled:
    return NotInstalled(f"this cluster does not know {PLURAL}.{GROUP}; install the operator or its CRD first")


def finder(*, clients: Clients, connection: Connection, all_namespaces: bool = False) -> Finder:
    kubernetes = clients.kubernetes(connection.kubeconfig, connection.context)
    namespace = connection.namespace or kubernetes.default_namespace
    return Finder(kubernetes=kubernetes, namespace=None if all_namespaces else namespace)
