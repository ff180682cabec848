"""The validation rules of weights, and of the strategy that sets them in place of the spec."""

from collections.abc import Callable
from typing import Any, Final

from sagemaker_ab.api.policies.common import SUCCESSES
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.rule import Rule, member_of_type
from sagemaker_ab.api.spec import EndpointSpec, Traffic

VARIANTS_OF_STEPPED: Final = 2
MANUAL: Final = "self.traffic.strategy == 'Manual'"
WITH_WEIGHT: Final = "self.variants.filter(variant, has(variant.weight))"
WITHOUT_WEIGHT: Final = "self.variants.filter(variant, !has(variant.weight))"


def _manual(spec: EndpointSpec) -> bool:
    return spec.traffic.strategy == "Manual"


def _with_weight(spec: EndpointSpec) -> list[str]:
    return [variant.name for variant in spec.variants if variant.weight is not None]


def _without_weight(spec: EndpointSpec) -> list[str]:
    return [variant.name for variant in spec.variants if variant.weight is None]


def _guards_successes(traffic: Traffic) -> bool:
    guardrails = traffic.stepped.guardrails if traffic.stepped else []
    return any(guardrail.metric == SUCCESSES for guardrail in guardrails)


def _names_a_variant(role: str, name_of: Callable[[Stepped], str | None]) -> Rule[EndpointSpec]:
    """Return the rule that the variant with this role is in the spec."""
    name = f"self.traffic.stepped.{role}"

    def given(spec: EndpointSpec) -> str | None:
        return name_of(spec.traffic.stepped) if spec.traffic.stepped else None

    return Rule(
        scope=EndpointSpec,
        field=f"traffic.stepped.{role}",
        cel=(
            f"!has(self.traffic.stepped) || !has({name})"
            f" || self.variants.exists(variant, variant.name == {name})"
        ),
        holds=lambda spec: given(spec) is None or given(spec) in {each.name for each in spec.variants},
        message="must be the name of an entry in spec.variants, but there is no entry %s",
        given=((name, given),),
    )


TRAFFIC_RULES: Final[tuple[Rule[Any], ...]] = (
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel=f"!({MANUAL}) || {WITHOUT_WEIGHT}.size() == 0",
        holds=lambda spec: not _manual(spec) or not _without_weight(spec),
        message="weight is required if spec.traffic.strategy is Manual, but %s has none",
        given=((f"{WITHOUT_WEIGHT}[0].name", lambda spec: _without_weight(spec)[0]),),
    ),
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel=f"{MANUAL} || {WITH_WEIGHT}.size() == 0",
        holds=lambda spec: _manual(spec) or not _with_weight(spec),
        message="weight of %s cannot be set, because the strategy %s sets the weights",
        given=(
            (f"{WITH_WEIGHT}[0].name", lambda spec: _with_weight(spec)[0]),
            ("self.traffic.strategy", lambda spec: spec.traffic.strategy),
        ),
    ),
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel="self.variants.exists(variant, !has(variant.weight) || variant.weight > 0)",
        holds=lambda spec: any(variant.weight != 0 for variant in spec.variants),
        message="at least one weight must be greater than 0; if all are 0, no variant gets traffic",
    ),
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel=f"self.traffic.strategy != 'Stepped' || self.variants.size() == {VARIANTS_OF_STEPPED}",
        holds=lambda spec: spec.traffic.strategy != "Stepped" or len(spec.variants) == VARIANTS_OF_STEPPED,
        message=(
            "must be the baseline and the candidate if spec.traffic.strategy is Stepped, so 2 variants, not"
            " %s"
        ),
        given=(("self.variants.size()", lambda spec: len(spec.variants)),),
    ),
    _names_a_variant("baseline", lambda stepped: stepped.baseline),
    _names_a_variant("candidate", lambda stepped: stepped.candidate),
    member_of_type(Traffic, "stepped", type_name="Stepped", discriminator="strategy"),
    Rule(
        scope=Traffic,
        field="stepped.guardrails",
        cel=(
            "!has(self.stepped) || !has(self.stepped.guardrails)"
            f" || self.stepped.guardrails.all(guardrail, guardrail.metric != '{SUCCESSES}')"
        ),
        holds=lambda traffic: not _guards_successes(traffic),
        message=(
            f"metric cannot be {SUCCESSES}, which is only for the replay of recorded counts; an endpoint"
            " reports ServerErrors, ClientErrors, ModelErrors and Latency"
        ),
    ),
)
