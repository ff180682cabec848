"""`get`: lists the resources of a namespace, or shows one of them as a tree."""

import click
from rich.console import Group
from rich.text import Text

from sagemaker_ab.api.resource import KIND
from sagemaker_ab.cli import terminal
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.options import Connection, Duration, connection_options
from sagemaker_ab.cli.reader import ResourceReader, resource_reader
from sagemaker_ab.cli.snapshot import parse_resource
from sagemaker_ab.cli.views.listing import resource_lines
from sagemaker_ab.cli.views.printers import OUTPUT_FORMATS, format_list, format_object
from sagemaker_ab.cli.views.tree import resource_tree
from sagemaker_ab.cli.watch import Frame, watch


@click.command(short_help="List resources, or show one as a tree.")
@click.argument("name", required=False)
@click.option("-A", "--all-namespaces", is_flag=True, help="List the resources of all namespaces.")
@click.option(
    "-w",
    "--watch",
    "watching",
    is_flag=True,
    help="Show changes until Ctrl-C.",
)
@click.option("--timeout", type=Duration(), help="End --watch after this time, such as 90s or 5m.")
@click.option("-o", "--output", type=click.Choice(["wide", *OUTPUT_FORMATS]), help="Output format.")
@connection_options
@click.pass_obj
def get(  # noqa: PLR0913  # click passes each option as an argument
    clients: Clients,
    *,
    name: str | None,
    all_namespaces: bool,
    watching: bool,
    timeout: float | None,
    output: str | None,
    connection: Connection,
) -> None:
    """List the resources of a namespace, or show the resource NAME as a tree.

    The tree shows the conditions, the endpoint, and the share, instances, metrics and autoscaling of each
    variant.
    """
    _check(name=name, all_namespaces=all_namespaces, watching=watching, timeout=timeout, output=output)
    reader = resource_reader(clients=clients, connection=connection, all_namespaces=all_namespaces)
    if output is not None and output in OUTPUT_FORMATS:
        click.echo(_formatted(name, reader=reader, output_format=output))
        return

    def render() -> Frame:
        wide = output == "wide"
        return (
            _tree(name, reader=reader, clients=clients, wide=wide)
            if name
            else _list(reader, clients=clients, wide=wide)
        )

    console = terminal.stdout(no_color=connection.no_color)
    if watching:
        watch(render, console=console, clients=clients, timeout=timeout)
    else:
        console.print(render().renderable, crop=False)


def _check(
    *, name: str | None, all_namespaces: bool, watching: bool, timeout: float | None, output: str | None
) -> None:
    if name and all_namespaces:
        raise click.UsageError("NAME and --all-namespaces exclude each other; use --namespace with NAME")
    if watching and output in OUTPUT_FORMATS:
        raise click.UsageError(
            f"--watch and -o {output} exclude each other; use kubectl get smab --watch -o {output}"
        )
    if timeout is not None and not watching:
        raise click.UsageError("--timeout requires --watch")


def _formatted(name: str | None, *, reader: ResourceReader, output_format: str) -> str:
    if name:
        return format_object(reader.get(name), output_format=output_format)
    return format_list(reader.list(), output_format=output_format)


def _tree(name: str, *, reader: ResourceReader, clients: Clients, wide: bool) -> Frame:
    raw = reader.get(name)
    tree = resource_tree(parse_resource(raw), now=clients.now(), aws_now=clients.aws_now(), wide=wide)
    return Frame(content=raw, renderable=tree)


def _list(reader: ResourceReader, *, clients: Clients, wide: bool) -> Frame:
    found = reader.list()
    resources = [parse_resource(raw) for raw in found]
    everywhere = reader.namespace is None
    if not resources:
        where = "any namespace" if everywhere else f"namespace {reader.namespace}"
        return Frame(content=found, renderable=Text(f"No {KIND} in {where}."))
    lines = resource_lines(resources, now=clients.now(), wide=wide, namespaces=everywhere)
    return Frame(content=found, renderable=Group(*lines))
