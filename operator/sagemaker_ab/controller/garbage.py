"""Decides when the AWS objects of a resource are listed for garbage collection, and plans what to delete."""

import logging
from dataclasses import replace

from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.backoff import jittered
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.planning.consistency import SETTLING_SECONDS, STALENESS_SECONDS
from sagemaker_ab.planning.garbage import (
    Listing,
    alarms_in_use,
    in_use,
    named_by,
    plan_garbage_collection,
    plan_image_pins,
)
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.status import Gathered
from sagemaker_ab.planning.steps import Step

_LOG = logging.getLogger(__name__)

_INTERVAL_SECONDS = 6 * 3600.0
"""About how often garbage is listed, on AWS's clock, when nothing was written."""
_RETRY_SECONDS = 600.0
"""When garbage that could not be listed or deleted is listed again at the earliest, on AWS's clock."""


def garbage_step(context: ReconcileContext, clients: AwsClients, gathered: Gathered) -> Step | None:
    """Return the step that deletes what a resource no longer uses; None if nothing is due.

    The listing shows as well which models of the desired state were deleted by hand, which the memory keeps
    for the next plan, and which lack the pin of their images. It is due although other steps are
    stuck: new instances may need the missing models.
    """
    listing = _list_if_due(context, clients, gathered)
    if listing is None:
        return None
    needed = named_by(gathered.desired)
    context.memory.missing_models = needed.models - listing.models
    if gathered.plan.state is EndpointState.CURRENT:
        # The config in use differs from the desired one in weights and counts at most. AWS gets no other.
        needed = replace(needed, configs=frozenset())
    released = gathered.remembered.released
    alarms = alarms_in_use(gathered.desired, gathered.observed, released)
    keep = in_use(gathered.observed) | alarms | needed
    read_at = gathered.observed.read_at
    garbage = plan_garbage_collection(listing.owned, keep=keep, read_at=read_at)
    return garbage or plan_image_pins(gathered.desired, listing)


def retry_garbage_collection_later(context: ReconcileContext, gathered: Gathered) -> None:
    """List garbage again after the gap of what AWS refuses, or after ten minutes if that is later."""
    context.memory.garbage_failures += 1
    gap = context.services.backoff(transient=False).seconds(context.memory.garbage_failures)
    at = gathered.observed.now + max(_RETRY_SECONDS, gap)
    context.memory.schedule_garbage_collection(_listed_for(gathered), at=at)


def list_for_deletion(
    context: ReconcileContext, clients: AwsClients, endpoint_name: str, observed: Observed
) -> Listing | None:
    """List what a deletion has to delete; None while a listing may still miss what was just created.

    Raises AwsError.
    """
    due = context.memory.deleting_since(observed.now) + STALENESS_SECONDS
    if observed.now < due:
        return None
    return context.services.garbage.list_owned(clients, context.owner, endpoint_name, not_before=due)


def _list_if_due(context: ReconcileContext, clients: AwsClients, gathered: Gathered) -> Listing | None:
    observed, wanted = gathered.observed, gathered.desired
    config, now = _listed_for(gathered), observed.now
    memory = context.memory
    if memory.awaiting_consistency(now) or not memory.garbage_collection_due(config, now):
        return None
    # The first listing must show what we wrote; later ones are shared with other resources.
    listed_before = memory.listed_since_last_write(config)
    age = _RETRY_SECONDS if listed_before else SETTLING_SECONDS - STALENESS_SECONDS
    try:
        listing = context.services.garbage.list_owned(
            clients, wanted.owner, wanted.endpoint_name, not_before=now - age
        )
    except AwsError as error:
        _LOG.warning("%s: garbage could not be listed: %s", context.key, error)
        retry_garbage_collection_later(context, gathered)
        return None
    memory.schedule_garbage_collection(config, at=now + jittered(_INTERVAL_SECONDS))
    return listing


def _listed_for(gathered: Gathered) -> str:
    """Return what a listing is valid for: the config in use and the content of the desired fleet."""
    config = gathered.observed.config_in_use
    return f"{config.name if config else ''} {gathered.desired.content_fingerprint}"
