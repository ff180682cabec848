"""The command `sagemaker-ab`, and `kubectl sagemaker-ab` when kubectl starts it as its plugin."""

import sys
from io import TextIOWrapper
from pathlib import PurePath
from typing import Any

import click

from sagemaker_ab import __version__
from sagemaker_ab.aws.calls import for_a_person
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.cli.edges import Edges
from sagemaker_ab.cli.get import get
from sagemaker_ab.cli.load import load
from sagemaker_ab.cli.metrics import metrics
from sagemaker_ab.cli.predict import predict
from sagemaker_ab.cli.problems import PROBLEMS, explained
from sagemaker_ab.kube.client import connect


class Commands(click.Group):
    """Whatever can go wrong without being a fault of the program ends in one line on stderr."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PROBLEMS as problem:
            raise click.ClickException(explained(problem)) from problem


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sagemaker-ab")
def commands() -> None:
    """See, ask and load SageMaker endpoints that are SageMakerABEndpoint resources."""


for command in (get, predict, load, metrics):
    commands.add_command(command)


def program_name(argument: str) -> str:
    """As the user typed it: kubectl runs its plugins as kubectl-name, with _ for a dash."""
    name = PurePath(argument).name
    return "kubectl sagemaker-ab" if name.startswith("kubectl-") else name


def _aws(region: str | None) -> AwsClients:
    try:
        with for_a_person():
            return AwsClients.for_region(region)
    except ValueError as error:  # botocore's word for an AWS_ENDPOINT_URL that is no URL
        raise click.ClickException(f"AWS: {error}; check AWS_ENDPOINT_URL") from error


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ✔ gets a ?, not a traceback
    edges = Edges(connect=connect, aws=_aws)
    commands.main(prog_name=program_name(sys.argv[0]), obj=edges)
