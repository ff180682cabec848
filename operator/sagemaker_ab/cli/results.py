"""Results that a program may read, line by line, on stdout."""

import os
import sys

import click


def say(line: str) -> None:
    """Write a line; where nothing more fits, end in one sentence."""
    try:
        click.echo(line)
    except BrokenPipeError:
        raise  # click itself ends quietly where nobody reads on
    except OSError as error:
        # What could not be written is still held, and would be tried again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"standard output: {error.strerror}") from error
