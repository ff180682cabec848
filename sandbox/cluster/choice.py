"""Which cluster fixtures and demo use: the user's, or one started for them."""

import os
from pathlib import Path

from sandbox.cluster.cluster import Cluster
from sandbox.cluster.controlplane import ControlPlane
from sandbox.cluster.existing import ExistingCluster

KUBECONFIG_VARIABLE = "SANDBOX_KUBECONFIG"


def open_cluster() -> Cluster:
    """Connect to the cluster that SANDBOX_KUBECONFIG leads to; start a control plane where it is unset."""
    kubeconfig = os.environ.get(KUBECONFIG_VARIABLE)
    return ExistingCluster.connect(Path(kubeconfig)) if kubeconfig else ControlPlane.start()
