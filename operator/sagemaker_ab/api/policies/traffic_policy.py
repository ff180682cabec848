"""The field `traffic` of the resource as it will be, and how to parse it from a file."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from sagemaker_ab.api.fields import ApiModel, ListMap, VariantName
from sagemaker_ab.api.messages import key_shown, messages_of, shown
from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.common_rules import COMMON_RULES
from sagemaker_ab.api.policies.experiment_rules import EXPERIMENT_RULES
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.stepped_rules import STEPPED_RULES
from sagemaker_ab.api.resource import KIND, without_nulls
from sagemaker_ab.api.rule import Rule, broken_rules, member_of_type

Policy = Stepped | ABTest | Bandit


class InvalidPolicy(ValueError):
    """The policy is invalid. Each message names a field, the given value and what is allowed."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages

    def at(self, path: str) -> "InvalidPolicy":
        """Return the error with `path` in place of `traffic`, for a policy at this path of its file."""
        return InvalidPolicy(tuple(path + message.removeprefix("traffic") for message in self.messages))


class TrafficPolicy(ApiModel):
    """A strategy that chooses the weights by evidence. The field of the same name contains its settings."""

    strategy: Literal["Stepped", "ABTest", "Bandit"]
    """The strategy that chooses the weights."""

    stepped: Stepped | None = None
    """The settings of Stepped."""

    ab_test: ABTest | None = None
    """The settings of ABTest."""

    bandit: Bandit | None = None
    """The settings of Bandit."""

    @property
    def policy(self) -> Policy:
        """The settings of the strategy."""
        member = self.stepped or self.ab_test or self.bandit
        if member is None:
            raise InvalidPolicy((f"traffic: {self.strategy} has no settings",))
        return member


POLICY_RULES: Final[tuple[Rule[Any], ...]] = (
    member_of_type(TrafficPolicy, "stepped", type_name="Stepped", discriminator="strategy"),
    member_of_type(TrafficPolicy, "abTest", type_name="ABTest", discriminator="strategy"),
    member_of_type(TrafficPolicy, "bandit", type_name="Bandit", discriminator="strategy"),
    *COMMON_RULES,
    *STEPPED_RULES,
    *EXPERIMENT_RULES,
)


def parse_policy(raw: object) -> TrafficPolicy:
    """Parse a policy: a mapping with the field `traffic`, or a SageMakerABEndpoint manifest.

    Unknown fields are forbidden. Raises InvalidPolicy: a field is invalid, with a message for each; or, if
    all fields are valid, a rule across fields is violated, with a message for each.
    """
    traffic = without_nulls(_traffic_of(raw))
    try:
        policy = TrafficPolicy.model_validate(traffic, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidPolicy(messages_of(error, path=path_of(raw))) from error
    if messages := tuple(broken_rules(policy, rules=POLICY_RULES, path=path_of(raw))):
        raise InvalidPolicy(messages)
    return policy


def variants_of(raw: object) -> tuple[str, ...]:
    """Return the names of a manifest's variants; () for a policy alone. Raises InvalidPolicy."""
    spec = _spec_of(raw)
    if spec is None:
        return ()
    try:
        variants = _VARIANTS.validate_python(spec.get("variants") or [])
    except ValidationError as error:
        raise InvalidPolicy(messages_of(error, path="spec.variants")) from error
    return tuple(each.name for each in variants)


def path_of(raw: object) -> str:
    """Return the path of the policy in a file: `traffic`, or `spec.traffic` in a manifest."""
    return "traffic" if _spec_of(raw) is None else "spec.traffic"


class _VariantWithName(ApiModel):
    """The part of a variant that a policy refers to."""

    name: VariantName


_VARIANTS: Final = TypeAdapter(Annotated[list[_VariantWithName], ListMap("name")])


def _traffic_of(raw: object) -> Any:
    if (spec := _spec_of(raw)) is not None:
        return spec.get("traffic", {})
    if not isinstance(raw, Mapping):
        given = "a list" if isinstance(raw, list) else "nothing" if raw is None else shown(raw)
        raise InvalidPolicy((f"the policy should be a mapping with traffic, but is {given}",))
    if extra := sorted(key_shown(key) for key in raw if key != "traffic"):
        raise InvalidPolicy((f"{extra[0]}: is given, but the field is unknown; a policy has only traffic",))
    if "traffic" not in raw:
        raise InvalidPolicy(("traffic: is required",))
    return raw["traffic"]


def _spec_of(raw: object) -> Mapping[Any, Any] | None:
    """Return the spec of a manifest, {} if it has none; None if `raw` is not a SageMakerABEndpoint."""
    if not isinstance(raw, Mapping) or raw.get("kind") != KIND:
        return None
    spec = raw.get("spec")
    return spec if isinstance(spec, Mapping) else {}
