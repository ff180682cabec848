"""What a pass finds: the resource's wish, what AWS holds, and what is to be done about the difference."""

import logging

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.backoff import spread
from sagemaker_ab.controller.context import Case
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.consistency import SETTLING_SECONDS, STALENESS_SECONDS
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.plan import Plan, plan
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.status import Findings, deployment_of
from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant

_LOG = logging.getLogger(__name__)

_SWEEP_SECONDS = 6 * 3600.0
"""About how long it takes, on AWS's clock, until leftovers are looked for when nothing was written."""
_RESWEEP_SECONDS = 600.0
"""How long leftovers wait, on AWS's clock, when they could not be listed or removed."""


def look(case: Case, spec: EndpointSpec, clients: AwsClients, account: str) -> Findings:
    """Read AWS and decide. Raises AwsError, and UnknownImage."""
    wanted = desired(spec, owner=case.owner, region=clients.region)
    observed = case.services.observer.observe(clients, wanted.endpoint_name, wanted)
    record = _follow(case, wanted, observed)
    if observed.endpoint is not None and wanted.owner.owns(observed.endpoint.tags):
        _watch_metrics(case, clients, wanted, spec.monitoring.interval_seconds)
    decided = _decide(case, clients, wanted, observed, record)
    if decided.actionable:
        _learn(case, observed, decided)
    return Findings(
        account=account,
        region=clients.region,
        strategy=spec.traffic.strategy,
        desired=wanted,
        observed=observed,
        plan=decided,
        deployment=record,
        trouble=case.memory.standing_trouble(decided.pending),
        unsettled=_unsettled(case, observed),
        reconcile_requested_at=case.reconcile_requested_at,
        metrics=case.services.metrics.newest(case.key),
    )


def elsewhere(case: Case, account: str, region: str | None) -> Trouble | None:
    """Say that the AWS objects are in another account or region than the one that we would look into."""
    status = case.status
    if status.account not in {None, account} or (region and status.region not in {None, region}):
        pinned = f"account {status.account}, region {status.region}"
        message = f"the endpoint was made in {pinned}; the operator now works in account {account}"
        return Trouble(Reason.LOCATION_CHANGED, message)
    return None


def postpone_sweep(case: Case, observed: Observed) -> None:
    """Look for leftovers again some time later."""
    case.memory.swept = _config_in_use(observed), observed.now + _RESWEEP_SECONDS


def _follow(case: Case, wanted: Desired, observed: Observed) -> Deployment | None:
    record = deployments.follow(deployment_of(case.status), wanted, observed)
    if case.reconcile_requested_at and record and record.state is DeploymentState.FAILED:
        return None
    return record


def _decide(
    case: Case, clients: AwsClients, wanted: Desired, observed: Observed, record: Deployment | None
) -> Plan:
    endpoint = case.status.endpoint
    tag_keys = (endpoint.tag_keys if endpoint else None) or ()
    decided = plan(wanted, observed, deployment=record, managed_tag_keys=tag_keys)
    leftovers = _leftovers(case, clients, wanted, observed) if decided.wants_leftovers else None
    if leftovers is None:
        return decided
    return plan(wanted, observed, deployment=record, managed_tag_keys=tag_keys, leftovers=leftovers)


def _leftovers(case: Case, clients: AwsClients, wanted: Desired, observed: Observed) -> Leftovers | None:
    """List what nothing may refer to any more, now and then; a failure harms nothing that is asked for."""
    config, now = _config_in_use(observed), observed.now
    if not case.memory.settled(now) or not case.memory.sweep_due(config, now):
        return None
    try:
        leftovers = case.services.inventory.leftovers(
            clients, wanted.owner, wanted.endpoint_name, not_before=now - _listing_age(case, config)
        )
    except AwsError as error:
        _LOG.warning("%s/%s: leftovers could not be listed: %s", *case.key, error)
        postpone_sweep(case, observed)
        return None
    case.memory.swept = config, now + spread(_SWEEP_SECONDS)
    return leftovers


def _listing_age(case: Case, config: str | None) -> float:
    """How old a listing may be: newer than what we wrote, and after an earlier look shared with others."""
    looked_before = case.memory.swept is not None and case.memory.swept[0] == config
    return _RESWEEP_SECONDS if looked_before else SETTLING_SECONDS - STALENESS_SECONDS


def _config_in_use(observed: Observed) -> str | None:
    return observed.config_in_use.name if observed.config_in_use else None


def _learn(case: Case, observed: Observed, decided: Plan) -> None:
    """Note which changes AWS took and then went back on, and forget what is no longer of concern."""
    case.memory.keep_only({phase.identity for phase in decided.pending})
    for phase in decided.pending:
        if phase.identity in case.memory.accepted and case.memory.settled(observed.now):
            case.memory.accepted.discard(phase.identity)
            reason = observed.endpoint.failure_reason if observed.endpoint else None
            words = f"AWS took the change and went back: {reason or 'it gave no reason'}"
            case.set_back(phase.identity, Trouble(Reason.CHANGE_ROLLED_BACK, words))


def _unsettled(case: Case, observed: Observed) -> bool:
    """Tell whether AWS may still be about to show what another generation asked for."""
    return not case.memory.settled(observed.now) and case.memory.sent_for != case.generation


def _watch_metrics(case: Case, clients: AwsClients, wanted: Desired, interval_seconds: int) -> None:
    variants = tuple(MonitoredVariant(v.name, v.instance_type) for v in wanted.variants)
    monitored = Monitored(wanted.endpoint_name, variants, interval_seconds)
    case.services.metrics.watch(case.key, clients, monitored)
