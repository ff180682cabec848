"""Reads SageMakerABEndpoints from the API server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from sagemaker_ab.api.resource import GROUP, PLURAL, SINGULAR
from sagemaker_ab.cli.clients import Clients, KubernetesClient
from sagemaker_ab.cli.options import Connection
from sagemaker_ab.cli.snapshot import ResourceSnapshot, parse_resource
from sagemaker_ab.kube.client import NotFound


class ResourceNotFound(Exception):
    """There is no resource of that name in that namespace."""


class CrdNotInstalled(Exception):
    """The API server does not serve the resource's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReader:
    """Reads from one namespace, or from all namespaces if `namespace` is None.

    Raises ResourceNotFound, CrdNotInstalled and KubernetesError.
    """

    client: KubernetesClient
    namespace: str | None

    def get(self, name: str) -> Mapping[str, Any]:
        namespace = self.namespace or self.client.default_namespace
        try:
            return self.client.get(namespace, name)
        except NotFound as error:
            if f'{PLURAL}.{GROUP} "{name}" not found' not in str(error):
                raise _crd_not_installed() from error
            raise ResourceNotFound(
                f"there is no {SINGULAR} {name!r} in namespace {namespace!r}; list all with get -A"
            ) from error

    def list(self) -> Sequence[Mapping[str, Any]]:
        try:
            return self.client.list(self.namespace)
        except NotFound as error:
            raise _crd_not_installed() from error


def _crd_not_installed() -> CrdNotInstalled:
    return CrdNotInstalled(
        f"the API server does not serve {PLURAL}.{GROUP}; install the operator or its CRD first"
    )


def resource_reader(
    *, clients: Clients, connection: Connection, all_namespaces: bool = False
) -> ResourceReader:
    """Return a reader of the connection's namespace, by default the context's, or of all namespaces."""
    client = clients.kubernetes(connection.kubeconfig, connection.context)
    namespace = connection.namespace or client.default_namespace
    return ResourceReader(client=client, namespace=None if all_namespaces else namespace)


def fetch_resource(
    name: str, *, clients: Clients, connection: Connection, variant: str | None = None
) -> ResourceSnapshot:
    """Read the resource `name`.

    Raises what ResourceReader raises, UnreadableResource, and ClickException if `variant` is not in it.
    """
    resource = parse_resource(resource_reader(clients=clients, connection=connection).get(name))
    if variant is not None and variant not in resource.variants:
        known = ", ".join(resource.variants)
        raise click.ClickException(f"{name} has no variant {variant!r}; it has {known}")
    return resource
