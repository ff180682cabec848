"""Keeps AWS as the spec asks: observe, decide, tell, and send the first phase of what is left to do."""

import time
from dataclasses import replace
from datetime import UTC, datetime

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.status import Status
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller import act
from sagemaker_ab.controller.case import Case
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.deployment import DeploymentState
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.images import UnknownImage
from sagemaker_ab.planning.metrics import Monitored, MonitoredVariant
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.plan import Phase, PhaseKind, Plan, plan
from sagemaker_ab.planning.status import Findings, deployment_of, report
from sagemaker_ab.planning.trouble import Trouble

_FRESHNESS_SECONDS = 20.0
"""A listing this old, on AWS's clock, still shows all that was there before it; nothing was written since."""


def upkeep(case: Case) -> float:
    """Bring AWS one phase nearer to the spec; return the seconds until the next pass."""
    if case.reconcile_requested_at or case.generation != case.status.observed_generation:
        case.memory.note_wish(case.generation, case.reconcile_requested_at)
    try:
        return _upkeep(case)
    except InvalidSpec as error:
        case.tell_trouble(Trouble(Reason.INVALID_SPEC, str(error)))
    except UnknownImage as error:
        case.tell_trouble(Trouble(Reason.UNKNOWN_IMAGE, str(error)))
    except NoRegion as error:
        case.tell_trouble(Trouble(Reason.INVALID_SPEC, str(error)))
    except AwsError as error:
        return setback(case, None, act.failed_read(case, error.failure))
    return case.services.settings.resync_seconds


def setback(case: Case, phase: Phase | None, trouble: Trouble) -> float:
    """Note a trouble, tell it unless it may well pass, and say when to face it again."""
    case.memory.note_setback(phase, trouble)
    if trouble.stalled or case.memory.setbacks > 1:
        case.tell_trouble(trouble)
    wait = act.delay(case, trouble)
    case.memory.quiet_until = time.monotonic() + wait
    return wait


def _upkeep(case: Case) -> float:
    spec = parse_spec(case.resource["spec"])
    clients = case.services.aws.clients(case.status.region or spec.region)
    account = case.services.aws.account(clients)
    moved = elsewhere(case, account, spec.region)
    if moved is not None:
        case.tell_trouble(moved)
        return case.services.settings.resync_seconds
    found = _look(case, spec, clients, account)
    if _may_act(case, found.plan):
        return _advance(case, clients, found)
    case.tell(_report(case, found))
    if found.trouble is not None:
        return max(0.0, case.memory.quiet_until - time.monotonic())
    settled = found.plan.actionable and not found.plan.phases
    return case.services.settings.resync_seconds if settled else case.services.settings.poll_seconds


def elsewhere(case: Case, account: str, region: str | None) -> Trouble | None:
    """Say that the AWS objects are in another account or region than the one that we would look into."""
    status = case.status
    if status.account not in {None, account} or (region and status.region not in {None, region}):
        pinned = f"account {status.account}, region {status.region}"
        message = f"the endpoint was made in {pinned}; the operator now works in account {account}"
        return Trouble(Reason.LOCATION_CHANGED, message)
    return None


def _look(case: Case, spec: EndpointSpec, clients: AwsClients, account: str) -> Findings:
    wanted = desired(spec, owner=case.owner, region=clients.region)
    observed = case.services.observer.observe(clients, wanted.endpoint_name, wanted)
    if case.memory.troubled_phase is None:
        case.memory.note_progress()
    record = deployments.follow(deployment_of(case.status), wanted, observed)
    if case.reconcile_requested_at and record and record.state is DeploymentState.FAILED:
        record = None
    if observed.endpoint is not None and wanted.owner.owns(observed.endpoint.tags):
        _watch_metrics(case, clients, wanted, spec.monitoring.interval_seconds)
    decided = _decide(case, clients, wanted, observed, record)
    return Findings(
        account=account,
        region=clients.region,
        strategy=spec.traffic.strategy,
        desired=wanted,
        observed=observed,
        plan=decided,
        deployment=record,
        trouble=case.memory.standing_trouble(decided.phases),
        reconcile_requested_at=case.reconcile_requested_at,
        metrics=case.services.metrics.newest(case.key),
    )


def _decide(
    case: Case,
    clients: AwsClients,
    wanted: Desired,
    observed: Observed,
    record: deployments.Deployment | None,
) -> Plan:
    endpoint = case.status.endpoint
    tag_keys = (endpoint.tag_keys if endpoint else None) or ()
    decided = plan(wanted, observed, deployment=record, managed_tag_keys=tag_keys)
    config = observed.config_in_use.name if observed.config_in_use else None
    now = observed.now
    if not (decided.wants_leftovers and case.memory.settled(now) and case.memory.sweep_due(config, now)):
        return decided
    leftovers = case.services.inventory.leftovers(
        clients, wanted.owner, wanted.endpoint_name, not_before=now - _FRESHNESS_SECONDS
    )
    decided = plan(wanted, observed, deployment=record, managed_tag_keys=tag_keys, leftovers=leftovers)
    if not decided.phases:
        case.memory.swept = config, now
    return decided


def _may_act(case: Case, decided: Plan) -> bool:
    if not decided.phases or not decided.actionable:
        return False
    quiet = time.monotonic() < case.memory.quiet_until
    return not (quiet and case.memory.standing_trouble(decided.phases))


def _advance(case: Case, clients: AwsClients, found: Findings) -> float:
    """Tell what will be done before it is done: what status must remember is there if we die in between."""
    phase = found.plan.phases[0]
    asked = found
    if phase.kind.deploys and case.memory.unsent(phase.commands, found.observed.now):
        record = deployments.request(found.desired, found.observed, found.deployment)
        asked = replace(found, deployment=record)
    case.tell(_report(case, asked))
    outcome = act.send(case, clients, phase)
    if isinstance(outcome, Trouble):
        return _stopped(case, found, phase, outcome)
    if asked.deployment is not found.deployment and outcome is not act.Reply.UNKNOWN:
        case.tell(_report(case, _answered(found, asked, outcome)))
    return 0.0 if outcome is act.Reply.ACCEPTED else case.services.settings.poll_seconds


def _answered(found: Findings, asked: Findings, reply: act.Reply) -> Findings:
    """Remember that AWS has said yes to a deployment; one that it was too busy for was not asked for."""
    if reply is act.Reply.BUSY or asked.deployment is None:
        return found
    return replace(asked, deployment=replace(asked.deployment, state=DeploymentState.ACCEPTED))


def _stopped(case: Case, found: Findings, phase: Phase, trouble: Trouble) -> float:
    if phase.kind is PhaseKind.CLEAN_UP:
        # What is left over harms nothing that the spec asks for: told as an event, not as a condition.
        case.services.events.record(case.resource, "Warning", trouble.reason, trouble.message)
        return act.delay(case, trouble)
    case.memory.note_setback(phase, trouble)
    case.tell(_report(case, replace(found, trouble=trouble)))
    wait = act.delay(case, trouble)
    case.memory.quiet_until = time.monotonic() + wait
    return wait


def _report(case: Case, found: Findings) -> Status:
    return report(case.status, case.generation, found, now=datetime.now(UTC))


def _watch_metrics(case: Case, clients: AwsClients, wanted: Desired, interval_seconds: int) -> None:
    variants = tuple(MonitoredVariant(v.name, v.instance_type) for v in wanted.variants)
    monitored = Monitored(wanted.endpoint_name, variants, interval_seconds)
    case.services.metrics.watch(case.key, clients, monitored)
