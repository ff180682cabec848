"""An endpoint in service, steps of its operator, and what AWS holds meanwhile: a vocabulary for tests."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import AUTOSCALING, Spec, spec, with_variant

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
"""The usual endpoint; VariantB scales between one instance and four."""
PLACE = "123456789012/us-east-1"

_SCALABLE = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def aws(*, seed: int = 0, calm: bool = True, variants: Mapping[str, int] | None = None) -> InProcessAws:
    """An AWS of one seed; a calm one has no stale reads and loses no answers."""
    return InProcessAws(seed=seed, variants=variants, stale_reads=not calm, lost_answers=not calm)


def settled(first: Spec, sim: InProcessAws | None = None) -> InProcessOperator:
    """Return an operator that has brought a resource into service."""
    operator = InProcessOperator(sim or aws())
    operator.cluster.apply(first)
    operator.settle()
    return operator


def steps(operator: InProcessOperator, count: int) -> None:
    for _ in range(count):
        operator.step()


def until(operator: InProcessOperator, reached: Callable[[], object], *, reconciles: int = 300) -> None:
    """Reconcile until something has come about."""
    for _ in range(reconciles):
        if reached():
            return
        operator.step()
    raise AssertionError(f"not reached after {reconciles} reconciles: {operator.conditions}")


def run(operator: InProcessOperator, *, hours: float) -> None:
    """Reconcile until so much time has gone by; at most once in five seconds on average."""
    end = now(operator) + 3600 * hours
    for _ in range(100 + round(720 * hours)):
        operator.step()
        if now(operator) >= end:
            return
    raise AssertionError(f"reconciles too often: {operator.conditions}")


def now(operator: InProcessOperator) -> float:
    return operator.sim.engine.clock.now()


def held(operator: InProcessOperator, section: str) -> dict[str, Any]:
    """Return a part of what AWS holds: models, endpointConfigs, endpoints, scalableTargets or tags."""
    return dict(operator.sim.state().get(PLACE, {}).get(section, {}))


def endpoint(operator: InProcessOperator) -> dict[str, Any]:
    """Return the endpoint as AWS has it; empty if there is none."""
    return dict(held(operator, "endpoints").get("reviews", {}))


def variant(operator: InProcessOperator, name: str) -> dict[str, Any]:
    return dict(endpoint(operator)["variants"][name])


def weights(operator: InProcessOperator) -> dict[str, float]:
    return {name: found["currentWeight"] for name, found in endpoint(operator)["variants"].items()}


def counts(operator: InProcessOperator) -> dict[str, int]:
    return {name: found["currentInstanceCount"] for name, found in endpoint(operator)["variants"].items()}


def target(operator: InProcessOperator, name: str = "VariantB") -> dict[str, Any] | None:
    """Return the scalable target of a variant, with its policies, scheduled actions and suspension."""
    found: dict[str, Any] | None = held(operator, "scalableTargets").get(f"endpoint/reviews/variant/{name}")
    return found


def by_hand(operator: InProcessOperator, operation: str, **params: Any) -> None:
    """Let somebody else call SageMaker."""
    operator.sim.edit(call={"service": "sagemaker", "operation": operation, "params": params})


def scaling_by_hand(
    operator: InProcessOperator, operation: str, name: str = "VariantB", **params: Any
) -> None:
    """Let somebody else call Application Auto Scaling for a variant."""
    resource = {"ResourceId": f"endpoint/reviews/variant/{name}"}
    edit = {"service": "application-autoscaling", "operation": operation}
    operator.sim.edit(call={**edit, "params": {**_SCALABLE, **resource, **params}})


def sent(operator: InProcessOperator, *operations: str) -> list[dict[str, Any]]:
    """Return the operator's requests of these operations, whatever became of them."""
    return [call for call in operator.writes() if call["operation"] in operations]


def with_revision(base: Spec, revision: str, *, model: str = "bert-b") -> Spec:
    """Return the spec with another revision of a model."""
    models = [each | {"revision": revision} if each["name"] == model else each for each in base["models"]]
    return {**base, "models": models}


def with_missing_artifact(operator: InProcessOperator, base: Spec, *, model: str = "bert-b") -> Spec:
    """Return the spec with model data that does not exist in S3 until `artifact_arrives`."""
    operator.sim.edit(missing={"object": _LATE})
    return _with_model_data(base, model, _LATE)


def artifact_arrives(operator: InProcessOperator) -> None:
    operator.sim.edit(restored={"object": _LATE})


_LATE = "s3://bucket/late/model.tar.gz"


def _with_model_data(base: Spec, model: str, url: str) -> Spec:
    models = [
        {**each, "primaryContainer": {**each["primaryContainer"], "modelDataUrl": url}}
        if each["name"] == model
        else each
        for each in base["models"]
    ]
    return {**base, "models": models}


def with_replaced(base: Spec, old: str, new: str, **changes: Any) -> Spec:
    """Return the spec with one variant in the place of another."""
    variants = [
        {k: v for k, v in {**each, "name": new, **changes}.items() if v is not None}
        if each["name"] == old
        else each
        for each in base["variants"]
    ]
    return {**base, "variants": variants}


def with_added(base: Spec, name: str, **changes: Any) -> Spec:
    """Return the spec with one more variant, like the last one."""
    return {**base, "variants": [*base["variants"], {**base["variants"][-1], "name": name, **changes}]}


def without(base: Spec, name: str) -> Spec:
    """Return the spec without a variant."""
    return {**base, "variants": [each for each in base["variants"] if each["name"] != name]}


def updates_fail(operator: InProcessOperator, **failure: Any) -> str:
    """Let updates fail after AWS has accepted them; return the id of the fault."""
    effect = {"fail": failure or {"reason": "The container did not start."}}
    return operator.sim.fault(effect, match={"operation": "UpdateEndpoint"}, count=None)


def repaired(operator: InProcessOperator, fault: str) -> None:
    assert operator.sim.gateway.faults.remove(fault)
