"""docs/safety.md, and the runs behind its examples, by the beginning of the section's heading.

Each run brings the operator, in this process against the simulated AWS, to the moment that the page shows.
"""

import copy
import re
from pathlib import Path
from typing import Any

from sagemaker_ab.api.resource import FORCE_WEIGHTS, RECONCILE_REQUESTED_AT
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

PAGE = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
PLACE = "123456789012/us-east-1"
SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
LATE = "s3://bucket/late/model.tar.gz"
ROLE = spec()["executionRoleArn"]
NOTHING_ALLOWED = {"principal": "AKIASANDBOX", "documents": [{"Version": "2012-10-17", "Statement": []}]}
_MOST_RECONCILES = 1500


def command(beginning):
    """The only command of the page that begins so, its continuation lines joined."""
    blocks = "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    lines = blocks.replace("\\\n", " ").splitlines()
    (found,) = [line for line in lines if line.startswith(f"$ {beginning}")]
    return found


def started(**variants):
    """An operator without a resource; `variants` choose among the guesses of the simulated AWS."""
    return InProcessOperator(InProcessAws(stale_reads=False, lost_answers=False, variants=variants))


def settled(wanted, **variants):
    operator = started(**variants)
    operator.cluster.apply(wanted)
    operator.settle()
    return operator


def run(operator, reconciles=15):
    for _ in range(reconciles):
        operator.step()
    return operator


def run_until(operator, reached):
    for _ in range(_MOST_RECONCILES):
        if reached():
            return operator
        operator.step()
    raise AssertionError(f"not reached after {_MOST_RECONCILES} reconciles: {operator.conditions}")


def request_reconcile(operator):
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})


def force_weights(operator):
    """Do what the command of the page does."""
    generation = operator.cluster.resource["metadata"]["generation"]
    operator.cluster.annotate(**{FORCE_WEIGHTS: str(generation)})


def held(operator) -> Any:
    """What AWS has."""
    return operator.sim.state()[PLACE]


def live(operator) -> Any:
    return held(operator)["endpoints"]["reviews"]


def weights(operator):
    return [variant["currentWeight"] for variant in live(operator)["variants"].values()]


def counts(operator):
    return [variant["currentInstanceCount"] for variant in live(operator)["variants"].values()]


def by_hand(operator, service, operation, **params):
    """Let somebody else call AWS."""
    operator.sim.edit(call={"service": service, "operation": operation, "params": params})


def retag_endpoint(operator, operation, **params):
    (arn,) = [arn for arn in held(operator)["tags"] if arn.endswith(":endpoint/reviews")]
    by_hand(operator, "sagemaker", operation, ResourceArn=arn, **params)


def with_late_artifact(wanted, model):
    """The same spec with a model whose artifact is not there yet."""
    changed = copy.deepcopy(wanted)
    changed["models"][model]["primaryContainer"]["modelDataUrl"] = LATE
    return changed


def _stalls(operator, reason):
    return lambda: operator.conditions.get("Stalled", "").startswith(f"True {reason}")


FOUR_AND_ONE = with_variant(
    with_variant(spec(), "VariantA", weight=90, instanceCount=4), "VariantB", weight=10
)
ONE_AND_FOUR = with_variant(
    with_variant(spec(), "VariantA", weight=0), "VariantB", weight=100, instanceCount=4
)


def weights_that_wait_for_instances():
    operator = settled(FOUR_AND_ONE)
    operator.sim.edit(quota={"ml.m5.large": 5})
    operator.cluster.apply(ONE_AND_FOUR)
    return run(operator)


def forced_weights():
    operator = weights_that_wait_for_instances()
    force_weights(operator)
    return run(operator, 40)


TENTHS = with_variant(with_variant(spec(), "VariantA", weight=10), "VariantB", weight=10)


def instances_that_wait_for_traffic():
    operator = settled(with_variant(spec(), "VariantA", instanceCount=4))
    operator.sim.edit(missing={"object": LATE})
    wanted = copy.deepcopy(TENTHS)
    wanted["models"].append(copy.deepcopy(wanted["models"][0]) | {"name": "bert-c"})
    wanted["variants"].append(wanted["variants"][1] | {"name": "VariantC", "model": "bert-c", "weight": 80})
    operator.cluster.apply(with_late_artifact(wanted, 2))
    return run(operator)


SCHEDULED = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "ResourceId": "endpoint/reviews/variant/VariantB",
    "ScheduledActionName": "evening",
    "Schedule": "cron(0 18 * * ? *)",
    "ScalableTargetAction": {"MinCapacity": 2},
}


