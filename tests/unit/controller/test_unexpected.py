"""A reconcile that ends in a bug is reported on the resource."""

from types import SimpleNamespace

import pytest

from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.kube.client import NotFound
from tests.property.cluster_of_one import KEY, ClusterOfOne
from tests.unit.planning.worlds import spec


@pytest.fixture
def cluster():
    return ClusterOfOne()


@pytest.fixture
def services(cluster):
    events = SimpleNamespace(record=lambda *event: cluster.events.append(event))
    return SimpleNamespace(kube=cluster, events=events, local_clock=lambda: 0.0)


def test_a_bug_is_reported_once_with_where_to_read_more(cluster, services):
    cluster.apply(spec())
    for _ in range(3):
        Reconciler(services).report_unexpected(KEY, ZeroDivisionError("of no use to anybody"))

    conditions = {each["type"]: each for each in cluster.resource["status"]["conditions"]}
    assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == ("False", "InternalError")
    assert "ZeroDivisionError" in conditions["Stalled"]["message"]
    assert "see the operator's log" in conditions["Stalled"]["message"]
    assert cluster.status_writes == 1
    assert len(cluster.events) == 1


def test_a_resource_that_is_gone_is_not_reported(services):
    with pytest.raises(NotFound):
        Reconciler(services).report_unexpected(KEY, ZeroDivisionError())
