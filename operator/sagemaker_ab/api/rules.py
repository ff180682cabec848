"""The validation rules across fields. They reject what AWS would refuse and what would have no effect.

The CRD contains the CEL expression of each rule, and ``resource`` evaluates its Python predicate. A property
test verifies on a real API server that both accept the same specs.

The rules of autoscaling are in ``scaling_rules`` and ``schedule_rules``, those of weights and strategies in
``traffic_rules`` and ``policies``.

Source: SageMaker API reference (CreateEndpoint, CreateEndpointConfig, ContainerDefinition, Tag).
"""

import re
from typing import Any, Final

from sagemaker_ab.api.policies.common_rules import COMMON_RULES
from sagemaker_ab.api.policies.stepped_rules import STEPPED_RULES
from sagemaker_ab.api.rule import Rule, exactly_one_of
from sagemaker_ab.api.scaling_rules import SCALING_RULES
from sagemaker_ab.api.schedule_rules import SCHEDULE_RULES
from sagemaker_ab.api.spec import Container, EndpointSpec, Model, Tag, Variant
from sagemaker_ab.api.traffic_rules import TRAFFIC_RULES

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
        scope=Tag,
        field="key",
        cel=f"!self.key.lowerAscii().matches('^({RESERVED_TAG_KEY})')",
        holds=lambda tag: not _reserved(tag.key),
        message="%s has a reserved prefix; aws: is reserved for AWS and sagemaker-ab.dev/ for the operator",
        given=(("self.key", lambda tag: tag.key),),
    ),
    *SCALING_RULES,
    *SCHEDULE_RULES,
    *TRAFFIC_RULES,
    *COMMON_RULES,
    *STEPPED_RULES,
)
