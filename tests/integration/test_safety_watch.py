"""The safety monitor's watch keeps every version of the resources, from the one that it starts at."""

import json
from pathlib import Path

import pytest
import yaml

from sandbox.safety.intent import ACCOUNT, FIELD_MANAGER, FINALIZER, REGION
from sandbox.safety.kubernetes import ResourceWatch

ROOT = Path(__file__).parents[2]
SAMPLE = yaml.safe_load((ROOT / "manifests" / "samples" / "reviews.yaml").read_text())
NAMESPACE = "safety-watch"
LAG = 0.5


@pytest.fixture(scope="module")
def cluster(control_plane, eventually):
    crd = ROOT / "crds" / "sagemaker-ab.dev_sagemakerabendpoints.yaml"
    control_plane.kubectl("apply", "--server-side", "-f", crd, check=True)
    path = f"/apis/sagemaker-ab.dev/v1alpha1/namespaces/{NAMESPACE}/sagemakerabendpoints"
    eventually(lambda: control_plane.kubectl("get", "--raw", path).returncode, lambda code: code == 0)
    control_plane.kubectl("create", "namespace", NAMESPACE, check=True)
    return control_plane


def test_each_version_is_kept_with_the_time_from_which_it_may_have_been_current(cluster, eventually):
    def kubectl(*arguments, **options):
        return cluster.kubectl(*arguments, f"--namespace={NAMESPACE}", check=True, **options)

    kubectl("create", "-f", "-", input=json.dumps(SAMPLE))
    watch = ResourceWatch(cluster, namespace=NAMESPACE, lag=LAG)
    kubectl("annotate", "smab", "reviews", "sagemaker-ab.dev/force-weights=1")
    kubectl("patch", "smab", "reviews", "--type=merge", '--patch={"spec": {"deletionPolicy": "Retain"}}')
    kubectl("delete", "smab", "reviews")
    eventually(lambda: watch.versions[-1].gone)
    watch.close()

    first, annotated, patched, deleted = watch.versions
    assert (first.earliest, first.intent.generation, first.intent.forced) == (0.0, 1, False)
    assert annotated.intent.forced
    assert (patched.intent.generation, patched.intent.retained) == (2, True)
    assert deleted.gone
    assert annotated.latest - annotated.earliest == pytest.approx(LAG)
    assert first.latest < annotated.latest <= patched.latest <= deleted.latest


def test_the_watch_tells_what_the_operator_has_set_from_what_others_have(cluster, eventually):
    def patch(manager, metadata):
        cluster.kubectl(
            *("patch", "smab", "pinned", "--type=merge", f"--namespace={NAMESPACE}"),
            f"--field-manager={manager}",
            f"--patch={json.dumps({'metadata': metadata})}",
            check=True,
        )

    sample = SAMPLE | {"metadata": {"name": "pinned"}}
    cluster.kubectl("create", "-f", "-", f"--namespace={NAMESPACE}", input=json.dumps(sample), check=True)
    watch = ResourceWatch(cluster, namespace=NAMESPACE, lag=LAG)
    patch("person", {"annotations": {ACCOUNT: "999999999999"}})
    patch(FIELD_MANAGER, {"annotations": {REGION: "us-east-1"}})
    patch(FIELD_MANAGER, {"annotations": {ACCOUNT: "123456789012"}, "finalizers": [FINALIZER]})
    patch("person", {"annotations": {ACCOUNT: "999999999999"}, "finalizers": None})
    eventually(lambda: len(watch.versions) == 5)
    watch.close()
    cluster.kubectl("delete", "smab", "pinned", f"--namespace={NAMESPACE}", check=True)

    assert [version.set_by_operator for version in watch.versions] == [
        frozenset(),
        frozenset(),
        {REGION},
        {REGION, ACCOUNT, FINALIZER},
        {REGION},
    ]


def test_a_watch_that_is_closed_twice_is_closed(cluster):
    watch = ResourceWatch(cluster, namespace=NAMESPACE, lag=0.0)
    watch.close()
    watch.close()

    assert watch.versions == []
