"""The chart on a real API server: installed, upgraded, uninstalled, installed again."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sandbox.cluster.controlplane import ControlPlane

RELEASE = "sagemaker-ab-operator"
NAMESPACE = "sagemaker-ab-system"
CRD = "customresourcedefinition/sagemakerabendpoints.sagemaker-ab.dev"
REVIEWS = Path(__file__).parents[2] / "manifests" / "samples" / "reviews.yaml"


@pytest.fixture(scope="module")
def cluster():
    """A control plane of these tests' own: on a shared one, others own the CRD."""
    with ControlPlane.start() as started:
        yield started


@pytest.fixture
def on_cluster(cluster):
    """Run helm on the cluster; at the end nothing of its releases is left, the CRD included."""

    def run(*arguments):
        return subprocess.run(
            [cluster.binaries.helm, *arguments, "--namespace", NAMESPACE],
            env=cluster.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    yield run
    run("uninstall", RELEASE, "--ignore-not-found")
    # The API server's finalizer of CRDs waits up to a minute for their objects to go, and then begins anew.
    cluster.kubectl("delete", CRD, "--ignore-not-found", "--wait=true", "--timeout=240s", check=True)


@pytest.fixture
def succeed(on_cluster):
    def run(*arguments):
        done = on_cluster(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def install(succeed, chart):
    def run(*arguments, chart=chart):
        return succeed("install", RELEASE, chart, "--create-namespace", *arguments)

    return run


@pytest.fixture
def upgrade(succeed, chart):
    def run(*arguments):
        return succeed("upgrade", RELEASE, chart, *arguments)

    return run


def reference(manifest):
    metadata = manifest["metadata"]
    namespaced = ["--namespace", metadata["namespace"]] if "namespace" in metadata else []
    return [f"{manifest['kind']}/{metadata['name']}", *namespaced]


def live(cluster, *what):
    done = cluster.kubectl("get", *what, "--output=json")
    return json.loads(done.stdout) if done.returncode == 0 else None


def versions(cluster, manifests):
    found = [live(cluster, *reference(manifest)) for manifest in manifests]
    return [each["metadata"]["resourceVersion"] for each in found]


def apply_sample(cluster, eventually):
    """Apply the notebook's endpoint as soon as its kind is served."""
    eventually(
        lambda: cluster.kubectl("apply", "--namespace", NAMESPACE, "-f", str(REVIEWS)),
        lambda done: done.returncode == 0,
    )


def test_an_installation_brings_every_object_and_says_what_next(cluster, install, default_objects):
    said = install()
    assert "rollout status deployment/sagemaker-ab-operator" in said
    for manifest in default_objects:
        assert live(cluster, *reference(manifest)), reference(manifest)


def test_the_resource_can_be_used_at_once(cluster, install, eventually):
    install()
    apply_sample(cluster, eventually)
    explained = cluster.kubectl("explain", "sagemakerabendpoint.spec.variants.weight", check=True).stdout
    assert "FIELD: weight <integer>" in explained


def test_an_upgrade_without_changes_writes_no_object(cluster, install, upgrade, default_objects):
    install()
    before = versions(cluster, default_objects)
    upgrade()
    assert versions(cluster, default_objects) == before


def test_an_upgrade_changes_the_operators_settings(cluster, install, upgrade):
    install()
    upgrade("--reuse-values", "--set", "aws.region=eu-central-1")
    deployment = live(cluster, f"deployment/{RELEASE}", "--namespace", NAMESPACE)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"name": "AWS_REGION", "value": "eu-central-1"} in container["env"]


def test_an_upgrade_brings_the_new_crd(cluster, chart, install, upgrade, tmp_path):
    """Helm never upgrades what lies in a chart's `crds/`: this chart's CRD is a template for this."""
    older = shutil.copytree(chart, tmp_path / "older")
    crd = yaml.safe_load((older / "files" / "crd.yaml").read_text())
    columns = crd["spec"]["versions"][0].pop("additionalPrinterColumns")
    (older / "files" / "crd.yaml").write_text(yaml.safe_dump(crd))

    def shown():
        version = live(cluster, CRD)["spec"]["versions"][0]
        return [column["name"] for column in version.get("additionalPrinterColumns", [])]

    install(chart=older)
    assert shown() == []
    upgrade()
    assert shown() == [column["name"] for column in columns]


def test_uninstalling_leaves_the_crd_and_its_resources_and_nothing_else(
    cluster, install, succeed, eventually, default_objects
):
    install()
    apply_sample(cluster, eventually)
    succeed("uninstall", RELEASE)
    left = [manifest["kind"] for manifest in default_objects if live(cluster, *reference(manifest))]
    assert left == ["CustomResourceDefinition"]
    assert live(cluster, "sagemakerabendpoint/reviews", "--namespace", NAMESPACE)


def test_an_installation_after_that_takes_the_crd_over(cluster, install, succeed, eventually):
    install()
    apply_sample(cluster, eventually)
    succeed("uninstall", RELEASE)
    install()
    assert live(cluster, "sagemakerabendpoint/reviews", "--namespace", NAMESPACE)


def test_another_release_takes_the_crd_over_only_when_told_to(cluster, install, on_cluster, succeed, chart):
    """The CRD that stayed remembers its release; helm/README.md names both ways on."""
    install()
    succeed("uninstall", RELEASE)
    refused = on_cluster("install", "other", chart)
    assert refused.returncode != 0
    assert "invalid ownership metadata" in refused.stderr

    succeed("install", "other", chart, "--set", "crds.install=false")
    assert live(cluster, CRD)["metadata"]["annotations"]["meta.helm.sh/release-name"] == RELEASE
    succeed("uninstall", "other")
    succeed("install", "other", chart, "--take-ownership")
    assert live(cluster, CRD)["metadata"]["annotations"]["meta.helm.sh/release-name"] == "other"
    succeed("uninstall", "other")


def test_uninstalling_takes_the_crd_along_when_asked(cluster, install, succeed, eventually):
    install("--set", "crds.keep=false")
    succeed("uninstall", RELEASE)
    eventually(lambda: live(cluster, CRD), lambda crd: crd is None)


def test_a_second_release_for_other_namespaces_installs_beside_the_first(install, on_cluster, chart):
    install("--set", "watchNamespaces={default}")
    others = "crds.install=false,rbac.aggregateRoles=false,watchNamespaces={kube-public}"
    second = on_cluster("install", "second", chart, "--set", others)
    assert second.returncode == 0, second.stderr
    on_cluster("uninstall", "second")


def asking(verb, resource, *, group="", name="", namespace="", subresource=""):
    return {
        "verb": verb,
        "group": group,
        "resource": resource,
        "subresource": subresource,
        "name": name,
        "namespace": namespace,
    }


def of_ours(verb, **where):
    return asking(verb, "sagemakerabendpoints", group="sagemaker-ab.dev", **where)


MAY = [
    of_ours("list"),
    of_ours("watch"),
    of_ours("get", namespace="default"),
    of_ours("patch", namespace="default"),
    of_ours("patch", namespace="default", subresource="status"),
    asking("create", "events", namespace="default"),
    asking("get", "namespaces", name="kube-system"),
]
MAY_NOT = [
    of_ours("create", namespace="default"),
    of_ours("delete", namespace="default"),
    asking("get", "namespaces", name="default"),
    asking("list", "namespaces"),
    asking("get", "secrets", namespace="sagemaker-ab-system"),
    asking("get", "pods", namespace="sagemaker-ab-system"),
    asking("list", "customresourcedefinitions", group="apiextensions.k8s.io"),
]


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [*((attributes, True) for attributes in MAY), *((attributes, False) for attributes in MAY_NOT)],
    ids=lambda value: "-".join(filter(None, value.values())) if isinstance(value, dict) else str(value),
)
def test_the_installed_account_may_do_its_work_and_no_more(cluster, installed, attributes, allowed):
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    asked = ("create", "-f", "-", "--validate=false", "--output=json", f"--kubeconfig={installed}")
    answer = cluster.kubectl(*asked, input=json.dumps(review), check=True).stdout
    assert json.loads(answer)["status"]["allowed"] is allowed


@pytest.fixture(scope="module")
def installed(cluster, chart):
    """A kubeconfig with a token of the installed operator's account, in a release of its own name."""
    subprocess.run(
        [
            cluster.binaries.helm,
            "install",
            "permissions",
            chart,
            "--namespace=permissions",
            "--create-namespace",
            "--set=crds.install=false,fullnameOverride=permissions",
        ],
        env=cluster.env,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return cluster.service_account_kubeconfig("permissions", "permissions")
