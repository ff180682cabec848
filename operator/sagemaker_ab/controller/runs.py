"""Follows the run of a resource: what it reads, what it decides, and what this process remembers of it."""

from dataclasses import replace

from sagemaker_ab.api.resource import RUN_COMMANDS
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.planning.desired import Desired, with_traffic
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.run_minutes import RunQueries, metrics_of_policy
from sagemaker_ab.planning.runs.commands import refuse_commands
from sagemaker_ab.planning.runs.follow import follow_run
from sagemaker_ab.planning.runs.identity import core_hash
from sagemaker_ab.planning.runs.situation import NewMinutes, Situation
from sagemaker_ab.planning.status import Gathered
from sagemaker_ab.planning.steps import Step, StepKind
from sagemaker_ab.traffic.strategies.registry import strategy_of

_MOVES_WEIGHTS = {StepKind.SHIFT_WEIGHTS, StepKind.UPDATE_ENDPOINT}


def follow(
    context: ReconcileContext, spec: EndpointSpec, clients: AwsClients, wanted: Desired, observed: Observed
) -> tuple[Desired, TrafficStatus]:
    """Return the desired state with the traffic that is intended now, and what status says of it."""
    found = _situation(context, spec, wanted, observed)
    if found is None:
        context.memory.run = None
        context.services.run_minutes.forget(context.key)
        return wanted, _without_run(context, spec, observed)
    followed = follow_run(context.status.traffic, context.memory.run, found)
    context.memory.run = followed.live
    if followed.live is None:
        context.services.run_minutes.forget(context.key)
    else:
        queries = RunQueries(
            endpoint_name=wanted.endpoint_name,
            variants=found.roles.variants,
            metrics=metrics_of_policy(found.policy),
        )
        context.services.run_minutes.watch(context.key, clients, queries, first=followed.live.first)
    return with_traffic(wanted, followed.traffic), followed.status


def before_sent(context: ReconcileContext, gathered: Gathered, step: Step) -> Gathered:
    """Record in the run that a write is about to be sent that may move weights.

    No minute counts with verified weights until reads show what has become of it.
    """
    live, now = context.memory.run, gathered.observed.now
    if live is None or step.kind not in _MOVES_WEIGHTS:
        return gathered
    operation = step.commands[-1].operation
    if not context.memory.unsent(step.commands, now) or context.memory.in_flight(operation, now):
        return gathered
    live.history = live.history.call_sent(now)
    live.record = live.saved(live.record)
    return replace(gathered, traffic=live.record.to_status())


def _situation(
    context: ReconcileContext, spec: EndpointSpec, wanted: Desired, observed: Observed
) -> Situation | None:
    """Return what decides about the run; None under the strategy Manual."""
    policy = spec.traffic.policy
    if policy is None:
        return None
    variants = tuple(variant.name for variant in spec.variants)
    endpoint = observed.endpoint
    ours = endpoint if endpoint is not None and wanted.owner.owns(endpoint.tags) else None
    content = {variant.name: variant.deployed for variant in wanted.variants}
    read = context.services.run_minutes.newest(context.key)
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
        commands=_commands(context),
        autoscaled=frozenset(variant.name for variant in wanted.variants if variant.scaling),
    )


def _commands(context: ReconcileContext) -> dict[str, str]:
    """Return the values of the annotations that steer a run, by the name of the command."""
    found = {command: context.annotation(key) for command, key in RUN_COMMANDS.items()}
    return {command: value for command, value in found.items() if value is not None}


def _without_run(context: ReconcileContext, spec: EndpointSpec, observed: Observed) -> TrafficStatus:
    """Return the status under the strategy Manual, which has no run that commands could be for."""
    before = context.status.traffic
    commands = refuse_commands(
        tuple(before.commands or ()) if before else (),
        _commands(context),
        now=observed.now,
        why="The strategy Manual has no runs.",
    )
    return TrafficStatus(strategy=spec.traffic.strategy, commands=list(commands) or None)
