"""Plays scripts of rollouts at once, on one operator between a real API server and a simulated AWS."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kubernetes import client

from sandbox.cluster.cluster import Cluster
from sandbox.safety.bounds import Bounds
from tests.e2e.operator_process import Operator
from tests.e2e.paced_aws import PacedAws
from tests.e2e.reviews import KIND, Manifest, Reviews, readable
from tests.e2e.rollouts import Rollout, Script

SETTINGS: Mapping[str, float] = {
    "SAGEMAKER_AB_RESYNC_SECONDS": 0.12,
    "SAGEMAKER_AB_POLL_SECONDS": 0.1,
    "SAGEMAKER_AB_RETRY_SECONDS": 0.01,
    "SAGEMAKER_AB_REFUSED_RETRY_SECONDS": 0.12,
    "SAGEMAKER_AB_METRICS_TICK_SECONDS": 0.3,
    "SAGEMAKER_AB_RUN_MINUTES_SECONDS": 0.05,
    "SAGEMAKER_AB_WORKERS": 1,
}
"""Intervals on the local clock, and one reconcile at a time: see `PacedAws.follow`."""

BOUNDS = Bounds.of_processes(
    speed=250.0,
    retry=SETTINGS["SAGEMAKER_AB_RETRY_SECONDS"],
    refused_retry=SETTINGS["SAGEMAKER_AB_REFUSED_RETRY_SECONDS"],
    resync=SETTINGS["SAGEMAKER_AB_RESYNC_SECONDS"],
)
"""How long such an operator may take: a step of AWS's clock is as long as a moment at such a speed."""
DEFAULT_REGION = "us-east-1"


class Played:
    """Rollouts by the names of their scripts. One whose script failed fails whoever looks at it."""

    def __init__(self) -> None:
        self.rollouts: dict[str, Rollout] = {}
        self.failures: dict[str, AssertionError] = {}

    def __getitem__(self, name: str) -> Rollout:
        if name in self.failures:
            raise AssertionError(f"the script {name} failed") from self.failures[name]
        return self.rollouts[name]


class Undisturbed:
    """What happens to the operator while scripts are played: nothing."""

    def meanwhile(self) -> bool:
        """Called often while the operator follows a step; return whether another operator was started."""
        return False

    def seen(self, rollout: Rollout) -> bool:
        """Called when the operator has followed; return whether another operator was started."""
        del rollout
        return False


class RolloutStage:
    """An operator that runs in a namespace, and its AWS."""

    def __init__(
        self,
        cluster: Cluster,
        api: client.ApiClient,
        namespace: str,
        aws: PacedAws,
        eventually: Callable[..., Any],
    ) -> None:
        self.aws = aws
        self._new_resource = lambda name: Reviews(cluster, api, namespace, eventually, name)
        group, version, plural = KIND
        resources = client.CustomObjectsApi(api)
        self._list = partial(resources.list_namespaced_custom_object, group, version, namespace, plural)

    def play(
        self,
        scripts: Mapping[str, Script],
        *,
        regions: Mapping[str, str] = MappingProxyType({}),
        disturbance: Undisturbed | None = None,
    ) -> Played:
        """Play scripts until each has ended. A resource has the name of its script; `regions` are by name."""
        played, running, disturbance = Played(), {}, disturbance or Undisturbed()
        for name, script in scripts.items():
            rollout = Rollout(self._new_resource(name), self.aws, regions.get(name, DEFAULT_REGION))
            played.rollouts[name] = rollout
            running[name] = script(rollout)
        while running:
            for name in list(running):
                try:
                    next(running[name])
                except StopIteration:
                    del running[name]
                except AssertionError as failure:
                    played.failures[name] = failure
                    del running[name]
                if name not in running:
                    played.rollouts[name].close()
            self._step([played.rollouts[name] for name in running], disturbance)
        return played

    def _step(self, rollouts: Collection[Rollout], disturbance: Undisturbed) -> None:
        """Let the operator follow what scripts have done, and then a step of the clock."""
        following: dict[str, Any] = {
            "endpoints": [rollout.name for rollout in rollouts],
            "regions": {rollout.region for rollout in rollouts if rollout.reads_minutes},
            "meanwhile": disturbance.meanwhile,
        }
        if any(rollout.acted for rollout in rollouts):
            self.aws.follow(**{**following, "regions": ()})
        self.aws.step(**following)
        found = {live["metadata"]["name"]: live for live in self._listed()}
        for rollout in rollouts:
            rollout.acted = False
            rollout.observe(found[rollout.name])
            if disturbance.seen(rollout):
                self.aws.follow(**following)

    def forget(self) -> None:
        """Take all resources away whatever they wait for, as no operator will any more."""
        for live in self._listed():
            self._new_resource(live["metadata"]["name"]).forget()

    def _listed(self) -> list[Manifest]:
        return [readable(each) for each in self._list()["items"]]


NewRolloutStage = Callable[[Path], AbstractContextManager[tuple[RolloutStage, Operator]]]
"""Sets up a stage, and an operator for it that is not started yet; its logs go into a directory."""
