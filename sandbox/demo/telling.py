"""How the story looks: moving on a terminal, plain lines of at most 100 columns elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

_PLAIN_WIDTH = 100
_REDRAWN_PER_SECOND = 8
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

    def title(self, text: str) -> None:
        self._console.print(Rule(Text(text, "bold"), style="blue", characters="═"))

    def act(self, text: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(text, "bold cyan"), style="cyan", align="left"))

    def say(self, text: str) -> None:
        """Tell something in the story's own voice."""
        self._console.print()
        self._hang("", Text(text, "italic"))

    def typed(self, command: str, *, prompt: str = "$") -> None:
        """Show what a user would type now."""
        self._console.print()
        self._console.print(Text.assemble((f"{prompt} ", "green"), (command, "bold")), soft_wrap=True)

    def output(self, text: str) -> None:
        """Show what a command has written, colours included."""
        if text.strip():
            self._console.print(Text.from_ansi(text.rstrip()), soft_wrap=True)

    def note(self, text: str) -> None:
        """Tell what happens behind the scene: a clock's speed, a file."""
        self._hang("  » ", Text(text, "dim"), style="dim")

    def verdict(self, claim: str, *, holds: bool, saw: str) -> None:
        """Tell whether a claim holds, and what was seen instead."""
        self._hang("  ✓ " if holds else "  ✗ ", Text(claim), style="bold green" if holds else "bold red")
        if not holds:
            self._hang("    saw: ", Text(saw, "red"), style="red")

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
            self._console.print(lead + line)
            lead = Text(" " * len(marker))


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console
