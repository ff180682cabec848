"""kopf at one place, and all of it: `kopf run -m sagemaker_ab.controller.handlers`.

Only `on.event` is used, and it only hands keys on. It costs no patch, no finalizer and no annotation, while
every other kind of handler costs one to three writes for each object and three to nine times the CPU; an
index takes 224 CPU-seconds to start with 5,000 objects, and a daemon of an object deleted while the operator
was down never runs. What kopf remembers of an object is never acted upon: a pass begins by reading it anew.
"""

import asyncio
import logging
from functools import partial
from typing import Any

import kopf

from sagemaker_ab.api.resource import FINALIZER, GROUP, PLURAL, RECONCILE_REQUESTED_AT, VERSION
from sagemaker_ab.aws.garbage import Inventory
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.mishap import tell_mishap
from sagemaker_ab.controller.monitoring import Key, MetricsBook
from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.controller.services import Services
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.controller.workers import Keeper
from sagemaker_ab.kube.client import KubeClient, NotFound, connect
from sagemaker_ab.kube.events import EventRecorder

_SERVER_TIMEOUT_SECONDS = 300
_CLIENT_TIMEOUT_SECONDS = 310


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Use the pod's ServiceAccount, or else the kubeconfig."""
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


@kopf.on.startup()
async def start(memo: kopf.Memo, settings: kopf.OperatorSettings, **_: Any) -> None:
    _configure(settings)
    ours = Settings.from_environment()
    kube = connect()
    await asyncio.to_thread(_expect_the_kind, kube)
    metrics = MetricsBook()
    services = Services(
        kube=kube,
        aws=AwsSession(),
        observer=DirectObserver(),
        inventory=Inventory(),
        events=EventRecorder(kube),
        metrics=metrics,
        settings=ours,
        cluster_id=ours.cluster_id or await asyncio.to_thread(kube.cluster_uid),
    )
    memo.seen, memo.regions = {}, {}
    memo.keeper = Keeper(
        Reconciler(services).reconcile,
        tell_mishap=partial(tell_mishap, services),
        region_of=lambda key: memo.regions.get(key, ""),
        workers=ours.workers,
    )
    memo.ticks = asyncio.create_task(_tick(metrics, memo.keeper, ours.metrics_tick_seconds))


def _expect_the_kind(kube: KubeClient) -> None:
    """End the process, to be started again, while there is no CRD: kopf looks for it only once."""
    try:
        kube.check_served()
    except NotFound as error:
        message = f"The CRD {PLURAL}.{GROUP} is not installed: {error}; the operator cannot work without it"
        raise kopf.PermanentError(message) from error


def _configure(settings: kopf.OperatorSettings) -> None:
    # Were this our own finalizer, kopf would strip it, having no handler that needs one.
    settings.persistence.finalizer = f"{GROUP}/unused-by-kopf"
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = _SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = _CLIENT_TIMEOUT_SECONDS
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    for chatty in ("aiohttp.access", "botocore", "kopf.activities.probe", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


async def _tick(metrics: MetricsBook, keeper: Keeper, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            due = await asyncio.to_thread(metrics.tick)
        except Exception:
            logging.getLogger(__name__).exception("Metrics could not be read; this is a bug")
            continue
        for key in due:
            keeper.enqueue(key)


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    memo.ticks.cancel()
    await memo.keeper.close()


@kopf.on.probe(id="resources")
def count_resources(memo: kopf.Memo, **_: Any) -> int:
    return len(memo.seen)


@kopf.on.probe(id="secondsSinceNewestPass")
def tell_idleness(memo: kopf.Memo, **_: Any) -> float:
    """Grow without end where resources are and no pass ends any more."""
    keeper: Keeper = memo.keeper
    return round(keeper.idle_seconds, 1)


@kopf.on.event(GROUP, VERSION, PLURAL)
async def notice(
    type: str | None,  # noqa: A002 - kopf's name
    meta: kopf.Meta,
    spec: kopf.Spec,
    status: kopf.Status,
    memo: kopf.Memo,
    **_: Any,
) -> None:
    """Hand the key to the keeper when anything changed that a pass would act upon.

    A finalizer taken away counts: `kubectl replace` does that without a new generation.
    """
    key: Key = meta["namespace"], meta["name"]
    mark = (
        meta["uid"],
        meta["generation"],
        meta.get("deletionTimestamp"),
        meta.annotations.get(RECONCILE_REQUESTED_AT),
        FINALIZER in meta.get("finalizers", ()),
    )
    memo.regions[key] = status.get("region") or spec.get("region") or ""
    if type == "DELETED":
        memo.seen.pop(key, None)
        memo.regions.pop(key, None)
    elif memo.seen.get(key) == mark:
        return
    else:
        memo.seen[key] = mark
    memo.keeper.enqueue(key, urgent=True)
