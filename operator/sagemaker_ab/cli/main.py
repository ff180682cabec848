"""The command `sagemaker-ab`, which kubectl also runs as its plugin `kubectl sagemaker-ab`."""

import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import PurePath
from typing import Any, Final

import click

from sagemaker_ab import __version__

# boto3 and the Kubernetes client take most of a second to load; only the commands that need them load them.
_RUN_COMMANDS: Final = ("approve", "promote", "abort", "hold", "resume", "retry")
_ONLINE: Final = ("get", "predict", "load", "metrics", "scaling", *_RUN_COMMANDS, "winner", "export")
_OFFLINE: Final = ("replay", "plan-test")
_MODULES: Final = dict.fromkeys(_RUN_COMMANDS, "run_commands")
"""The modules of commands that have no module of their own."""


class Commands(click.Group):
    """Imports a command when it is used, and reports expected errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*_ONLINE, *_OFFLINE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        if cmd_name in _ONLINE and ctx.obj is None:
            ctx.obj = import_module("sagemaker_ab.cli.clients").Clients()
        module = _MODULES.get(cmd_name, name)
        command: click.Command = getattr(import_module(f"sagemaker_ab.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from sagemaker_ab.cli import errors  # noqa: PLC0415  # loads boto3 and the Kubernetes client

            if isinstance(error, errors.EXPECTED):
                raise click.ClickException(errors.message_for(error)) from error
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sagemaker-ab")
def commands() -> None:
    """Inspect and invoke SageMakerABEndpoint resources, steer their rollouts, plan and replay A/B tests."""


def program_name(argument: str) -> str:
    """Return the command as the user typed it: kubectl runs a plugin as kubectl-name, with _ for a dash."""
    name = PurePath(argument).name
    return "kubectl sagemaker-ab" if name.startswith("kubectl-") else name


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # without Unicode, ✔ becomes ? instead of an error
    commands.main(prog_name=program_name(sys.argv[0]))
