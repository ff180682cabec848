"""A namespace is deleted while an operator watches all namespaces, or two of them with a Role in each."""

import json
import re
import shlex
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
from tests.e2e.namespace_controller import controller_kubeconfig, deletion_of_namespace
from tests.e2e.operator_process import Operator
from tests.e2e.reviews import Reviews, weights
from tests.e2e.simulated_aws import SimulatedAws

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm"
PAGE = ROOT / "docs" / "troubleshooting.md"
SYSTEM_NAMESPACE = "sagemaker-ab-system"
RELEASE = "watching-two"
NEEDED = "the operator needs it until it has deleted SageMakerABEndpoint leaving"
OF_THE_ACCOUNT = {
    *("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
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
) -> Iterator[Callable[..., Watched]]:
    """`watched(keepWhileNeeded=False)`: install the chart's permissions for both namespaces."""
    leaving, staying = two
    with ExitStack() as installed:

        def install(**rbac: bool) -> Watched:
            values = {
                "fullnameOverride": RELEASE,
                "watchNamespaces": [leaving.namespace, staying.namespace],
                "rbac": {"aggregateRoles": False, **rbac},
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


@pytest.mark.usefixtures("running_operator")
def test_an_operator_of_the_whole_cluster_deletes_the_endpoints_of_a_namespace_that_is_deleted(
    resource: Reviews, aws: SimulatedAws, control_plane: Cluster, eventually: Callable[..., Any]
) -> None:
    resource.apply()
    resource.is_ready()

    with deletion_of_namespace(control_plane, resource.namespace) as deletion:
        eventually(deletion.finished.is_set, within=90)

    assert deletion.refusals == set()
    assert aws.section("endpoints") == aws.section("models") == {}


def test_the_role_stays_until_the_endpoints_of_the_namespace_are_deleted(
    watched: Callable[..., Watched], aws: SimulatedAws, control_plane: Cluster, eventually: Callable[..., Any]
) -> None:
    both = watched()
    with both.operator.running(f"--namespace={both.staying.namespace}"):
        for resource in (both.leaving, both.staying):
            resource.apply()
            resource.is_ready()

        with deletion_of_namespace(control_plane, both.leaving.namespace) as deletion:
            eventually(deletion.finished.is_set, within=90)

    assert [words for words in deletion.refusals if NEEDED in words]
    assert aws.section("endpoints").keys() == {"staying"}
    assert [name for name in aws.section("models") if name.startswith("leaving")] == []


def test_only_the_namespace_controller_is_refused(
    watched: Callable[..., Watched], control_plane: Cluster, eventually: Callable[..., Any]
) -> None:
    both = watched()
    both.leaving.apply()
    deletion = ("delete", "role,rolebinding", RELEASE, f"--namespace={both.leaving.namespace}")
    controller = f"--kubeconfig={controller_kubeconfig(control_plane)}"
    trial = (*deletion, "--dry-run=server")

    # The API server enforces a new policy after a moment.
    eventually(lambda: control_plane.kubectl(*trial, controller).stderr, lambda words: NEEDED in words)
    assert control_plane.kubectl(*deletion).returncode == 0


def test_a_namespace_without_its_role_does_not_stop_the_operator_for_the_others(
    watched: Callable[..., Watched], control_plane: Cluster, eventually: Callable[..., Any]
) -> None:
    both = watched(keepWhileNeeded=False)
    lost = f"--namespace={both.leaving.namespace}"
    control_plane.kubectl("delete", "role,rolebinding", RELEASE, lost, check=True)

    with both.operator.running(f"--namespace={both.staying.namespace}") as process:
        both.staying.apply()
        both.staying.is_ready()
        eventually(lambda: "Request attempt #20 failed" in process.log.read_text())
        both.staying.apply(weights(VariantA=10, VariantB=90))
        both.staying.is_ready()
        assert process.running


def test_the_commands_of_the_page_end_a_deletion_that_waits_for_the_role(
    watched: Callable[..., Watched],
    aws: SimulatedAws,
    control_plane: Cluster,
    rescue: list[list[str]],
    eventually: Callable[..., Any],
) -> None:
    both = watched(keepWhileNeeded=False)
    namespace = both.leaving.namespace
    with both.operator.running(f"--namespace={both.staying.namespace}") as process:
        both.leaving.apply()
        both.leaving.is_ready()

        with deletion_of_namespace(control_plane, namespace) as deletion:
            refused = f"{namespace}/leaving: 403 Forbidden"
            eventually(lambda: refused in process.log.read_text())
            assert (aws.section("endpoints").keys(), deletion.finished.is_set()) == ({"leaving"}, False)

            for command in rescue:
                of_the_page = (word.replace("team-a", namespace) for word in command)
                words = (word.replace("sagemaker-ab-operator", RELEASE) for word in of_the_page)
                control_plane.kubectl(*words, check=True)

    assert deletion.finished.is_set()
    assert aws.section("endpoints") == aws.section("models") == {}


@pytest.fixture
def rescue(control_plane: Cluster) -> Iterator[list[list[str]]]:
    """The arguments of each kubectl command in the section of the page on such namespaces."""
    section = PAGE.read_text().partition("\n## A namespace whose deletion waits\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    lines = block.replace("\\\n", " ").splitlines()
    yield [shlex.split(line.removeprefix("$ kubectl ")) for line in lines]
    control_plane.kubectl(
        "delete", "--ignore-not-found", "clusterrolebinding,clusterrole", "sagemaker-ab-rescue"
    )
