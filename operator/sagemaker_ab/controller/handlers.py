"""The only module that uses kopf: `kopf run -m sagemaker_ab.controller.handlers`.

The only resource handler is `on.event`, and it only enqueues keys. It costs no patch, no finalizer and no
annotation. Every other kind of handler costs one to three writes for each object and three to nine times the
CPU, an index takes 224 CPU-seconds to start with 5,000 objects, and the daemon of an object that was deleted
while the operator was down never runs. The operator never acts on what kopf remembers of an object: a
reconcile begins by reading it again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import kopf

from sagemaker_ab.api.resource import ANNOTATIONS, FINALIZER, GROUP, PLURAL, VERSION
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.context import Services
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.controller.reconcile import Reconciler
from sagemaker_ab.controller.region_ticks import RegionTicks
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.controller.scaling_activities import ScalingActivitiesMonitor
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.controller.workers import Workers
from sagemaker_ab.kube import in_cluster
from sagemaker_ab.kube.client import KubeClient, NotFound, connect
from sagemaker_ab.kube.events import EventRecorder
from sagemaker_ab.kube.keys import Key

_SERVER_TIMEOUT_SECONDS = 300
_CLIENT_TIMEOUT_SECONDS = 310
_MONITOR_BACKOFF = Backoff(first=30.0, slowest=900.0)


@kopf.on.login()
def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Use the pod's ServiceAccount, or else the kubeconfig; kopf uses no proxy from the environment."""
    if not in_cluster.in_pod():
        return kopf.login_with_kubeconfig(**kwargs)
    settings = in_cluster.configuration()
    return kopf.ConnectionInfo(
        server=settings.host,
        ca_path=settings.ssl_ca_cert,
        token=in_cluster.token(),
        default_namespace=in_cluster.namespace(),
    )


@kopf.on.startup()
async def start(memo: kopf.Memo, settings: kopf.OperatorSettings, **_: Any) -> None:
    ours = Settings.from_environment()
    _configure(settings, Backoff(first=ours.retry_seconds, slowest=ours.resync_seconds))
    kube = connect()
    await asyncio.to_thread(_check_crd_installed, kube)
    metrics = MetricsMonitor(backoff=_MONITOR_BACKOFF.seconds)
    scaling_activities = ScalingActivitiesMonitor(
        interval_seconds=ours.scaling_activities_seconds, backoff=_MONITOR_BACKOFF.seconds
    )
    run_minutes = RunMinutesMonitor(backoff=_run_minutes_backoff(ours).seconds)
    reconciler = Reconciler(
        Services(
            kube=kube,
            aws=AwsSession(),
            observer=DirectObserver(),
            garbage=GarbageLister(),
            events=EventRecorder(kube),
            metrics=metrics,
            scaling_activities=scaling_activities,
            run_minutes=run_minutes,
            settings=ours,
            cluster_id=ours.cluster_id or await asyncio.to_thread(kube.cluster_uid),
        )
    )
    memo.seen, memo.regions = {}, {}
    memo.workers = Workers(
        reconciler.reconcile,
        report_unexpected=reconciler.report_unexpected,
        region_of=lambda key: memo.regions.get(key, ""),
        workers=ours.workers,
    )
    memo.ticks = [
        asyncio.create_task(_tick(monitor.tick, memo.workers, ours.metrics_tick_seconds))
        for monitor in (metrics, scaling_activities)
    ]
    memo.region_ticks = RegionTicks(run_minutes, memo.workers.enqueue, seconds=ours.run_minutes_seconds)
    memo.ticks.append(asyncio.create_task(memo.region_ticks.run()))


def _run_minutes_backoff(settings: Settings) -> Backoff:
    """Return gaps of 30 seconds to 5 minutes by default.

    They are short, because harm that a run causes is found only after CloudWatch was read again.
    """
    interval = settings.run_minutes_seconds
    return Backoff(first=interval / 2, slowest=interval * 5)


def _check_crd_installed(kube: KubeClient) -> None:
    """End the process, to be restarted, while the CRD is missing: kopf looks for it only once."""
    try:
        kube.check_served()
    except NotFound as error:
        message = f"The CRD {PLURAL}.{GROUP} is not installed: {error}. Install it; the operator then starts."
        raise kopf.PermanentError(message) from error


def _configure(settings: kopf.OperatorSettings, backoff: Backoff) -> None:
    # If this were our own finalizer, kopf would remove it, since no handler needs one.
    settings.persistence.finalizer = f"{GROUP}/unused-by-kopf"
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = _SERVER_TIMEOUT_SECONDS
    settings.watching.client_timeout = _CLIENT_TIMEOUT_SECONDS
    settings.watching.connect_timeout = 10
    settings.networking.request_timeout = 30
    # Without end: after the last gap kopf ends the process. One namespace whose RoleBinding was deleted would
    # end the operator for all others.
    settings.networking.error_backoffs = backoff
    for chatty in ("aiohttp.access", "botocore", "kopf.activities.probe", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


async def _tick(tick: Callable[[], Iterable[Key]], workers: Workers, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            due = await asyncio.to_thread(tick)
        except Exception:
            logging.getLogger(__name__).exception(
                "Metrics or scaling activities could not be read; this is a bug"
            )
            continue
        for key in due:
            workers.enqueue(key)


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    for ticks in memo.ticks:
        ticks.cancel()
    memo.region_ticks.close()
    await memo.workers.close()


@kopf.on.probe(id="resources")
def count_resources(memo: kopf.Memo, **_: Any) -> int:
    return len(memo.seen)


@kopf.on.probe(id="secondsSinceLastReconcile")
def report_idle_seconds(memo: kopf.Memo, **_: Any) -> float:
    """Grow without bound if there are resources and no reconcile ends any more."""
    workers: Workers = memo.workers
    return round(workers.idle_seconds, 1)


@kopf.on.event(GROUP, VERSION, PLURAL)
async def enqueue(
    type: str | None,  # noqa: A002 - kopf's name
    meta: kopf.Meta,
    spec: kopf.Spec,
    status: kopf.Status,
    memo: kopf.Memo,
    **_: Any,
) -> None:
    """Enqueue the key if anything changed that a reconcile would act upon.

    A removed finalizer counts: `kubectl replace` removes it without a new generation.
    """
    key = Key(meta["namespace"], meta["name"])
    mark = (
        meta["uid"],
        meta["generation"],
        meta.get("deletionTimestamp"),
        tuple(meta.annotations.get(key) for key in ANNOTATIONS),
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
    memo.workers.enqueue(key, urgent=True)
