"""Writes results to stdout, line by line, for programs to read."""

import os
import sys

import click


def write_line(line: str) -> None:
    """Write a line. Raises ClickException if stdout cannot be written, for example because a disk is full."""
    try:
        click.echo(line)
    except BrokenPipeError:
        raise  # click exits quietly when the reader has closed the pipe
    except OSError as error:
        # stdout still buffers the line and would fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"standard output: {error.strerror}") from error
