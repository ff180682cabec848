"""Options that several commands share."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, Final

import click

# CloudWatch keeps one-minute data for 15 days; a chart cannot show more than a day of it.
MOST_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The API server and namespace to use; None stands for the kubeconfig's default."""

    kubeconfig: str | None
    context: str | None
    namespace: str | None
    no_color: bool


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add kubectl's connection options to `command`, which gets them as the argument `connection`."""

    @click.option("-n", "--namespace", help="Namespace of the resource.  [default: the context's]")
    @click.option("--context", help="Context of the kubeconfig to use.  [default: the current one]")
    @click.option("--kubeconfig", help="Path of the kubeconfig.  [default: $KUBECONFIG, ~/.kube/config]")
    @click.option("--no-color", is_flag=True, help="Disable colors, as $NO_COLOR does.")
    @wraps(command)
    def with_connection(
        *args: Any,
        namespace: str | None,
        context: str | None,
        kubeconfig: str | None,
        no_color: bool,
        **kwargs: Any,
    ) -> None:
        connection = Connection(
            kubeconfig=kubeconfig, context=context, namespace=namespace, no_color=no_color
        )
        command(*args, connection=connection, **kwargs)

    return with_connection


inputs_option = click.option(
    "-f",
    "--filename",
    "file",
    type=click.File(encoding="utf-8"),
    required=True,
    help="JSON Lines file with one input per line; - for standard input.",
)
variant_option = click.option("--variant", help="Send to this variant, regardless of the weights.")


class Duration(click.ParamType[float]):
    """Seconds, or a number with a unit as in kubectl's --timeout: 30, 30s, 5m, 1h."""

    name = "duration"
    _UNITS: ClassVar = {"": 1, "s": 1, "m": 60, "h": 3600}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration; write 30, 30s, 5m or 1h", param, ctx)
        return float(match[1]) * self._UNITS[match[2]]


class PictureFile(click.Path):
    """The path of a picture, with a suffix that matplotlib can write."""

    _SUFFIXES: ClassVar = (".png", ".svg", ".pdf")

    def __init__(self) -> None:
        super().__init__(dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.suffix.lower() not in self._SUFFIXES:
            self.fail(f"'{path}' should end in .png, .svg or .pdf", param, ctx)
        return path


def minutes_option(*, default: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the length of charts to a command, in minutes."""
    return click.option(
        "--minutes",
        type=click.IntRange(1, MOST_MINUTES),
        default=default,
        show_default=True,
        help="Length of the charts, back from now.",
    )


plot_option = click.option(
    "--plot",
    "picture",
    type=PictureFile(),
    metavar="FILE.png",
    help="Also save the charts as a picture (.png, .svg, .pdf).",
)
