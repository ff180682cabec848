"""Long work made visible: one line that moves on a terminal, one line every 15 s elsewhere."""

import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cluster.processes import tied_to_this_process

_TERMINAL_SECONDS = 0.5
_LOG_SECONDS = 15.0
_TAIL_LINES = 30


class CommandFailed(Exception):
    """A command ended with an error; the message holds the end of its output."""


def say(text: str) -> None:
    """Write one line for a person to stderr, at once; stdout stays free for results."""
    print(text, file=sys.stderr, flush=True)


def minutes(seconds: float) -> str:
    whole, rest = divmod(int(seconds), 60)
    return f"{whole} min {rest:02d} s" if whole else f"{rest} s"


@dataclass(slots=True)
class _Ticker:
    title: str
    started: float = field(default_factory=time.monotonic)
    shown: float = field(default_factory=time.monotonic)
    terminal: bool = field(default_factory=sys.stderr.isatty)

    def tick(self, detail: str) -> None:
        now = time.monotonic()
        if now - self.shown < (_TERMINAL_SECONDS if self.terminal else _LOG_SECONDS):
            return
        self.shown = now
        line = f"  {self.title}: {minutes(now - self.started)}{', ' + detail if detail else ''}"
        if self.terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            say(line)

    def clear(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def run_visibly(
    command: Sequence[str | Path],
    *,
    title: str,
    detail: Callable[[Sequence[str]], str] = lambda _lines: "",
    env: Mapping[str, str],
    cwd: Path,
) -> list[str]:
    """Run a command, showing how long it has run and what `detail` makes of its output so far.

    Return its output (both streams) by lines. Raise CommandFailed when it fails. The command ends with this
    process.
    """
    ticker = _Ticker(title)
    lines: list[str] = []
    with subprocess.Popen(
        tied_to_this_process(command),
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            _follow(process, lines, lambda: ticker.tick(detail(lines)))
        except BaseException:
            process.kill()
            raise
        finally:
            ticker.clear()
    if process.returncode:
        tail = "\n".join(deque(lines, _TAIL_LINES))
        raise CommandFailed(f"{title} failed (exit status {process.returncode}):\n{tail}")
    return lines


def _follow(process: subprocess.Popen[bytes], lines: list[str], tick: Callable[[], None]) -> None:
    if process.stdout is None:
        raise ValueError("the command's output is not piped")
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            tick()
            if not selector.select(timeout=_TERMINAL_SECONDS):
                continue
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            lines.extend(line.decode(errors="replace") for line in whole)
    if rest:
        lines.append(rest.decode(errors="replace"))
