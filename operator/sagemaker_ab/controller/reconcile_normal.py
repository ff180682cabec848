"""Keeps AWS as the spec asks: look, tell, and send the first phase of what is left to do."""

from dataclasses import replace
from datetime import UTC, datetime

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.api.status import Status
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller import apply as act
from sagemaker_ab.controller.backoff import until_resync
from sagemaker_ab.controller.context import Case
from sagemaker_ab.controller.gather import elsewhere, look, postpone_sweep
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.deployment import DeploymentState
from sagemaker_ab.planning.images import UnknownImage
from sagemaker_ab.planning.plan import Phase, PhaseKind
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.status import Findings, report

_READING = "reading AWS"


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
        case.tell_trouble(Trouble(Reason.NO_REGION, str(error)))
    except AwsError as error:
        return unread(case, error)
    return until_resync(case.services.settings)


def unread(case: Case, error: AwsError) -> float:
    """Bear a failed read: told when it comes again or will not pass by itself.

    Of a resource that is as asked for, it is told only when it does not pass: an endpoint serves on while AWS
    cannot be read, and status must not flap in every resource at each throttled minute.
    """
    failures = case.memory.failures(_READING)
    trouble = act.judge(error.failure, error.failure.message, failures=failures)
    if trouble.stalled or (failures and not case.ready):
        case.tell_trouble(trouble)
    return case.set_back(_READING, trouble)


def _upkeep(case: Case) -> float:
    spec = parse_spec(case.resource["spec"])
    clients = case.services.aws.clients(case.status.region or spec.region)
    account = case.services.aws.account(clients)
    moved = elsewhere(case, account, spec.region)
    if moved is not None:
        case.tell_trouble(moved)
        return until_resync(case.services.settings)
    found = look(case, spec, clients, account)
    case.memory.forget_setback(_READING)
    sendable = found.plan.sendable(case.quiet)
    if sendable:
        return _advance(case, clients, found, sendable[0])
    case.tell(_report(case, found))
    return _until_next_look(case, found)


def _until_next_look(case: Case, found: Findings) -> float:
    settings = case.services.settings
    if not found.plan.actionable or not case.memory.settled(found.observed.now):
        return settings.poll_seconds
    resync = until_resync(settings)
    now = case.services.local_clock()
    waits = [setback.quiet_until - now for setback in case.memory.setbacks.values()]
    return min([resync, *(max(settings.poll_seconds, wait) for wait in waits)])


def _advance(case: Case, clients: AwsClients, found: Findings, phase: Phase) -> float:
    """Tell what will be done before it is done: what status must remember is there if we die in between."""
    asked = _asking(case, found, phase)
    case.tell(_report(case, asked))
    outcome = act.send(case, clients, phase)
    if isinstance(outcome, Trouble):
        return _refused(case, found, phase, outcome)
    if phase.kind.deploys and outcome is not act.Reply.UNKNOWN:
        case.tell(_report(case, _answered(found, outcome)))
    if outcome is not act.Reply.ACCEPTED:
        return case.services.settings.poll_seconds
    if phase.kind.may_go_back:
        case.memory.accepted.add(phase.identity)
    return 0.0


def _asking(case: Case, found: Findings, phase: Phase) -> Findings:
    """Record a deployment before it is asked for, unless one that AWS refused is merely asked for again."""
    sends = case.memory.unsent(phase.commands, found.observed.now)
    if not phase.kind.deploys or not sends or case.memory.failures(phase.identity):
        return found
    return replace(found, deployment=deployments.request(found.desired, found.observed, found.deployment))


def _answered(found: Findings, reply: act.Reply) -> Findings:
    """Remember that AWS has said yes to a deployment; one that it was too busy for was not asked for."""
    if reply is act.Reply.BUSY:
        return found
    record = deployments.request(found.desired, found.observed, found.deployment)
    return replace(found, deployment=record.enter(DeploymentState.ACCEPTED, found.observed.now))


def _refused(case: Case, found: Findings, phase: Phase, trouble: Trouble) -> float:
    if phase.kind is PhaseKind.CLEAN_UP:
        # What is left over harms nothing that the spec asks for: told as an event, not as a condition.
        case.services.events.record(case.resource, "Warning", trouble.reason, trouble.message)
        postpone_sweep(case, found.observed)
        return case.services.settings.poll_seconds
    wait = case.set_back(phase.identity, trouble)
    standing = case.memory.standing_trouble(found.plan.pending)
    case.tell(_report(case, replace(found, trouble=standing)))
    return 0.0 if found.plan.sendable(case.quiet) else wait


def _report(case: Case, found: Findings) -> Status:
    return report(case.status, case.generation, found, now=datetime.now(UTC))
