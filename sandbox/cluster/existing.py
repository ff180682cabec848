"""A cluster that is there already: kind, EKS, or any other that a kubeconfig leads to."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from sandbox.cluster.binaries import Binaries, ensure_binaries
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.identity import write_kubeconfig
from sandbox.cluster.scratch import scratch_directory


class ExistingCluster(Cluster):
    """Somebody's cluster, through the current context of an administrator's kubeconfig."""

    _administrator: Mapping[str, Any]

    @classmethod
    def connect(cls, kubeconfig: Path) -> Self:
        """Read the kubeconfig's current context; nothing is written to the cluster.

        Raise ValueError when the file or its current context cannot be read.
        """
        binaries = ensure_binaries()
        access, administrator = _current_context(binaries, kubeconfig)
        resources = ExitStack()
        directory = resources.enter_context(scratch_directory())
        connected = cls(
            binaries=binaries,
            directory=directory,
            kubeconfig=write_kubeconfig(directory / "admin.yaml", cluster=access, user=administrator),
            access=access,
            resources=resources,
        )
        connected._administrator = administrator
        return connected

    def kubeconfig_for(self, *, user: str, groups: Sequence[str] = ()) -> Path:
        """Impersonate the user with the administrator's credentials: its authority is not ours to sign with.

        kubectl and helm honour impersonation in a kubeconfig; Python's client ignores it and would be the
        administrator: give it `service_account_kubeconfig`.
        """
        return self._write_kubeconfig({**self._administrator, "as": user, "as-groups": list(groups)})


def _current_context(binaries: Binaries, kubeconfig: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the cluster and user entries, with the files that they name read in."""
    view = subprocess.run(
        [
            binaries.kubectl,
            "config",
            "view",
            f"--kubeconfig={kubeconfig}",
            "--minify",
            "--flatten",
            "--raw",
            "--output=json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if view.returncode:
        raise ValueError(f"{kubeconfig}: {view.stderr.strip()}")
    context = json.loads(view.stdout)
    return context["clusters"][0]["cluster"], context["users"][0]["user"]
