"""How a pod reaches the API server: as its ServiceAccount, at the address in KUBERNETES_SERVICE_HOST.

Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod".
"""

from pathlib import Path

from kubernetes import client
from kubernetes.config.incluster_config import InClusterConfigLoader

DIRECTORY = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def in_pod() -> bool:
    """Return whether this process runs in a pod with a ServiceAccount."""
    return (DIRECTORY / "namespace").exists()


def namespace() -> str:
    """Return the namespace of the pod."""
    return (DIRECTORY / "namespace").read_text().strip()


def token() -> str:
    """Return the token, which the kubelet replaces before it expires."""
    return (DIRECTORY / "token").read_text().strip()


def configuration() -> client.Configuration:
    """Return the configuration of a client that calls the API server directly and keeps its token fresh.

    Raises:
        kubernetes.config.ConfigException: a file or an environment variable is missing or empty.
    """
    settings = client.Configuration()
    loader = InClusterConfigLoader(
        token_filename=str(DIRECTORY / "token"), cert_filename=str(DIRECTORY / "ca.crt")
    )
    loader.load_and_set(settings)
    # The class reads HTTPS_PROXY and HTTP_PROXY, which are set for AWS. A proxy outside the cluster cannot
    # reach the address of the API server.
    settings.proxy = None
    return settings
