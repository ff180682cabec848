"""An operator watches two namespaces with a Role in each, and one of them is deleted."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from sandbox.cluster.cluster import Cluster
from tests.e2e.operator_process import Operator
from tests.e2e.reviews import Reviews, weights

CHART = Path(__file__).parents[2] / "helm"
SYSTEM_NAMESPACE = "sagemaker-ab-system"
RELEASE = "watching-two"
OF_THE_ACCOUNT = {
    *("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
}


@dataclass(frozen=True, slots=True)
class Watched:
    """Two resources, each in a namespace of its own; the operator watches both namespaces."""

    leaving: Reviews
    staying: Reviews
    operator: Operator


@pytest.fixture
def two(
    control_plane: Cluster,
    api: client.ApiClient,
    new_namespace: Callable[[], str],
    eventually: Callable[..., Any],
) -> Iterator[tuple[Reviews, Reviews]]:
    """Two resources, each in a namespace of its own, not applied yet."""
    leaving, staying = (
        Reviews(control_plane, api, new_namespace(), eventually, name) for name in ("leaving", "staying")
    )
    yield leaving, staying
    leaving.forget()
    staying.forget()


@pytest.fixture
def watched(
    operator: Operator, two: tuple[Reviews, Reviews], control_plane: Cluster
) -> Iterator[Callable[[], Watched]]:
    """`watched()`: install the chart's permissions for both namespaces."""
    leaving, staying = two
    with ExitStack() as installed:

        def install() -> Watched:
            values = {
                "fullnameOverride": RELEASE,
                "watchNamespaces": [leaving.namespace, staying.namespace],
                "rbac": {"aggregateRoles": False},
            }
            objects = permissions(control_plane, values)
            control_plane.kubectl("apply", "-f", "-", input=objects, check=True)
            installed.callback(
                control_plane.kubectl, "delete", "--ignore-not-found", "-f", "-", input=objects, check=True
            )
            account = control_plane.service_account_kubeconfig(SYSTEM_NAMESPACE, RELEASE)
            limited = replace(operator, namespace=leaving.namespace, kubeconfig=account)
            return Watched(leaving, staying, limited)

        yield install


def permissions(control_plane: Cluster, values: dict[str, Any]) -> str:
    rendered = subprocess.run(
        [
            *(control_plane.binaries.helm, "template", RELEASE, CHART, f"--namespace={SYSTEM_NAMESPACE}"),
            *("--values", "-"),
        ],
        env=control_plane.env,
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
    )
    found = (each for each in yaml.safe_load_all(rendered.stdout) if each and each["kind"] in OF_THE_ACCOUNT)
    return yaml.safe_dump_all(found)


def test_a_namespace_without_its_role_does_not_stop_the_operator_for_the_others(
    watched: Callable[[], Watched], control_plane: Cluster, eventually: Callable[..., Any]
) -> None:
    both = watched()
    lost = f"--namespace={both.leaving.namespace}"
    control_plane.kubectl("delete", "role,rolebinding", RELEASE, lost, check=True)

    with both.operator.running(f"--namespace={both.staying.namespace}") as process:
        both.staying.apply()
        both.staying.is_ready()
        eventually(lambda: "Request attempt #20 failed" in process.log.read_text())
        both.staying.apply(weights(VariantA=10, VariantB=90))
        both.staying.is_ready()
        assert process.running
