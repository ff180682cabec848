"""etcd and kube-apiserver with the flags that envtest gives them, each waited for until it is ready.

The flags: https://github.com/kubernetes-sigs/controller-runtime, pkg/internal/testing/controlplane.
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cluster.binaries import Binaries
from sandbox.cluster.certificates import Authority, KeyPair, signing_key
from sandbox.cluster.identity import encoded
from sandbox.cluster.processes import Program

_START_SECONDS = 120.0
_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 5.0
_FIRST_NAMESPACES = {"default", "kube-system"}


class StartFailed(Exception):
    """A part of the control plane ended or did not get ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Components:
    """Starts the parts in a directory; `resources` ends each of them when it is closed."""

    binaries: Binaries
    directory: Path
    resources: ExitStack

    def start_etcd(self) -> str:
        """Start etcd and return its URL once it is healthy."""
        port, peer_port = _free_ports(2)
        url = f"http://127.0.0.1:{port}"
        program = self._start(
            "etcd",
            self.binaries.etcd,
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            "--unsafe-no-fsync=true",
        )
        _await_ready(program, lambda: _get(http.client.HTTPConnection, port, "/health") is not None)
        return url

    def start_api_server(self, *, etcd: str, clients: Authority, administrator: KeyPair) -> Mapping[str, Any]:
        """Start kube-apiserver, wait until it is ready and has its first namespaces.

        Return what a kubeconfig says about a cluster: its address and its authority.
        """
        (port,) = _free_ports(1)
        url = f"https://127.0.0.1:{port}"
        files = self.directory / "apiserver"
        authority = Authority.create("sandbox-apiserver")
        _write_files(files, authority=authority, clients=clients, administrator=administrator)
        program = self._start(
            "kube-apiserver",
            self.binaries.kube_apiserver,
            f"--etcd-servers={etcd}",
            f"--cert-dir={files}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--authorization-mode=RBAC",
            f"--client-ca-file={files / 'client-cert-auth-ca.crt'}",
            "--allow-privileged=true",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            f"--service-account-issuer={url}/",
            f"--service-account-key-file={files / 'sa-signer.crt'}",
            f"--service-account-signing-key-file={files / 'sa-signer.key'}",
        )
        tls = ssl.create_default_context(cadata=authority.pem.decode("ascii"))
        tls.load_cert_chain(files / "admin.crt", files / "admin.key")
        _await_ready(program, lambda: _serves(port, tls))
        return {"server": url, "certificate-authority-data": encoded(authority.pem)}

    def _start(self, name: str, *command: str | Path) -> Program:
        program = Program.start(command, log=self.directory / f"{name}.log")
        # The data is thrown away with the program, so nothing is gained by an orderly end.
        self.resources.callback(program.kill)
        return program


def _write_files(files: Path, *, authority: Authority, clients: Authority, administrator: KeyPair) -> None:
    files.mkdir()
    (files / "client-cert-auth-ca.crt").write_bytes(clients.pem)
    pairs = {
        "apiserver": authority.issue_loopback_server(),
        "sa-signer": signing_key(),
        "admin": administrator,
    }
    for name, pair in pairs.items():
        (files / f"{name}.crt").write_bytes(pair.certificate)
        (files / f"{name}.key").write_bytes(pair.key)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _await_ready(program: Program, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if not program.running:
            raise StartFailed(f"{program.log.stem} ended before it was ready:\n{program.log_tail()}")
        if time.monotonic() > deadline:
            raise StartFailed(
                f"{program.log.stem} was not ready after {_START_SECONDS:.0f} s:\n{program.log_tail()}"
            )
        time.sleep(_POLL_SECONDS)


def _serves(port: int, tls: ssl.SSLContext) -> bool:
    def connect(host: str, port: int, *, timeout: float) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=tls)

    if _get(connect, port, "/readyz") is None:
        return False
    namespaces = json.loads(_get(connect, port, "/api/v1/namespaces") or "{}").get("items", ())
    return {namespace["metadata"]["name"] for namespace in namespaces} >= _FIRST_NAMESPACES


def _get(connect: Callable[..., http.client.HTTPConnection], port: int, path: str) -> bytes | None:
    """Return the body of a 200 answer, None for any other answer or none at all."""
    connection = connect("127.0.0.1", port, timeout=_REQUEST_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    else:
        return body if response.status == http.client.OK else None
    finally:
        connection.close()
