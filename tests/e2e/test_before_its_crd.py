"""An operator that is started before its CRD is there ends and says why: kopf would never look again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.cluster import Cluster
from sandbox.cluster.controlplane import ControlPlane
from tests.e2e.operator_process import Operator


@pytest.fixture
def bare_cluster() -> Iterator[Cluster]:
    """A control plane of this test's own: in the shared one the CRD may be there already."""
    with ControlPlane.start() as plane:
        yield plane


def test_without_its_crd_it_ends_and_says_so(
    bare_cluster: Cluster, logs: Path, eventually: Callable[..., Any]
) -> None:
    nowhere = "http://127.0.0.1:1"
    with Operator("default", bare_cluster.kubeconfig, nowhere, logs).running() as process:
        eventually(process.process.poll, lambda code: code is not None)
        assert process.process.returncode != 0
        said = process.log.read_text()

    assert "The CRD sagemakerabendpoints.sagemaker-ab.dev is not installed" in said
