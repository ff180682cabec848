"""The validation rules across fields. They reject what AWS would refuse and what would have no effect.

The CRD contains the CEL expression of each rule, and ``resource`` evaluates its Python predicate. A property
test verifies on a real API server that both accept the same specs.

Sources: SageMaker API reference (CreateEndpoint, CreateEndpointConfig, ContainerDefinition, Tag) and
Application Auto Scaling API reference (RegisterScalableTarget, PutScalingPolicy).
"""

import re
from typing import Any, Final

from sagemaker_ab.api.autoscaling import Autoscaling, TargetTrackingScaling
from sagemaker_ab.api.rule import Rule, exactly_one_of
from sagemaker_ab.api.spec import Container, EndpointSpec, Model, Tag, Variant

BURSTABLE: Final = "^ml[.]t[0-9]"
ENVIRONMENT_NAME: Final = "^[a-zA-Z_][a-zA-Z0-9_]*$"
ENVIRONMENT_CHARACTERS: Final = 32 * 1024
RESERVED_TAG_KEY: Final = "aws:|sagemaker-ab[.]dev/"


def _environment_characters(model: Model) -> int:
    containers = [*filter(None, [model.primary_container]), *(model.containers or [])]
    pairs = [pair for container in containers for pair in container.environment.items()]
    return sum(len(name) + len(value) for name, value in pairs)


def _unknown_models(spec: EndpointSpec) -> list[str]:
    known = {model.name for model in spec.models}
    return [variant.model for variant in spec.variants if variant.model not in known]


def _reserved(key: str) -> bool:
    # ASCII, like lowerAscii: str.lower also turns other letters into ASCII ones, such as the Kelvin sign.
    return re.match(RESERVED_TAG_KEY, key, re.ASCII | re.IGNORECASE) is not None


def _starts_within_its_bounds(autoscaling: Autoscaling) -> bool:
    count = autoscaling.initial_instance_count
    return count is None or autoscaling.min_capacity <= count <= autoscaling.max_capacity


def _one_policy_for_each_metric(autoscaling: Autoscaling) -> bool:
    tracking = [policy.target_tracking_scaling for policy in autoscaling.policies]
    metrics = [each.predefined_metric_type for each in tracking if each and each.predefined_metric_type]
    return len(metrics) == len(set(metrics))


def _characters_in(container: str) -> str:
    """Return a CEL expression for the size of a container's environment, in characters.

    AWS limits bytes, but counting bytes would exceed the CEL cost limit.
    """
    sizes = f"{container}.environment.map(name, size(name) + size({container}.environment[name]))"
    return f"(has({container}.environment) ? {sizes}.sum() : 0)"


UNKNOWN_MODELS: Final = (
    "self.variants.filter(variant, !self.models.exists(model, model.name == variant.model))"
)

