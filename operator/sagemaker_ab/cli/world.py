"""The world outside as it is: the API server and AWS that the user's own configuration names."""

import click

from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.cli.clients import Edges
from sagemaker_ab.kube.client import connect


def real_edges() -> Edges:
    """Return edges that reach out when a command asks."""
    return Edges(connect=connect, aws=_aws)


def _aws(region: str | None) -> AwsClients:
    try:
        return AwsClients.for_region(region)
    except ValueError as error:  # botocore's word for an AWS_ENDPOINT_URL that is no URL
        raise click.ClickException(f"AWS: {error}; check AWS_ENDPOINT_URL") from error
