"""Who chooses the weights: the `traffic` of a resource as it will be, and how a file of it is read."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import TypeAdapter, ValidationError, model_validator

from sagemaker_ab.api.fields import ApiModel, ListMap
from sagemaker_ab.api.messages import key_shown, messages_of, shown
from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.validation import refuse
from sagemaker_ab.api.resource import KIND
from sagemaker_ab.api.spec import VariantName

Policy = Stepped | ABTest | Bandit

_MEMBERS: Final = {"Stepped": "stepped", "ABTest": "abTest", "Bandit": "bandit"}


class InvalidPolicy(ValueError):
    """A policy that breaks rules; each message names a field, what was given and what is allowed."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages

    def at(self, path: str) -> "InvalidPolicy":
        """Return the same of a policy that stands at `path` of its file, and not at `traffic`."""
        return InvalidPolicy(tuple(path + message.removeprefix("traffic") for message in self.messages))


class TrafficPolicy(ApiModel):
    """A strategy that chooses weights by evidence, and the member of the same name."""

    strategy: Literal["Stepped", "ABTest", "Bandit"]
    """Who chooses the weights."""

    stepped: Stepped | None = None
    """The settings of Stepped."""

    ab_test: ABTest | None = None
    """The settings of ABTest."""

    bandit: Bandit | None = None
    """The settings of Bandit."""

    @model_validator(mode="after")
    def _have_the_member_of_the_strategy(self) -> Self:
        members = {"stepped": self.stepped, "abTest": self.ab_test, "bandit": self.bandit}
        given = [name for name, member in members.items() if member is not None]
        if given != [_MEMBERS[self.strategy]]:
            raise refuse(
                "strategy {strategy} should have the member {wanted} and no other; given: {given}",
                strategy=self.strategy,
                wanted=_MEMBERS[self.strategy],
                given=", ".join(given) or "none",
            )
        return self

    @property
    def policy(self) -> Policy:
        """The member that the strategy names."""
        member = self.stepped or self.ab_test or self.bandit
        if member is None:
            raise InvalidPolicy((f"traffic: {self.strategy} has no settings",))
        return member


def parse_policy(raw: object) -> TrafficPolicy:
    """Read a policy that a person wrote: `{traffic: …}`, or a whole SageMakerABEndpoint that has one.

    Raises InvalidPolicy with a message for each fault: the field's path, what was given, what is allowed.
    """
    traffic = _found(raw)
    try:
        return TrafficPolicy.model_validate(traffic, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidPolicy(messages_of(error, path=path_of(raw))) from error


def variants_of(raw: object) -> tuple[str, ...]:
    """Return the variants that a whole resource names; nothing for a policy alone. Raises InvalidPolicy."""
    spec = _spec_of(raw)
    if spec is None:
        return ()
    try:
        named = _VARIANTS.validate_python(spec.get("variants") or [])
    except ValidationError as error:
        raise InvalidPolicy(messages_of(error, path="spec.variants")) from error
    return tuple(each.name for each in named)


def path_of(raw: object) -> str:
    """Return where the policy stands in what a person wrote."""
    return "traffic" if _spec_of(raw) is None else "spec.traffic"


class _Named(ApiModel):
    """Of a variant, what a policy calls it by."""

    name: VariantName


_VARIANTS: Final = TypeAdapter(Annotated[list[_Named], ListMap("name")])


def _found(raw: object) -> Any:
    if (spec := _spec_of(raw)) is not None:
        return spec.get("traffic", {})
    if not isinstance(raw, Mapping):
        given = "a list" if isinstance(raw, list) else "nothing" if raw is None else shown(raw)
        raise InvalidPolicy((f"the policy should be a mapping with traffic, and is {given}",))
    if extra := sorted(key_shown(key) for key in raw if key != "traffic"):
        raise InvalidPolicy((f"{extra[0]}: is not a field here; a policy has traffic and nothing beside it",))
    if "traffic" not in raw:
        raise InvalidPolicy(("traffic: is required",))
    return raw["traffic"]


def _spec_of(raw: object) -> Mapping[Any, Any] | None:
    """Return the spec of a whole resource, which may lack one; None for what is no resource."""
    if not isinstance(raw, Mapping) or raw.get("kind") != KIND:
        return None
    spec = raw.get("spec")
    return spec if isinstance(spec, Mapping) else {}
