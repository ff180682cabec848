"""How the story looks: moving on a terminal, plain lines of at most 100 columns elsewhere."""

import io
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

_PLAIN_WIDTH = 100
_REDRAWN_PER_SECOND = 8
_CONTINUES = " \\\n    "
Redraw = Callable[[str], None]


class Teller:
    """Writes to stdout at once, so that what other programs write to it comes in its place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _console()

    @property
    def animated(self) -> bool:
        return self._console.is_terminal

    @property
    def width(self) -> int:
        return self._console.width

    @property
    def height(self) -> int:
        return self._console.height

    def title(self, text: str) -> None:
        self._console.print(Rule(Text(text, "bold"), style="blue", characters="═"))

    def act(self, text: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(text, "bold cyan"), style="cyan", align="left"))

    def say(self, text: str) -> None:
        """Tell something in the story's own voice."""
        self._console.print()
        self._hang("", Text(text, "italic"))

    def typed(self, command: str) -> None:
        """Show what a user would type now, a long command in several lines as a shell takes them."""
        lines = textwrap.wrap(
            command, self.width - len(_CONTINUES), break_long_words=False, break_on_hyphens=False
        )
        self._console.print()
        self._prompt("$ ", _CONTINUES.join(lines))

    def typed_in_python(self, *lines: str) -> None:
        """Show what a user would type into Python."""
        self._console.print()
        for place, line in enumerate(lines):
            self._prompt("... " if place else ">>> ", line)

    def _prompt(self, prompt: str, typed: str) -> None:
        self._console.print(Text.assemble((prompt, "green"), (typed, "bold")), soft_wrap=True)

    def output(self, text: str) -> None:
        """Show what a command has written, colours included."""
        if text.strip():
            self._console.print(Text.from_ansi(text.rstrip()), soft_wrap=True)

    def listing(self, lines: Iterable[str]) -> None:
        """Show lines to be copied, unbroken."""
        self._console.print()
        for line in lines:
            self._console.print(Text(f"  {line}", "bold"), soft_wrap=True)

    def note(self, text: str) -> None:
        """Tell what happens behind the scene: a clock's speed, a file."""
        self._hang("  » ", Text(text, "dim"), style="dim")

    def verdict(self, claim: str, *, holds: bool, saw: str) -> None:
        """Tell whether a claim holds, and what was seen instead."""
        self._hang("  ✓ " if holds else "  ✗ ", Text(claim), style="bold green" if holds else "bold red")
        if not holds:
            self._hang("    saw: ", Text(saw, "red"), style="red")

    def ending(self, text: str, *, good: bool) -> None:
        self._console.print(
            Rule(Text(text, "bold green" if good else "bold red"), style="blue", characters="═")
        )

    def trouble(self, text: str) -> None:
        self._console.print(Text(text.rstrip(), "red"), soft_wrap=True)

    def show(self, block: RenderableType) -> None:
        self._console.print()
        self._console.print(block)

    @contextmanager
    def waiting(self, text: str) -> Iterator[Redraw]:
        """Show that something is waited for; what it gives redraws the line with another text."""
        if not self.animated:
            yield lambda _: None
            return
        with self._console.status(Text(text, "dim"), refresh_per_second=_REDRAWN_PER_SECOND) as status:
            yield lambda now: status.update(Text(now, "dim"))

    def _hang(self, marker: str, text: Text, *, style: str = "") -> None:
        """Print a text behind a marker, its further lines below the first."""
        lead = Text(marker, style)
        for line in text.wrap(self._console, self._console.width - len(marker)):
            line.rstrip()
            self._console.print(lead + line)
            lead = Text(" " * len(marker))


def _console() -> Console:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character shows another, and the story goes on.
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console
