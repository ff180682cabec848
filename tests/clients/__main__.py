"""`python -m tests.clients [NAME ...]`: other people's clients create, use and delete an endpoint.

Each comes from an environment of its own, pinned and unpatched, and is told where AWS is by AWS_ENDPOINT_URL
alone. Prints the calls per operation. Exits non-zero when a client fails, lacks an act, leaves something in
AWS, or meets an operation that the simulation does not have.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.cluster.progress import CommandFailed, say
from sandbox.served import SimulationFailed
from tests.clients.environments import Command
from tests.clients.judgement import faults
from tests.clients.roster import CLIENTS
from tests.clients.simulation import Simulation, simulation

_LONGEST_SECONDS = 600
_TIMED_OUT = -1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(CLIENTS)}")
    names = parser.parse_args().names or list(CLIENTS)
    if unknown := set(names) - CLIENTS.keys():
        parser.error(f"no such client: {', '.join(sorted(unknown))}")
    failures = [failure for name in names for failure in _try(name)]
    for failure in failures:
        say(failure)
    print(f"{len(names) - len(failures)} of {len(names)} clients passed")
    sys.exit(bool(failures))


def _try(name: str) -> list[str]:
    """Run one client; return what went wrong with it, if anything did."""
    try:
        began = time.monotonic()
        command = CLIENTS[name].prepare()
        prepared = time.monotonic() - began
        with TemporaryDirectory(prefix="client-") as scratch, simulation(Path(scratch)) as aws:
            return _travel(name, command, aws, Path(scratch), prepared=prepared)
    except (CommandFailed, SimulationFailed) as error:
        return [f"{name}: {error}"]


def _travel(name: str, command: Command, aws: Simulation, home: Path, *, prepared: float) -> list[str]:
    began = time.monotonic()
    code, said = _run(command, aws, home)
    _show(name, aws, said, prepared=prepared, seconds=time.monotonic() - began)
    wrong = faults(aws.control.calls(), speaks=CLIENTS[name].speaks)
    if left := aws.control.state():
        wrong.append(f"left in AWS: {left}")
    if code == 0 and not wrong:
        return []
    return ["\n".join([f"{name} failed (exit status {code}):", *wrong, said[-4000:]])]


def _run(command: Command, aws: Simulation, home: Path) -> tuple[int, str]:
    """Return the exit status, and what was said."""
    output = home / "output"
    with output.open("wb") as file:
        try:
            code = subprocess.run(
                command,
                cwd=home,
                env=aws.environment(home),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=_LONGEST_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = _TIMED_OUT
    return code, output.read_text(errors="replace")


def _show(name: str, aws: Simulation, said: str, *, prepared: float, seconds: float) -> None:
    counts = aws.counts()
    print(f"{name}: {counts.total()} calls to {len(counts)} operations in {seconds:.0f} s", end="")
    print(f", after {prepared:.0f} s for its environment" if prepared >= 1 else "")
    for line in said.splitlines()[-1:]:
        print(f"  {line}")
    for operation, count in sorted(counts.items()):
        print(f"  {count:5}  {operation}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
