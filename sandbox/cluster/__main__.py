"""`python -m sandbox.cluster`: a control plane to play with, until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys

from sandbox.cluster.binaries import UnusableAssets, ensure_binaries
from sandbox.cluster.components import StartFailed
from sandbox.cluster.controlplane import ControlPlane
from sandbox.cluster.progress import CommandFailed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.cluster", description=__doc__)
    parser.add_argument(
        "--fetch",
        action="store_true",
        help="only make the commands available; print their directories as an entry for PATH",
    )
    arguments = parser.parse_args()
    try:
        if arguments.fetch:
            print(ensure_binaries().path)
        else:
            _serve()
    except (CommandFailed, StartFailed, UnusableAssets) as error:
        sys.exit(str(error))


def _serve() -> None:
    # Blocked before the control plane starts, so that no signal can fall between start and wait.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with ControlPlane.start() as cluster:
        print(f"Kubernetes API server at {cluster.url}")
        print(f"  export KUBECONFIG={cluster.kubeconfig}")
        print(f"  export PATH={cluster.binaries.path}:$PATH")
        print("  kubectl get namespaces")
        print("Ctrl-C ends it and removes all that it stored.", flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
