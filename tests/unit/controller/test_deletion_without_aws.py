"""A deletion that needs nothing of AWS, and one that does not know where its endpoint is."""

import json

import pytest

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, REGION
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.context import Services
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.controller.scaling_activities import ScalingActivitiesMonitor
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.events import EventRecorder
from tests.integration.stage import SCALING, endpoint, held, settled
from tests.property.cluster_of_one import KEY, ClusterOfOne
from tests.unit.planning.worlds import spec

POLL, RESYNC = 10.0, 60.0
"""Seconds, by default."""


def calls(operator):
    return len(operator.sim.calls())


def retained(**status):
    operator = settled({**SCALING, "deletionPolicy": "Retain"})
    operator.cluster.resource["status"] |= status
    operator.cluster.delete()
    return operator


def test_retain_releases_the_finalizer_without_a_call_and_without_an_event():
    operator = retained()
    before, events = calls(operator), len(operator.cluster.events)

    assert operator.step() is None
    assert operator.cluster.resource is None
    assert calls(operator) == before
    assert len(operator.cluster.events) == events
    assert endpoint(operator)["status"] == "InService"
    assert len(held(operator, "models")) == 2


def test_retain_hands_the_autoscaling_that_an_update_has_released_to_the_user():
    content = json.dumps({"MinCapacity": 1, "MaxCapacity": 4})
    operator = retained(
        releasedScaling=[{"name": "VariantB", "content": content, "since": "2026-01-01T00:00:00Z"}]
    )
    operator.step()

    event = operator.cluster.events[-1]
    assert (event["type"], event["reason"]) == ("Warning", "NotRestored")
    assert event["message"] == (
        f"Autoscaling of VariantB is deregistered for an update and stays so: {content}"
    )


def test_without_a_known_account_nothing_is_read_and_the_way_out_is_named():
    operator = settled(spec())
    operator.cluster.delete()
    operator.cluster.replace(annotations=False)
    operator.cluster.set_status()
    before = calls(operator)

    assert POLL < operator.step() <= RESYNC
    assert calls(operator) == before
    assert FINALIZER in operator.cluster.resource["metadata"]["finalizers"]
    stalled = operator.conditions["Stalled"]
    assert stalled.startswith("True LocationChanged: the AWS account of the endpoint is not known")
    assert f"Set the annotations {ACCOUNT} and {REGION}" in stalled
    assert "spec.deletionPolicy to Retain" in stalled


def test_in_another_account_nothing_is_looked_for():
    operator = settled(spec())
    operator.cluster.delete()
    operator.cluster.annotate(**{ACCOUNT: "999999999999"})
    before = [call["operation"] for call in operator.sim.calls()]

    assert POLL < operator.step() <= RESYNC
    assert [call["operation"] for call in operator.sim.calls()][len(before) :] in ([], ["GetCallerIdentity"])
    assert operator.conditions["Stalled"].startswith(
        "True LocationChanged: the endpoint was created in account 999999999999"
    )


@pytest.fixture
def without_region(monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


class Elsewhere:
    """A deleted resource, and an operator that cannot reach its endpoint."""

    def __init__(self, *, pins, **settings):
        self.time = 0.0
        self.cluster = ClusterOfOne()
        self.cluster.apply(spec())
        self.cluster.pin(self.cluster.resource, pins)
        self.cluster.delete()
        self.reconciler = Reconciler(
            Services(
                kube=self.cluster,
                aws=AwsSession(),
                observer=DirectObserver(),
                garbage=GarbageLister(),
                events=EventRecorder(self.cluster),
                metrics=MetricsMonitor(backoff=Backoff(30.0, 900.0).seconds, local_clock=lambda: self.time),
                scaling_activities=ScalingActivitiesMonitor(
                    interval_seconds=600.0,
                    backoff=Backoff(30.0, 900.0).seconds,
                    local_clock=lambda: self.time,
                ),
                run_minutes=RunMinutesMonitor(
                    backoff=Backoff(30.0, 300.0).seconds, local_clock=lambda: self.time
                ),
                settings=Settings(**settings),
                cluster_id="cluster-1",
                local_clock=lambda: self.time,
            )
        )

    def step(self):
        return self.reconciler.reconcile(KEY)

    @property
    def stalled(self):
        conditions = {each["type"]: each for each in self.cluster.resource["status"]["conditions"]}
        return conditions["Stalled"]["reason"], conditions["Stalled"]["message"]


@pytest.mark.usefixtures("without_region")
def test_without_a_region_the_deletion_waits_and_says_so():
    operator = Elsewhere(pins={ACCOUNT: "123456789012"})

    assert POLL < operator.step() <= RESYNC
    reason, message = operator.stalled
    assert reason == "NoRegion"
    assert "set spec.region, or AWS_REGION for the operator" in message
    assert FINALIZER in operator.cluster.resource["metadata"]["finalizers"]


@pytest.mark.usefixtures("without_region")
@pytest.mark.parametrize("pins", [{}, {ACCOUNT: "123456789012"}], ids=["no account", "no region"])
def test_an_endpoint_that_cannot_be_reached_is_tried_ever_more_slowly(pins):
    operator = Elsewhere(pins=pins, resync_seconds=100_000)

    first, second, third = (operator.step() for _ in range(3))
    assert 60 <= first <= 72
    assert 120 <= second <= 144
    assert 240 <= third <= 288
