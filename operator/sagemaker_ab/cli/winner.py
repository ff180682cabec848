"""`winner`: prints what to commit after a promotion."""

import json

import click
import yaml

from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.options import Connection, connection_options
from sagemaker_ab.cli.reader import resource_reader
from sagemaker_ab.cli.results import write_line
from sagemaker_ab.cli.snapshot import parse_resource
from sagemaker_ab.planning.json_patch import PatchMismatch
from sagemaker_ab.planning.winner import manifest_of_winner, why_no_winner


@click.command(short_help="Print what to commit after a promotion.")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["patch", "yaml"]),
    default="patch",
    show_default=True,
    help="A JSON patch of the resource, or the whole manifest with the patch applied.",
)
@connection_options
@click.pass_obj
def winner(clients: Clients, *, name: str, output: str, connection: Connection) -> None:
    """Print the change that makes the promotion by the last run of the resource NAME permanent.

    It sets the strategy Manual with the weights that serve, so committing it moves no weight. Without a
    promotion, the command says why there is nothing to commit, and exits with 1.
    """
    raw = resource_reader(clients=clients, connection=connection).get(name)
    traffic = parse_resource(raw).status.traffic
    if why_not := why_no_winner(traffic):
        raise click.ClickException(f"{name} has no winner to commit: {why_not.rstrip('.')}")
    patch = (traffic.patch if traffic else None) or ""
    if output == "patch":
        write_line(_in_lines(patch))
        return
    try:
        manifest = manifest_of_winner(raw, patch)
    except PatchMismatch as error:
        raise click.ClickException(
            f"the spec of {name} has changed since its patch was made: {error}; try again"
        ) from error
    write_line(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True).rstrip("\n"))


def _in_lines(patch: str) -> str:
    """Return the patch with one operation in each line."""
    operations = [json.dumps(operation) for operation in json.loads(patch)]
    return "[" + ",\n ".join(operations) + "]"
