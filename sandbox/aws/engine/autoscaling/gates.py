"""What scalable targets forbid to endpoints, and what happens to them when endpoints go.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
"""

from __future__ import annotations

from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.happenings import EndpointDeletionAccepted, EndpointUpdateRequested, listens
from sandbox.aws.ledger import holds


@listens(EndpointUpdateRequested)
def _refuse_what_targets_forbid(update: EndpointUpdateRequested) -> None:
    for target in update.region.store(AutoScalingStore).targets_of(update.endpoint.name):
        name = target.resource.variant
        before, after = update.endpoint.variant(name), update.config.variant(name)
        if after is None:
            raise update.region.refuse("autoscaling.gate-removal", variant=name)
        if before is not None and before.instance_type != after["InstanceType"]:
            raise update.region.refuse("autoscaling.gate-instance-type", variant=name)


@listens(EndpointDeletionAccepted)
@holds("autoscaling.delete-endpoint-deregisters")
def _drop_targets(deletion: EndpointDeletionAccepted) -> None:
    store = deletion.region.store(AutoScalingStore)
    for target in store.targets_of(deletion.endpoint.name):
        store.drop_target(target)
