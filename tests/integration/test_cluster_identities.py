"""A process can be a ServiceAccount with nothing but its RBAC, on a cluster of our own or on another's."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.cluster.choice import open_cluster
from sandbox.cluster.cluster import Cluster, KubectlFailed
from sandbox.cluster.existing import ExistingCluster

NAMESPACE = "cluster-identities"
READS_CONFIG_MAPS = yaml.safe_dump_all(
    [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "reader", "namespace": NAMESPACE},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "reader", "namespace": NAMESPACE},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "reader", "namespace": NAMESPACE},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": NAMESPACE}],
        },
    ]
)


@pytest.fixture(scope="module")
def cluster(control_plane: Cluster) -> Cluster:
    control_plane.kubectl("apply", "-f", "-", input=READS_CONFIG_MAPS, check=True)
    return control_plane


@pytest.fixture(scope="module")
def reader(cluster: Cluster) -> Path:
    return cluster.service_account_kubeconfig(NAMESPACE, "reader")


@pytest.fixture
def existing(cluster: Cluster) -> Iterator[ExistingCluster]:
    with ExistingCluster.connect(cluster.kubeconfig) as connected:
        yield connected


def test_a_service_accounts_token_is_that_service_account(cluster: Cluster, reader: Path) -> None:
    user, groups = _whoami(cluster, reader)

    assert user == f"system:serviceaccount:{NAMESPACE}:reader"
    assert groups == {"system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"}


def test_a_service_account_may_do_what_its_role_grants_and_nothing_else(
    cluster: Cluster, reader: Path
) -> None:
    def listing(resource: str, namespace: str) -> str:
        done = cluster.kubectl("get", resource, f"--namespace={namespace}", f"--kubeconfig={reader}")
        return "granted" if done.returncode == 0 else done.stderr

    assert listing("configmaps", NAMESPACE) == "granted"
    assert f'User "system:serviceaccount:{NAMESPACE}:reader" cannot list' in listing("secrets", NAMESPACE)
    assert "Forbidden" in listing("configmaps", "default")


def test_a_token_of_a_service_account_that_is_not_there_is_refused(cluster: Cluster) -> None:
    with pytest.raises(KubectlFailed, match='serviceaccounts "nobody" not found'):
        cluster.service_account_kubeconfig(NAMESPACE, "nobody")


def test_an_existing_cluster_is_used_through_its_kubeconfig_and_left_running(cluster: Cluster) -> None:
    with ExistingCluster.connect(cluster.kubeconfig) as existing:
        assert existing.url == cluster.url
        assert existing.kubectl("get", "namespace", NAMESPACE, check=True)

    assert not existing.kubeconfig.exists()
    assert cluster.kubectl("get", "namespace", NAMESPACE, check=True)


def test_identities_on_an_existing_cluster_are_the_same(existing: ExistingCluster) -> None:
    account = existing.service_account_kubeconfig(NAMESPACE, "reader")
    impersonated = existing.kubeconfig_for(user="ada", groups=["analysts"])

    assert _whoami(existing, account)[0] == f"system:serviceaccount:{NAMESPACE}:reader"
    assert _whoami(existing, impersonated) == ("ada", {"analysts", "system:authenticated"})


def test_the_environment_chooses_an_existing_cluster(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_KUBECONFIG", str(cluster.kubeconfig))

    with open_cluster() as chosen:
        assert isinstance(chosen, ExistingCluster)
        assert chosen.url == cluster.url


def test_a_kubeconfig_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing\.yaml"):
        ExistingCluster.connect(tmp_path / "missing.yaml")


def _whoami(cluster: Cluster, kubeconfig: Path) -> tuple[str, set[str]]:
    answer = cluster.kubectl("auth", "whoami", "--output=json", f"--kubeconfig={kubeconfig}", check=True)
    user = json.loads(answer.stdout)["status"]["userInfo"]
    return user["username"], set(user["groups"])
