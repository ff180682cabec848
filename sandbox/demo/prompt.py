"""The user's prompt: every command is shown as it is typed, and really run."""

import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.cluster.processes import tied_to_this_process
from sandbox.demo.telling import Teller

_COMMAND_SECONDS = 600
_GOODBYE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, and what it wrote to stdout and stderr."""

    command: str
    status: int
    output: str
    errors: str = ""

    def __str__(self) -> str:
        said = (self.errors or self.output).strip()
        return f"`{self.command}` ended with {self.status}" + (f": {said}" if said else "")


class Background:
    """A command that goes on while others are typed."""

    def __init__(self, command: str, process: subprocess.Popen[str]) -> None:
        self._command = command
        self._process = process

    def interrupt(self) -> Ended:
        """End it as Ctrl-C would; one that has ended by itself is as good."""
        self._process.send_signal(signal.SIGINT)
        output, errors = self._process.communicate(timeout=_GOODBYE_SECONDS)
        return Ended(self._command, self._process.returncode, output or "", errors or "")


class Prompt:
    """Runs commands in a directory. They end with this process."""

    def __init__(self, teller: Teller, *, environment: Mapping[str, str], directory: Path) -> None:
        self._teller = teller
        self._directory = directory
        colours = {"FORCE_COLOR": "1"} if teller.animated else {"NO_COLOR": "1"}
        self._environment = {**environment, **colours, "COLUMNS": str(teller.width)}

    def type(self, command: str, *, animated: bool = False) -> Ended:
        """Type a command and wait for its end; `animated` lets it draw its progress on stderr itself."""
        self._teller.typed(command)
        draws = animated and self._teller.animated
        with self._spinner(command, hidden=draws):
            done = subprocess.run(
                tied_to_this_process(shlex.split(command)),
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if draws else subprocess.PIPE,
                text=True,
                check=False,
                timeout=_COMMAND_SECONDS,
            )
        ended = Ended(command, done.returncode, done.stdout, done.stderr or "")
        self._teller.output(ended.output)
        if ended.status:
            self._teller.trouble(ended.errors)
        return ended

    @contextmanager
    def _spinner(self, command: str, *, hidden: bool) -> Iterator[None]:
        if hidden:
            yield
            return
        with self._teller.waiting(command.split()[0]):
            yield

    def begin(self, command: str, *, draws: bool = False) -> Background:
        """Type a command that goes on by itself; `draws` gives it the terminal, else it is asked later."""
        self._teller.typed(command if draws else f"{command} &")
        process = subprocess.Popen(
            tied_to_this_process(shlex.split(command)),
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=None if draws else subprocess.PIPE,
            stderr=None if draws else subprocess.PIPE,
            text=True,
        )
        return Background(command, process)
