"""Validation rules across fields, each written twice: in CEL for the API server and as a Python predicate.

Source: Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions", "Validation
rules".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sagemaker_ab.api.fields import ApiModel

M = TypeVar("M", bound=ApiModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[M]):
    """A validation rule of one model.

    ``field`` is the YAML name of the field that an error is reported on; empty for the model as a whole.
    ``given`` has one pair for each ``%s`` in ``message``: the CEL expression and the Python function that
    return the value to insert. A transition rule, one that compares with the old resource, has no ``holds``,
    because only the API server knows the old resource.
    """

    scope: type[M]
    field: str = ""
    cel: str
    holds: Callable[[M], bool] | None = None
    message: str
    given: tuple[tuple[str, Callable[[M], object]], ...] = ()

    def words(self, model: M) -> str:
        """Return the message that the API server returns for a model that violates this rule."""
        return self.message % tuple(python(model) for _, python in self.given)


def exactly_one_of(scope: type[M], *names: str) -> Rule[M]:
    """Return the rule that exactly one of the fields ``names`` (YAML names) is set."""
    attributes = [attribute_of(scope, name) for name in names]
    has = ", ".join(f"has(self.{name})" for name in names)
    count = f"[{has}].filter(given, given).size()"

    def given(model: M) -> int:
        return sum(getattr(model, attribute) is not None for attribute in attributes)

    return Rule(
        scope=scope,
        cel=f"{count} == 1",
        holds=lambda model: given(model) == 1,
        message=f"exactly one of {', '.join(names[:-1])} and {names[-1]} must be set, not %s of them",
        given=((count, given),),
    )


def at_least_one_of(scope: type[M], *names: str) -> Rule[M]:
    """Return the rule that at least one of the fields ``names`` (YAML names) is set."""
    attributes = [attribute_of(scope, name) for name in names]
    return Rule(
        scope=scope,
        cel=" || ".join(f"has(self.{name})" for name in names),
        holds=lambda model: any(getattr(model, attribute) is not None for attribute in attributes),
        message=f"at least one of {', '.join(names[:-1])} and {names[-1]} must be set",
    )


def member_of_type(scope: type[M], name: str, *, type_name: str, discriminator: str = "type") -> Rule[M]:
    """Return the rule that the field ``name`` is set if and only if the discriminator is ``type_name``."""
    attribute, kind = attribute_of(scope, name), attribute_of(scope, discriminator)
    return Rule(
        scope=scope,
        field=name,
        cel=f"has(self.{name}) == (self.{discriminator} == '{type_name}')",
        holds=lambda model: (getattr(model, attribute) is not None) == (getattr(model, kind) == type_name),
        message=f"must be set if {discriminator} is {type_name}, and only then",
    )


def attribute_of(scope: type[ApiModel], name: str) -> str:
    """Return the name in Python of the field that is ``name`` in YAML."""
    return next(attribute for attribute, field in scope.model_fields.items() if field.alias == name)


def broken_rules(model: ApiModel, *, rules: Sequence[Rule[Any]], path: str) -> Iterator[str]:
    """Yield a message for each rule that ``model`` or a model nested in it violates.

    ``path`` is the path of ``model`` in the manifest, such as ``spec``; each message starts with the path of
    the field that the rule names.
    """
    for rule in rules:
        if type(model) is rule.scope and rule.holds and not rule.holds(model):
            yield (
                f"{path}.{rule.field}: {rule.words(model)}" if rule.field else f"{path}: {rule.words(model)}"
            )
    for attribute, field in type(model).model_fields.items():
        value = getattr(model, attribute)
        if isinstance(value, ApiModel):
            yield from broken_rules(value, rules=rules, path=f"{path}.{field.alias}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ApiModel):
                    yield from broken_rules(item, rules=rules, path=f"{path}.{field.alias}[{index}]")
