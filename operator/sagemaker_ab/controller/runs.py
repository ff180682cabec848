"""Follows the run of a resource: what it reads, what it decides, and what this process remembers of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.run_minutes import RunMinutesMonitor
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.desired import Desired, with_traffic
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.run_minutes import RunQueries, metrics_of_policy
from sagemaker_ab.planning.runs.commands import refuse_commands
from sagemaker_ab.planning.runs.follow import follow_run
from sagemaker_ab.planning.runs.identity import core_hash, run_tag
from sagemaker_ab.planning.runs.situation import NewMinutes, Situation
from sagemaker_ab.planning.status import Gathered
from sagemaker_ab.planning.steps import Step, StepKind
from sagemaker_ab.planning.switch import changes_content
from sagemaker_ab.traffic.strategies.registry import strategy_of

_MOVES_WEIGHTS = {StepKind.SHIFT_WEIGHTS, StepKind.UPDATE_ENDPOINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFollower:
    """Follows the run of one resource in one reconcile.

    `before` is what status says of the run. `commands` are the annotations that steer it, by the name of the
    command. `stays_because` is not empty if the candidate must not get more traffic now.
    """

    key: Key
    memory: Memory
    monitor: RunMinutesMonitor
    before: TrafficStatus | None
    commands: Mapping[str, str]
    stays_because: str = ""

    def follow(
        self, spec: EndpointSpec, clients: AwsClients, wanted: Desired, observed: Observed
    ) -> tuple[Desired, TrafficStatus]:
        """Return the desired state with the traffic that is intended now, and what status says of it."""
        policy = spec.traffic.policy
        if policy is None:
            self.memory.run = None
            self.monitor.forget(self.key)
            return _without_run_tag(wanted, observed), self._without_run(spec, observed)
        found = self._situation(policy, spec, wanted, observed)
        followed = follow_run(self.before, self.memory.run, found)
        self.memory.run = followed.live
        if followed.live is None:
            self.monitor.forget(self.key)
        else:
            metrics = metrics_of_policy(policy, found.roles)
            queries = RunQueries(endpoint_name=wanted.endpoint_name, metrics=metrics)
            live = followed.live
            self.monitor.watch(self.key, clients, queries, first=live.first, serving=live.history.serving)
        return with_traffic(wanted, followed.traffic), followed.status

    def _situation(
        self, policy: Stepped, spec: EndpointSpec, wanted: Desired, observed: Observed
    ) -> Situation:
        variants = tuple(variant.name for variant in spec.variants)
        endpoint = observed.endpoint
        ours = endpoint if endpoint is not None and wanted.owner.owns(endpoint.tags) else None
        content = {variant.name: variant.deployed for variant in wanted.variants}
        read = self.monitor.newest(self.key)
        minutes = (
            None
            if read is None
            else NewMinutes(counts=read.counts, first=read.first, until=read.until, data=read.data)
        )
        return Situation(
            policy=policy,
            roles=strategy_of(policy, variants).roles,
            core="" if wanted.unresolved else core_hash(policy, content),
            variants=variants,
            deployed=ours is not None and not ours.pending_config_name and observed.deploys(wanted),
            endpoint=ours,
            read_at=observed.read_at,
            now=observed.now,
            minutes=minutes,
            commands=self.commands,
            changing=frozenset(name for name in variants if changes_content(wanted, observed, name)),
            autoscaled=frozenset(variant.name for variant in wanted.variants if variant.scaling),
            stays_because=self.stays_because,
        )

    def _without_run(self, spec: EndpointSpec, observed: Observed) -> TrafficStatus:
        """Return the status under the strategy Manual, which has no run that commands could be for."""
        commands = refuse_commands(
            tuple(self.before.commands or ()) if self.before else (),
            self.commands,
            now=observed.now,
            why="The strategy Manual has no runs.",
        )
        return TrafficStatus(strategy=spec.traffic.strategy, commands=list(commands) or None)


def _without_run_tag(wanted: Desired, observed: Observed) -> Desired:
    """Let the endpoint remember no run, only the attempt, while the spec has the weights.

    A later run must not continue the one before, which knows nothing of the weights since then.
    """
    endpoint = observed.endpoint
    tag = run_tag(endpoint.tags) if endpoint is not None else None
    if tag is None:
        return wanted
    return replace(wanted, traffic=replace(wanted.traffic, run_tag=tag.attempt_only.encode()))


def before_sent(memory: Memory, gathered: Gathered, step: Step) -> Gathered:
    """Record in the run that a write is about to be sent that may move weights.

    No minute counts with verified weights until reads show what has become of it.
    """
    live, now = memory.run, gathered.observed.now
    if live is None or step.kind not in _MOVES_WEIGHTS:
        return gathered
    operation = step.commands[-1].operation
    if not memory.unsent(step.commands, now) or memory.in_flight(operation, now):
        return gathered
    live.history = live.history.call_sent(now)
    live.record = live.saved(live.record)
    return replace(gathered, traffic=live.record.to_status())
