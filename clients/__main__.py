"""`python -m clients [NAME ...]`: clients that others wrote take an endpoint from its creation to its end.

Each comes from an environment of its own, pinned and unpatched, and is told where AWS is by AWS_ENDPOINT_URL
alone. Prints the calls per operation. Exits non-zero when a client fails, or meets an operation that the
simulation does not have.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from clients import environments
from clients.simulation import Simulation, simulation
from sandbox.cluster.progress import CommandFailed, say
from sandbox.served import SimulationFailed

CLIENTS: dict[str, Callable[[], environments.Command]] = {
    "AWS CLI v1": partial(environments.python, "awscli", "requirements.txt"),
    "boto3, oldest": partial(environments.python, "boto3", "oldest.txt"),
    "boto3, newest": partial(environments.python, "boto3", "newest.txt"),
    "SageMaker Python SDK v2": partial(environments.python, "sagemaker_sdk", "requirements.txt"),
    "SDK for Go v2": environments.go,
    "SDK for JavaScript v3": environments.javascript,
}
_LONGEST_SECONDS = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m clients", description=__doc__)
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
        command = CLIENTS[name]()
        with TemporaryDirectory(prefix="client-") as scratch, simulation(Path(scratch)) as aws:
            return _travel(name, command, aws, Path(scratch))
    except (CommandFailed, SimulationFailed) as error:
        return [f"{name}: {error}"]


def _travel(name: str, command: environments.Command, aws: Simulation, home: Path) -> list[str]:
    began = time.monotonic()
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
            code = -1
    _show(name, aws, time.monotonic() - began)
    unmet = aws.unimplemented()
    if code == 0 and not unmet:
        return []
    said = output.read_text(errors="replace")[-4000:]
    return ["\n".join([f"{name} failed (exit status {code}):", *unmet, said])]


def _show(name: str, aws: Simulation, seconds: float) -> None:
    counts = aws.counts()
    print(f"{name}: {counts.total()} calls to {len(counts)} operations in {seconds:.0f} s")
    for operation, count in sorted(counts.items()):
        print(f"  {count:5}  {operation}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
