"""What a deleted resource removes from AWS before its finalizer is released."""

from dataclasses import dataclass

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.steps import Step, StepKind


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """The next steps of a deletion, of which one reconcile sends the first.

    `endpoint_gone`: no endpoint of ours is left, and garbage collection follows. Without steps, and with an
    endpoint, the deletion waits for AWS.
    """

    steps: tuple[Step, ...] = ()
    endpoint_gone: bool = False


def plan_deletion(endpoint_name: str, owner: Owner, observed: Observed) -> DeletionPlan:
    """Release scaling, then delete the endpoint; configs and models follow as garbage.

    AWS refuses to delete a busy endpoint, so a deletion waits while it is busy. Configs and models go last:
    a fleet that loses them breaks.
    """
    endpoint = observed.endpoint
    if endpoint is None or not owner.owns(endpoint.tags):
        return DeletionPlan(endpoint_gone=True)
    if endpoint.status.busy:
        return DeletionPlan()
    deletion = Step(StepKind.DELETE_ENDPOINT, (commands.delete_endpoint(endpoint_name),))
    if not observed.targets:
        return DeletionPlan((deletion,))
    releases = tuple(
        commands.deregister_scalable_target(endpoint_name, variant) for variant in sorted(observed.targets)
    )
    return DeletionPlan((Step(StepKind.RELEASE_SCALING, releases), deletion))
