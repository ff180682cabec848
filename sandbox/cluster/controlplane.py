"""A real Kubernetes control plane on loopback: etcd and kube-apiserver, started as envtest starts them.

Nothing but these two runs. There is no controller manager: no ServiceAccount `default` appears in a
namespace, a deleted namespace stays Terminating, owners' children are not collected, a Deployment makes no
pods. RBAC, admission, CEL, server-side apply and finalizers are the API server's own and work as anywhere.
"""

import atexit
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sandbox.cluster.binaries import Binaries, ensure_binaries
from sandbox.cluster.certificates import Authority
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.components import Components, StartFailed
from sandbox.cluster.identity import (
    service_account_groups,
    service_account_user,
    with_certificate,
    write_kubeconfig,
)
from sandbox.cluster.scratch import scratch_directory

_ATTEMPTS = 3
_PORT_TAKEN = "address already in use"


class ControlPlane(Cluster):
    """An API server of one's own; as many as wanted run side by side, each gone with its process."""

    _clients: Authority

    @classmethod
    def start(cls) -> Self:
        """Start etcd and kube-apiserver and wait until they serve: about 5 s once the commands are there.

        Raise StartFailed. Start it from a thread that outlives it (see `tied_to_this_process`).
        """
        binaries = ensure_binaries()
        for _ in range(_ATTEMPTS - 1):
            try:
                return cls._start(binaries)
            except StartFailed as error:
                # Between choosing a free port and listening on it another process may take it.
                if _PORT_TAKEN not in str(error):
                    raise
        return cls._start(binaries)

    @classmethod
    def _start(cls, binaries: Binaries) -> Self:
        with ExitStack() as resources:
            directory = resources.enter_context(scratch_directory())
            clients = Authority.create("sandbox-clients")
            administrator = clients.issue_client(user="sandbox-admin", groups=["system:masters"])
            components = Components(binaries=binaries, directory=directory, resources=resources)
            etcd = components.start_etcd()
            access = components.start_api_server(etcd=etcd, clients=clients, administrator=administrator)
            kubeconfig = write_kubeconfig(
                directory / "admin.yaml", cluster=access, user=with_certificate(administrator)
            )
            started = cls(
                binaries=binaries,
                directory=directory,
                kubeconfig=kubeconfig,
                access=access,
                resources=resources.pop_all(),
            )
        started._clients = clients
        atexit.register(started.stop)
        return started

    def kubeconfig_for(self, *, user: str, groups: Sequence[str] = ()) -> Path:
        """Write a kubeconfig with a client certificate for this user and these groups."""
        return self._write_kubeconfig(with_certificate(self._clients.issue_client(user=user, groups=groups)))

    def service_account_certificate_kubeconfig(self, namespace: str, name: str) -> Path:
        """Write a kubeconfig that is a ServiceAccount by certificate; the account itself need not exist."""
        return self.kubeconfig_for(
            user=service_account_user(namespace, name), groups=service_account_groups(namespace)
        )
