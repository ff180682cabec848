"""What a resource asks for: its spec, and what its strategy last wrote to status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import shares
from sandbox.safety.strategy import Chosen, chosen_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.safety.aws_state import Raw

GROUP = "sagemaker-ab.dev"
FIELD_MANAGER = "sagemaker-ab-operator"
"""The name under which the operator writes to the API server."""
FINALIZER = f"{GROUP}/endpoint"
ACCOUNT, REGION = f"{GROUP}/account", f"{GROUP}/region"
FORCE_WEIGHTS = f"{GROUP}/force-weights"
RECONCILE_REQUESTED_AT = f"{GROUP}/reconcile-requested-at"
SUSPENSIONS = {"scale_in": "scaleIn", "scale_out": "scaleOut", "scheduled": "scheduled"}
CLUSTER_TAG, NAMESPACE_TAG, NAME_TAG = f"{GROUP}/cluster-id", f"{GROUP}/namespace", f"{GROUP}/name"


@dataclass(frozen=True, slots=True)
class IntendedVariant:
    """``count`` is the number of instances, or the minimum of autoscaling in the spec.

    A scheduled action may have set another minimum: see ``sandbox.safety.intended``. ``weight`` is the
    spec's, or what a strategy last wrote to status; None when it has written none. ``kept``: a run keeps the
    instances.
    """

    name: str
    model: str
    instance_type: str
    weight: float | None
    count: int
    autoscaling: Raw | None
    kept: bool = False

    @property
    def policies(self) -> Mapping[str, Raw]:
        return self._named("policies")

    @property
    def scheduled(self) -> Mapping[str, Raw]:
        return self._named("scheduledActions")

    @property
    def suspended(self) -> Mapping[str, bool]:
        """The kinds of scaling that the spec or a run suspends or resumes, by the recorded state's names."""
        declared: Raw = (self.autoscaling or {}).get("suspended") or {}
        found = {
            kind: declared[member] for kind, member in SUSPENSIONS.items() if declared.get(member) is not None
        }
        return found | {"scale_in": True} if self.kept else found

    @property
    def removes_foreign(self) -> bool:
        """Whether what the spec does not name is to go; without a word of it, it is only reported."""
        return self.autoscaling is not None and self.autoscaling.get("foreignScaling") == "Remove"

    def _named(self, member: str) -> Mapping[str, Raw]:
        found: list[Raw] = (self.autoscaling or {}).get(member) or []
        return {one["name"]: one for one in found}


@dataclass(frozen=True, slots=True)
class Intent:
    """One version of a resource, as far as its user or its strategy decides it.

    ``chosen`` is None under the strategy Manual.
    """

    namespace: str
    name: str
    uid: str
    generation: int
    endpoint: str
    role: str
    variants: Mapping[str, IntendedVariant]
    models: Mapping[str, Raw]
    tags: Mapping[str, str]
    deleting: bool
    retained: bool
    forced: bool
    """Whether a person lets this generation's weights go out at once."""
    requested_at: str
    """The last request to reconcile."""
    chosen: Chosen | None = None

    @property
    def shares(self) -> Mapping[str, float] | None:
        """The intended part of the traffic of each variant; None when a strategy has not chosen it yet."""
        weights = {name: variant.weight for name, variant in self.variants.items()}
        known = {name: weight for name, weight in weights.items() if weight is not None}
        return shares(known) if len(known) == len(weights) else None

    @property
    def overrides_instances(self) -> bool:
        """Whether the weights go out without waiting for instances."""
        return self.forced or (self.chosen is not None and self.chosen.given_up)

    @property
    def content(self) -> Raw:
        """What a deployment is made of: a change of it is another attempt."""
        return {
            "role": self.role,
            "models": self.models,
            "variants": {name: (one.model, one.instance_type) for name, one in self.variants.items()},
        }

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Tell whether owner tags name this resource."""
        named = (tags.get(NAMESPACE_TAG), tags.get(NAME_TAG)) == (self.namespace, self.name)
        return named and CLUSTER_TAG in tags

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name} (generation {self.generation})"


def intent_of(resource: Raw) -> Intent:
    """Read a resource as the API server holds it."""
    metadata, spec = resource["metadata"], resource.get("spec", {})
    chosen = chosen_of(spec, resource.get("status") or {})
    annotations = metadata.get("annotations") or {}
    generation = int(metadata["generation"])
    return Intent(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        generation=generation,
        endpoint=spec.get("endpointName", ""),
        role=spec.get("executionRoleArn", ""),
        variants={raw["name"]: _variant(raw, chosen) for raw in spec.get("variants", ())},
        models={raw["name"]: raw for raw in spec.get("models", ())},
        tags={tag["key"]: tag["value"] for tag in spec.get("tags") or ()},
        deleting="deletionTimestamp" in metadata,
        retained=spec.get("deletionPolicy") == "Retain",
        forced=annotations.get(FORCE_WEIGHTS) == str(generation),
        requested_at=annotations.get(RECONCILE_REQUESTED_AT, ""),
        chosen=chosen,
    )


def _variant(raw: Raw, chosen: Chosen | None) -> IntendedVariant:
    autoscaling: Raw | None = raw.get("autoscaling")
    weights = (chosen.weights or {}) if chosen else {raw["name"]: raw.get("weight")}
    return IntendedVariant(
        name=raw["name"],
        model=raw["model"],
        instance_type=raw["instanceType"],
        weight=weights.get(raw["name"]),
        count=int(autoscaling["minCapacity"] if autoscaling else raw.get("instanceCount", 1)),
        autoscaling=autoscaling,
        kept=chosen is not None and raw["name"] in chosen.kept,
    )