RULES: Final[tuple[Rule[Any], ...]] = (
    Rule(
        scope=EndpointSpec,
        field="endpointName",
        cel="self.endpointName == oldSelf.endpointName",
        message="is immutable; create another resource for another endpoint",
    ),
    Rule(
        scope=EndpointSpec,
        field="region",
        cel="has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",
        message="is immutable and cannot be added or removed; create another resource for another region",
    ),
    Rule(
        scope=EndpointSpec,
        field="executionRoleArn",
        cel="has(self.executionRoleArn) || self.models.all(model, has(model.existingModelName))",
        holds=lambda spec: bool(spec.execution_role_arn) or all(m.existing_model_name for m in spec.models),
        message="is required unless every model sets existingModelName",
    ),
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel="self.variants.exists(variant, variant.weight > 0)",
        holds=lambda spec: any(variant.weight for variant in spec.variants),
        message="at least one weight must be greater than 0; if all are 0, no variant gets traffic",
    ),
    Rule(
        scope=EndpointSpec,
        field="variants",
        cel=f"{UNKNOWN_MODELS}.size() == 0",
        holds=lambda spec: not _unknown_models(spec),
        message="model must be the name of an entry in spec.models, but there is no entry %s",
        given=((f"{UNKNOWN_MODELS}[0].model", lambda spec: _unknown_models(spec)[0]),),
    ),
    exactly_one_of(Model, "primaryContainer", "containers", "existingModelName"),
    Rule(
        scope=Model,
        field="revision",
        cel="!has(self.revision) || !has(self.existingModelName)",
        holds=lambda model: model.revision is None or model.existing_model_name is None,
        message="cannot be set with existingModelName; set the name of another existing model instead",
    ),
    Rule(
        scope=Model,
        cel=(
            f"(has(self.primaryContainer) ? {_characters_in('self.primaryContainer')} : 0)"
            f" + (has(self.containers) ? self.containers.map(one, {_characters_in('one')}).sum() : 0)"
            f" <= {ENVIRONMENT_CHARACTERS}"
        ),
        holds=lambda model: _environment_characters(model) <= ENVIRONMENT_CHARACTERS,
        message=(
            f"environment must have at most {ENVIRONMENT_CHARACTERS} characters in total over all containers"
        ),
    ),
    exactly_one_of(Container, "framework", "image", "modelPackageName"),
    Rule(
        scope=Container,
        field="environment",
        cel=f"!has(self.environment) || self.environment.all(name, name.matches('{ENVIRONMENT_NAME}'))",
        holds=lambda container: all(re.fullmatch(ENVIRONMENT_NAME, name) for name in container.environment),
        message="names must consist of letters, digits and underscores and must not start with a digit",
    ),
    exactly_one_of(Variant, "instanceCount", "autoscaling"),
    Rule(
        scope=Variant,
        field="instanceType",
        cel=f"!has(self.autoscaling) || !self.instanceType.matches('{BURSTABLE}')",
        holds=lambda variant: not (variant.autoscaling and re.match(BURSTABLE, variant.instance_type)),
        message=(
            "AWS does not support autoscaling of burstable instance types such as %s;"
            " set instanceCount, or use another instance type"
        ),
        given=(("self.instanceType", lambda variant: variant.instance_type),),
    ),
    Rule(
        scope=Autoscaling,
        field="minCapacity",
        cel="self.minCapacity <= self.maxCapacity",
        holds=lambda autoscaling: autoscaling.min_capacity <= autoscaling.max_capacity,
        message="must be less than or equal to maxCapacity, but %s is greater than %s",
        given=(
            ("self.minCapacity", lambda autoscaling: autoscaling.min_capacity),
            ("self.maxCapacity", lambda autoscaling: autoscaling.max_capacity),
        ),
    ),
    Rule(
        scope=Autoscaling,
        field="initialInstanceCount",
        cel=(
            "!has(self.initialInstanceCount) || (self.initialInstanceCount >= self.minCapacity"
            " && self.initialInstanceCount <= self.maxCapacity)"
        ),
        holds=_starts_within_its_bounds,
        message="must be from minCapacity to maxCapacity, but %s is not from %s to %s",
        given=(
            ("self.initialInstanceCount", lambda autoscaling: autoscaling.initial_instance_count),
            ("self.minCapacity", lambda autoscaling: autoscaling.min_capacity),
            ("self.maxCapacity", lambda autoscaling: autoscaling.max_capacity),
        ),
    ),
    Rule(
        scope=Autoscaling,
        field="policies",
        cel=(
            "!has(self.policies) || self.policies.all(one, !has(one.targetTrackingScaling)"
            " || !has(one.targetTrackingScaling.predefinedMetricType)"
            " || self.policies.exists_one(other, has(other.targetTrackingScaling)"
            " && has(other.targetTrackingScaling.predefinedMetricType)"
            " && other.targetTrackingScaling.predefinedMetricType"
            " == one.targetTrackingScaling.predefinedMetricType))"
        ),
        holds=_one_policy_for_each_metric,
        message="each policy must have a predefinedMetricType of its own; AWS allows one policy per metric",
    ),
    Rule(
        scope=TargetTrackingScaling,
        field="targetValue",
        cel="type(self.targetValue) == int || double(self.targetValue) > 0.0",
        holds=lambda tracking: tracking.target > 0,
        message="must be greater than 0",
    ),
    Rule(
        scope=Tag,
        field="key",
        cel=f"!self.key.lowerAscii().matches('^({RESERVED_TAG_KEY})')",
        holds=lambda tag: not _reserved(tag.key),
        message="%s has a reserved prefix; aws: is reserved for AWS and sagemaker-ab.dev/ for the operator",
        given=(("self.key", lambda tag: tag.key),),
    ),
)
