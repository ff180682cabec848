"""Consoles for stdout and stderr: results go to stdout, everything else to stderr."""

import os
import sys

from rich.console import Console

# Piped output is read by programs or pasted into documents, so its width does not depend on a terminal.
_PIPED_WIDTH = 120


def stdout(*, no_color: bool) -> Console:
    return _console(stderr=False, no_color=no_color)


def stderr(*, no_color: bool) -> Console:
    return _console(stderr=True, no_color=no_color)


def _console(*, stderr: bool, no_color: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    fixed = None if stream.isatty() or os.environ.get("COLUMNS") else _PIPED_WIDTH
    return Console(
        stderr=stderr, no_color=no_color or None, width=fixed, highlight=False, markup=False, emoji=False
    )
