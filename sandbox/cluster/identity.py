"""Kubeconfig files: one cluster, one user, nothing else."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sandbox.cluster.certificates import KeyPair

_NAME = "sandbox"


def service_account_user(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


def service_account_groups(namespace: str) -> Sequence[str]:
    """Return the groups that Kubernetes gives to every ServiceAccount of a namespace.

    https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/
    """
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")


def with_certificate(pair: KeyPair) -> Mapping[str, Any]:
    return {"client-certificate-data": encoded(pair.certificate), "client-key-data": encoded(pair.key)}


def with_token(token: str) -> Mapping[str, Any]:
    return {"token": token}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def write_kubeconfig(path: Path, *, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Path:
    """Write a kubeconfig for this user's eyes only; it carries its certificates and needs no other file."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": _NAME, "cluster": dict(cluster)}],
        "users": [{"name": _NAME, "user": dict(user)}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
        "current-context": _NAME,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path
