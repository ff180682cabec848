"""Programs that run beside this one and never outlive it."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).parent / "die_with_parent.py"
_TAIL_LINES = 30


def tied_to_this_process(command: Sequence[str | Path]) -> list[str]:
    """Wrap a command so that the kernel kills what it starts when this process dies, by SIGKILL too.

    Linux watches the *thread* that starts the program: start it from one that lives as long as the program
    shall (prctl(2), PR_SET_PDEATHSIG). The program's pid is the started process's own.
    """
    return [sys.executable, "-I", str(_LAUNCHER), str(os.getpid()), *map(str, command)]


@dataclass(frozen=True, slots=True)
class Program:
    """A running program whose output goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None
    ) -> "Program":
        with log.open("wb") as output:
            process = subprocess.Popen(
                tied_to_this_process(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                # Ctrl-C on the terminal is for this process, which then stops the program in its order.
                start_new_session=True,
            )
        return cls(process=process, log=log)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End the program at once and wait until it is gone; no error when it has ended already."""
        self.process.kill()
        self.process.wait()

    def log_tail(self) -> str:
        with self.log.open(errors="replace") as lines:
            return "".join(deque(lines, _TAIL_LINES))
