"""What tests and demo need of a cluster, wherever it runs."""

import itertools
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.cluster.binaries import Binaries
from sandbox.cluster.identity import with_token, write_kubeconfig

_KUBECTL_SECONDS = 300
_TOKEN_DURATION = "24h"  # noqa: S105 - a duration: the longest that EKS grants


class KubectlFailed(Exception):
    """kubectl ended with an error, and its caller did not expect one."""


class Cluster(ABC):
    """A reachable cluster. `kubeconfig` is its administrator's; `url` its API server's address."""

    def __init__(
        self,
        *,
        binaries: Binaries,
        directory: Path,
        kubeconfig: Path,
        access: Mapping[str, Any],
        resources: ExitStack,
    ) -> None:
        self.binaries = binaries
        self.kubeconfig = kubeconfig
        self.url: str = access["server"]
        self._access = access
        self._directory = directory
        self._resources = resources
        self._count = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let go of all that was started or written for this cluster; a second call does nothing."""
        self._resources.close()

    @property
    def env(self) -> dict[str, str]:
        """This process's environment, with this cluster's kubeconfig and commands.

        kubectl's and helm's caches and settings are kept out of HOME: discovery is cached by address, and
        addresses of control planes come back.
        """
        helm = self._directory / "helm"
        return os.environ | {
            "PATH": f"{self.binaries.path}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self._directory / "kubectl-cache"),
            "KUBERC": "off",
            "HELM_CACHE_HOME": str(helm / "cache"),
            "HELM_CONFIG_HOME": str(helm / "config"),
            "HELM_DATA_HOME": str(helm / "data"),
        }

    def kubectl(
        self,
        *arguments: str | Path,
        input: str | None = None,  # noqa: A002 - subprocess.run's word for it
        check: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, with text on its stdin where given.

        Raise KubectlFailed when `check` is set and it fails; subprocess.TimeoutExpired after five minutes.
        """
        done = subprocess.run(
            [self.binaries.kubectl, *arguments],
            env=self.env,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KUBECTL_SECONDS,
        )
        if check and done.returncode:
            raise KubectlFailed(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done

    def define(self, definition: str | Path) -> None:
        """Apply the CustomResourceDefinition of a file and wait until its resources are served.

        Raise KubectlFailed if it is refused or not established within a minute.
        """
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", definition, check=True)
        self.wait_until_established("-f", definition)

    def wait_until_established(self, *definition: str | Path) -> None:
        """Wait until the API server serves what a definition, given as to `kubectl get`, defines.

        A new definition has no conditions for a moment, which `kubectl wait --for=condition` refuses at once.
        The first ones come together with the accepted names, which are empty until then. Raise KubectlFailed
        after a minute.
        """
        kind = self.kubectl("get", *definition, "--output=jsonpath={.spec.names.kind}", check=True).stdout
        for reached in (f"jsonpath={{.status.acceptedNames.kind}}={kind}", "condition=Established"):
            self.kubectl("wait", f"--for={reached}", "--timeout=60s", *definition, check=True)

    @abstractmethod
    def kubeconfig_for(self, *, user: str, groups: Sequence[str] = ()) -> Path:
        """Write a kubeconfig that acts as a user in these groups (and in system:authenticated)."""

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Write a kubeconfig with a TokenRequest token, valid for a day, of an existing ServiceAccount.

        Raise KubectlFailed when there is no such ServiceAccount.
        """
        token = self.kubectl(
            "create", "token", name, f"--namespace={namespace}", f"--duration={_TOKEN_DURATION}", check=True
        )
        return self._write_kubeconfig(with_token(token.stdout.strip()))

    def _write_kubeconfig(self, user: Mapping[str, Any]) -> Path:
        path = self._directory / f"kubeconfig-{next(self._count)}.yaml"
        return write_kubeconfig(path, cluster=self._access, user=user)
