"""Saving charts as a picture, and what can go wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def saving_picture(path: Path) -> Iterator[None]:
    """Report a missing matplotlib, and a file that cannot be written, in one line each."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            "--plot needs matplotlib, which is not installed; run pip install matplotlib"
        ) from error
    except OSError as error:
        raise click.ClickException(f"the charts could not be saved to {path}: {error}") from error
