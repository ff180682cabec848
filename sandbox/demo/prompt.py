"""The user's prompt: every command is shown as it is typed, and really run."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sandbox.cluster.processes import tied_to_this_process
from sandbox.demo.telling import Teller

_COMMAND_SECONDS = 600
_START_SECONDS = 30
_GOODBYE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, and what it wrote."""

    status: int
    output: str


class Background:
    """A command that goes on while others are typed."""

    def __init__(self, process: subprocess.Popen[bytes], *, copied_to: BinaryIO | None) -> None:
        self._process = process
        self._written: list[bytes] = []
        self._first = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(copied_to,), daemon=True)
        self._reader.start()

    def _read(self, copied_to: BinaryIO | None) -> None:
        if self._process.stdout is None:
            raise ValueError("the command's output is not piped")
        while chunk := os.read(self._process.stdout.fileno(), 65536):
            self._written.append(chunk)
            if copied_to:
                copied_to.write(chunk)
                copied_to.flush()
            self._first.set()

    def await_output(self) -> None:
        """Wait until it has written something, or for as long as a command may take to start."""
        self._first.wait(_START_SECONDS)

    def interrupt(self) -> Ended:
        """End it as Ctrl-C would; one that has ended by itself is as good."""
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(timeout=_GOODBYE_SECONDS)
        self._reader.join(timeout=_GOODBYE_SECONDS)
        return Ended(status, b"".join(self._written).decode(errors="replace"))


class Prompt:
    """Runs commands in a directory. They end with this process."""

    def __init__(self, teller: Teller, *, environment: Mapping[str, str], directory: Path) -> None:
        self._teller = teller
        self._directory = directory
        self._plain = {**environment, "COLUMNS": str(teller.width), "LINES": str(teller.height)}
        # What a command writes is read first, so it cannot see the terminal.
        self._environment = {**self._plain, "FORCE_COLOR": "1"} if teller.animated else self._plain

    def type(self, command: str, *, animated: bool = False) -> Ended:
        """Type a command for a shell and wait for its end; `animated` lets it draw its progress on stderr."""
        self._teller.typed(command)
        draws = animated and self._teller.animated
        with nullcontext() if draws else self._teller.waiting(""):
            done = subprocess.run(
                tied_to_this_process(["sh", "-c", f"exec {command}"]),
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if draws else subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=_COMMAND_SECONDS,
            )
        self._teller.output(done.stdout)
        return Ended(done.returncode, done.stdout)

    def begin(self, command: str, *, draws: bool = False) -> Background:
        """Type a command that goes on by itself; `draws` lets it animate the terminal meanwhile."""
        self._teller.typed(command if draws else f"{command} &")
        process = subprocess.Popen(
            tied_to_this_process(shlex.split(command)),
            cwd=self._directory,
            env=self._environment if draws else self._plain,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Background(process, copied_to=sys.stdout.buffer if draws else None)
