"""What a deleted resource removes from AWS before its finalizer is released."""

from dataclasses import dataclass

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning import commands
from sagemaker_ab.planning.garbage import models_in_use_unknown
from sagemaker_ab.planning.observed import EndpointStatus, Observed, ObservedEndpoint
from sagemaker_ab.planning.ownership import Owner, describe_owner
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.steps import Step, StepKind


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What a deletion does next.

    `endpoint_gone`: no endpoint of ours is left, and garbage collection follows. `handed_over` says who owns
    the endpoint instead, if there is one. `problem` is what a person must settle first. Without any of
    these, the deletion waits for AWS.
    """

    step: Step | None = None
    endpoint_gone: bool = False
    handed_over: str = ""
    problem: Problem | None = None


def plan_deletion(endpoint_name: str, owner: Owner, observed: Observed) -> DeletionPlan:
    """Delete the endpoint; configs and models follow as garbage.

    AWS refuses to delete a busy endpoint, so a deletion waits while it is busy. An endpoint in a status that
    this version does not know is tried: AWS decides. AWS deregisters the scalable targets itself, so nothing
    is taken from an endpoint whose deletion is refused. Configs and models go last: a fleet that loses them
    breaks.
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html
    """
    endpoint = observed.endpoint
    if endpoint is None:
        return DeletionPlan(endpoint_gone=True)
    if not owner.owns(endpoint.tags):
        return _not_owned(endpoint_name, owner, observed, endpoint)
    if endpoint.status.busy and endpoint.status is not EndpointStatus.UNKNOWN:
        return DeletionPlan()
    return DeletionPlan(Step(StepKind.DELETE_ENDPOINT, (commands.delete_endpoint(endpoint_name),)))


def _not_owned(
    endpoint_name: str, owner: Owner, observed: Observed, endpoint: ObservedEndpoint
) -> DeletionPlan:
    """Decide about an endpoint of that name that does not carry our tags.

    Tags that name another owner whole hand the endpoint over. Tags that are gone or incomplete may have been
    removed from our endpoint: it serves, and its config and models must not be deleted under it.
    """
    if not owner.names_another(endpoint.tags):
        message = (
            f"endpoint {endpoint_name} exists without the owner tags of this resource, so it is not deleted."
            f" If it belongs to this resource, restore the tags {owner.describe_tags()}; if not, or if it"
            " is to stay, set spec.deletionPolicy to Retain"
        )
        return DeletionPlan(problem=Problem(Reason.NOT_OWNED, message))
    if models_in_use_unknown(observed):
        message = (
            f"endpoint {endpoint_name} is {describe_owner(endpoint.tags)}, and its endpoint config cannot be"
            " read, so that the models that it uses are not known. Restore the config, or set"
            " spec.deletionPolicy to Retain"
        )
        return DeletionPlan(problem=Problem(Reason.NOT_OWNED, message))
    return DeletionPlan(endpoint_gone=True, handed_over=describe_owner(endpoint.tags))
