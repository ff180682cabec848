"""`python -m tests.clients.renewal`: lock the newest dependencies of the Go and the JavaScript program.

The locks hold versions and hashes and no address: whoever installs chooses the registry.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.cluster.progress import CommandFailed, run_visibly
from sandbox.cluster.toolchains import go, go_environment
from tests.clients.environments import GO_MODULE, JAVASCRIPT_LOCKS, Command, node_js


def main() -> None:
    try:
        _renew_modules()
        _renew_packages()
    except CommandFailed as error:
        sys.exit(str(error))


def _renew_modules() -> None:
    changing = go_environment() | {"GOFLAGS": "-mod=mod -buildvcs=false"}
    with TemporaryDirectory() as scratch:
        compiler = go(into=Path(scratch) / "go")
        for arguments in (("get", "-u", "./..."), ("mod", "tidy")):
            run_visibly((compiler, *arguments), title="renewing the Go modules", env=changing, cwd=GO_MODULE)


def _renew_packages() -> None:
    command: Command = [*node_js().npm, "update", "--package-lock-only", "--omit-lockfile-registry-resolved"]
    command += ["--ignore-scripts", "--no-audit", "--no-fund"]
    folder = JAVASCRIPT_LOCKS[0].parent
    run_visibly(command, title="renewing the JavaScript packages", env=dict(os.environ), cwd=folder)


if __name__ == "__main__":
    main()
