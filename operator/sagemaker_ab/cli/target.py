"""From a resource's name to the endpoint that serves it."""

import click

from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.options import Connection
from sagemaker_ab.cli.reader import finder
from sagemaker_ab.cli.snapshot import Resource, read_resource


def fetch(name: str, *, clients: Clients, connection: Connection, variant: str | None = None) -> Resource:
    """Read the resource; raises ClickException when it has no variant of the name asked for."""
    resource = read_resource(finder(clients=clients, connection=connection).one(name))
    if variant is not None and variant not in resource.variants:
        known = ", ".join(resource.variants)
        raise click.ClickException(f"{name} has no variant {variant!r}; it has {known}")
    return resource