def scaling_restored_after_a_refused_update():
    """The simulated AWS refuses the call for lack of quota, instead of accepting it and failing later."""
    operator = settled(SCALING, **{"sm.quota.update": 0})
    by_hand(operator, "application-autoscaling", "PutScheduledAction", **SCHEDULED)
    operator.sim.edit(quota={"ml.c5.large": 0})
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.c5.large"))
    return run(operator, 8)


def scaling_released_for_an_update():
    operator = scaling_restored_after_a_refused_update()
    operator.sim.edit(quota={"ml.c5.large": None})
    request_reconcile(operator)
    return run_until(operator, lambda: operator.conditions["Ready"].startswith("False Updating"))


def deletion_without_owner_tags():
    operator = settled(SCALING)
    retag_endpoint(operator, "DeleteTags", TagKeys=["sagemaker-ab.dev/cluster-id"])
    operator.cluster.delete()
    return run(operator)


def _taken_over():
    operator = settled(SCALING)
    retag_endpoint(operator, "AddTags", Tags=[{"Key": "sagemaker-ab.dev/cluster-id", "Value": "cluster-2"}])
    return operator


def deletion_after_a_handover():
    operator = _taken_over()
    operator.cluster.delete()
    return run(operator)


def deletion_after_a_handover_without_its_config():
    operator = _taken_over()
    operator.sim.edit(delete={"config": live(operator)["config"]})
    operator.cluster.delete()
    return run(operator)


def traffic_shifted_while_a_rollout_is_stuck():
    operator = settled(spec())
    operator.sim.edit(missing={"object": LATE})
    late = with_late_artifact(spec(), 0)
    operator.cluster.apply(late)
    run(operator, 4)
    operator.cluster.apply(with_variant(with_variant(late, "VariantA", weight=0), "VariantB", weight=100))
    return run(operator)


def weights_on_their_way():
    operator = settled(spec())
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=10))
    return run(operator, 2)


def deletion_without_permission_and_status():
    operator = settled(spec())
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.crash()
    operator.sim.edit(policy=NOTHING_ALLOWED)
    operator.cluster.delete()
    return run(operator, 5)


REVISED = with_variant(SCALING, "VariantB", autoscaling=AUTOSCALING | {"minCapacity": 3})
REVISED["models"] = [SCALING["models"][0] | {"revision": "2"}, SCALING["models"][1]]
UNHEALTHY = "The primary container for production variant VariantA did not pass the ping health check."


def capacity_raised_after_a_failed_deployment():
    operator = settled(SCALING)
    operator.sim.fault({"fail": {"reason": UNHEALTHY}}, match={"operation": "UpdateEndpoint"})
    operator.cluster.apply(REVISED | {"variants": SCALING["variants"]})
    run_until(operator, _stalls(operator, "DeploymentFailed"))
    operator.cluster.apply(REVISED)
    return run(operator, 60)


def capacity_missing_for_the_first_deployment():
    operator = started()
    operator.sim.fault({"fail": {"capacity": True}}, match={"operation": "CreateEndpoint"}, count=4)
    operator.cluster.apply(spec())
    return run_until(operator, _stalls(operator, "DeploymentFailed"))


def refused_calls():
    operator = started()
    operator.sim.edit(missing={"role": ROLE})
    operator.cluster.apply(spec())
    return run_until(operator, lambda: len(operator.writes()) == 9)


def config_deleted_and_status_lost():
    operator = settled(SCALING)
    config = live(operator)["config"]
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.crash()
    operator.sim.edit(delete={"config": config})
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.c5.large", weight=10))
    return run(operator)


RUNS = {
    "S1": (weights_that_wait_for_instances, forced_weights),
    "S2": (instances_that_wait_for_traffic,),
    "S3": (scaling_restored_after_a_refused_update, scaling_released_for_an_update),
    "S4": (
        deletion_without_owner_tags,
        deletion_after_a_handover,
        deletion_after_a_handover_without_its_config,
    ),
    "S5": (traffic_shifted_while_a_rollout_is_stuck,),
    "S6": (weights_on_their_way,),
    "S7": (deletion_without_permission_and_status,),
    "S8": (capacity_raised_after_a_failed_deployment, capacity_missing_for_the_first_deployment),
    "S9": (refused_calls,),
    "If an endpoint config was deleted": (config_deleted_and_status_lost,),
}
