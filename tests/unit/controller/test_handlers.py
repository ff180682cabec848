"""Which changes of a resource lead to a reconcile at once."""

import asyncio

import kopf
import pytest

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, FORCE_WEIGHTS, RECONCILE_REQUESTED_AT, REGION
from sagemaker_ab.controller.handlers import enqueue
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
