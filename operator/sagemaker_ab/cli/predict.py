"""`predict`: sends a file of JSON Lines to the endpoint in one request and shows the answers."""

from typing import TextIO

import click

from sagemaker_ab.aws.runtime import invoke
from sagemaker_ab.cli import terminal
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.json_lines import read_answers, read_inputs
from sagemaker_ab.cli.options import Connection, connection_options, inputs_option, variant_option
from sagemaker_ab.cli.reader import fetch_resource
from sagemaker_ab.cli.views.answers import answers_json, answers_table


@click.command(short_help="Invoke the endpoint and show which variant answers.")
@click.argument("name")
@inputs_option
@variant_option
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print one JSON object per answer.")
@connection_options
@click.pass_obj
def predict(  # noqa: PLR0913  # click passes each option as an argument
    clients: Clients,
    *,
    name: str,
    file: TextIO,
    variant: str | None,
    output: str | None,
    connection: Connection,
) -> None:
    """Send the inputs to the endpoint of the resource NAME and show the answers and the variant.

    One request sends all lines, so one variant answers all of them.
    """
    inputs = read_inputs(file.read(), source=file.name)
    resource = fetch_resource(name, clients=clients, connection=connection, variant=variant)
    answer = invoke(
        clients.aws(resource.region).runtime,
        endpoint_name=resource.spec.endpoint_name,
        body=inputs.body,
        variant=variant,
    )
    answers = read_answers(answer.body)
    if output == "json":
        click.echo(answers_json(inputs.values, answers, variant=answer.variant))
        return
    table = answers_table(inputs.values, answers, variant=answer.variant, variants=resource.variants)
    terminal.stdout(no_color=connection.no_color).print(table)
