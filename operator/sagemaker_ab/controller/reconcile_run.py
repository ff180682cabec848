"""Follows the run of a resource that cannot be reconciled: an invalid spec, or a part of AWS cannot be read.

A candidate may fail meanwhile, and a person may abort the run. The operator therefore reads the endpoint
alone, looks at the new minutes, and returns the traffic to the baseline if the run has ended that way. It
sends nothing else: more traffic for the candidate requires complete reads, and so does the end of a run that
was superseded or whose evidence was lost.
"""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sagemaker_ab.api.resource import InvalidSpec, parse_fields
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.apply import Refused, apply
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.controller.runs import RunFollower
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.intended_traffic import initial_traffic
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.plan import plan
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.status import report_problem, report_run
from sagemaker_ab.planning.steps import Step, StepKind

_LOG = logging.getLogger(__name__)
_STAYS: Final = "The spec is invalid, or not all of AWS can be read. The weights stay"
_NEEDS_COMPLETE_READS: Final = {Outcome.SUPERSEDED.value, Outcome.EVIDENCE_LOST.value}


def reconcile_run(context: ReconcileContext, problem: Problem) -> float:
    """Follow the run that status has, if any, and report it together with the problem.

    The last valid spec that this process has seen decides how the run goes on. Without one, it is the present
    spec if its fields can be read. Returns the seconds until the next reconcile.
    """
    pending = None
    try:
        if context.follows_run:
            pending = _follow(context, problem)
    except (AwsError, InvalidSpec) as error:
        _LOG.info("%s: the run cannot be followed: %s", context.key, error)
    if pending is None:
        context.report_problem(problem)
    return context.services.settings.poll_seconds if pending else context.until_resync()


def _follow(context: ReconcileContext, problem: Problem) -> bool | None:
    """Follow the run; return whether a change of weights is pending, None if the run cannot be followed."""
    spec = context.memory.spec or parse_fields(context.resource["spec"])
    clients = context.services.aws.clients(context.location.region or spec.region)
    account = context.services.aws.account(clients)
    moved = context.location.problem(account=account, region=spec.region)
    if spec.traffic.policy is None or moved is not None:
        return None
    known = context.memory.observed
    observed = context.services.observer.observe_endpoint(clients, spec.endpoint_name, known)
    context.memory.start(observed.now)
    wanted = _desired(context, spec, clients.region)
    follower = RunFollower(
        key=context.key,
        memory=context.memory,
        monitor=context.services.run_minutes,
        before=context.status.traffic,
        commands=context.run_commands,
        stays_because=_STAYS,
    )
    wanted, traffic = follower.follow(spec, clients, wanted, observed)
    if traffic.outcome in _NEEDS_COMPLETE_READS:
        return None
    step = _return_to_baseline(wanted, observed)
    refused = context.memory.problem_of([step] if step else [])
    now = datetime.now(UTC)
    status = report_problem(context.status, context.generation, refused or problem, now=now)
    context.write_status(report_run(status, context.generation, traffic, observed, now=now))
    if step is not None and not context.in_backoff(step):
        _send(context, clients, step)
    return step is not None


def _send(context: ReconcileContext, clients: AwsClients, step: Step) -> None:
    if step.overrides:
        context.record_event("Warning", "WeightsForced", f"Weights are sent at once, {step.overrides}")
    outcome = apply(context, clients, step)
    if isinstance(outcome, Refused):
        context.back_off(outcome.command.subject, outcome.problem, urgent=True)


def _desired(context: ReconcileContext, spec: EndpointSpec, region: str) -> Desired:
    """Resolve the spec with the images that the fleet in use pins, as far as this process knows them."""
    pinned = {pin: images for each in context.memory.pinned_images.values() for pin, images in each.items()}
    return desired(spec, owner=context.owner, region=region, traffic=initial_traffic(spec), pinned=pinned)


def _return_to_baseline(wanted: Desired, observed: Observed) -> Step | None:
    """Return the change of weights that a run calls for whatever the capacity, if it is due."""
    if not wanted.traffic.overrides_capacity:
        return None
    # Nothing is known of the scalable targets, and nothing is sent to them.
    variants = tuple(replace(variant, scaling=None) for variant in wanted.variants)
    decided = plan(replace(wanted, variants=variants), observed, Remembered())
    steps = decided.adjustments if decided.actionable else ()
    return next((step for step in steps if step.kind is StepKind.SHIFT_WEIGHTS), None)
