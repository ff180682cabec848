"""Which changes of a resource lead to a reconcile at once, and how kopf is set up."""

import asyncio
import itertools
import logging

import kopf
import pytest

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, FORCE_WEIGHTS, RECONCILE_REQUESTED_AT, REGION
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.handlers import (
    _configure,
    _run_minutes_backoff,
    count_resources,
    enqueue,
    report_idle_seconds,
)
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.keys import Key


class Queue:
    """Takes down which keys are enqueued."""

    def __init__(self):
        self.keys = []

    def enqueue(self, key, *, urgent):
        assert urgent
        self.keys.append(key)


@pytest.fixture
def memo():
    return kopf.Memo(seen={}, regions={}, workers=Queue())


def resource(*, annotations=(), **metadata):
    return {
        "metadata": {
            "namespace": "ml",
            "name": "reviews",
            "uid": "uid-1",
            "generation": 1,
            "finalizers": [FINALIZER],
            "annotations": dict(annotations),
            **metadata,
        },
        "spec": {},
        "status": {},
    }


def seen(memo, raw, kind="MODIFIED"):
    """Return how often the resource was enqueued since the last time."""
    body = kopf.Body(raw)
    memo.workers.keys.clear()
    asyncio.run(enqueue(type=kind, meta=body.meta, spec=body.spec, status=body.status, memo=memo))
    assert set(memo.workers.keys) <= {Key("ml", "reviews")}
    return len(memo.workers.keys)


def test_a_resource_is_enqueued_when_it_is_first_seen_and_not_for_its_status(memo):
    assert seen(memo, resource(), kind=None) == 1
    assert seen(memo, resource() | {"status": {"summary": "A=100%"}}) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"generation": 2},
        {"uid": "uid-2"},
        {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        {"finalizers": []},
        {"annotations": {RECONCILE_REQUESTED_AT: "now"}},
        {"annotations": {FORCE_WEIGHTS: "1"}},
        {"annotations": {ACCOUNT: "123456789012"}},
        {"annotations": {REGION: "eu-west-1"}},
    ],
    ids=lambda changes: next(iter(changes.get("annotations", changes))),
)
def test_a_change_that_a_reconcile_acts_upon_enqueues_it(memo, changes):
    seen(memo, resource())

    assert seen(memo, resource(**changes)) == 1


def test_a_resource_that_is_gone_is_enqueued_once_more_to_be_forgotten(memo):
    seen(memo, resource())

    assert seen(memo, resource(), kind="DELETED") == 1
    assert memo.seen == {}


def test_the_region_of_a_resource_is_that_of_its_status_or_else_of_its_spec(memo):
    key = Key("ml", "reviews")
    seen(memo, resource())
    assert memo.regions[key] == ""

    seen(memo, resource() | {"spec": {"region": "eu-west-1"}})
    assert memo.regions[key] == "eu-west-1"

    seen(memo, resource() | {"spec": {"region": "eu-west-1"}, "status": {"region": "us-east-1"}})
    assert memo.regions[key] == "us-east-1"

    seen(memo, resource(), kind="DELETED")
    assert memo.regions == {}


# kopf


@pytest.fixture
def levels():
    """Restore the levels of the loggers that are made quiet."""
    loggers = [logging.getLogger(name) for name in QUIET]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


QUIET = ("aiohttp.access", "botocore", "kopf.activities.probe", "kopf.objects")


@pytest.mark.usefixtures("levels")
def test_kopf_writes_nothing_of_its_own_and_asks_again_without_end():
    settings = kopf.OperatorSettings()
    backoff = Backoff(first=5.0, slowest=60.0)
    _configure(settings, backoff)

    assert settings.persistence.finalizer == "sagemaker-ab.dev/unused-by-kopf" != FINALIZER
    assert settings.posting.enabled is False
    assert settings.scanning.disabled is True
    assert len([*itertools.islice(settings.networking.error_backoffs, 1000)]) == 1000


@pytest.mark.usefixtures("levels")
def test_kopf_ends_a_watch_before_it_gives_up_on_the_server():
    settings = kopf.OperatorSettings()
    _configure(settings, Backoff(first=5.0, slowest=60.0))

    assert settings.watching.server_timeout == 300
    assert settings.watching.client_timeout == 310
    assert settings.watching.connect_timeout == 10
    assert settings.networking.request_timeout == 30


@pytest.mark.usefixtures("levels")
def test_loggers_that_say_much_are_limited_to_warnings():
    _configure(kopf.OperatorSettings(), Backoff(first=5.0, slowest=60.0))

    assert [logging.getLogger(name).level for name in QUIET] == [logging.WARNING] * 4


def test_probes_show_the_resources_and_how_long_no_reconcile_has_ended(memo):
    seen(memo, resource())
    memo.workers.idle_seconds = 12.34

    assert count_resources(memo=memo) == 1
    assert report_idle_seconds(memo=memo) == 12.3


@pytest.mark.parametrize(("interval", "first", "slowest"), [(60.0, 30.0, 300.0), (0.2, 0.1, 1.0)])
def test_minutes_that_cannot_be_read_are_retried_by_the_interval_of_their_reads(interval, first, slowest):
    backoff = _run_minutes_backoff(Settings(run_minutes_seconds=interval))
    assert backoff == Backoff(first=first, slowest=slowest)
