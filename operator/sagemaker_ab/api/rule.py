"""What a rule that spans fields is: the same rule as the API server reads it (CEL) and as Python does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sagemaker_ab.api.fields import ApiModel

M = TypeVar("M", bound=ApiModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[M]):
    """A rule about one model.

    ``field`` is the YAML name of the member at fault, or nothing for the whole. Each ``%s`` of ``message``
    stands for what was given: a pair of the CEL that says it and the Python that does. A rule about a change
    has no ``holds``: only the server sees the old resource beside the new one.
    """

    scope: type[M]
    field: str = ""
    cel: str
    holds: Callable[[M], bool] | None = None
    message: str
    given: tuple[tuple[str, Callable[[M], object]], ...] = ()

    def words(self, model: M) -> str:
        """Return what the API server would say of a model that breaks this rule."""
        return self.message % tuple(python(model) for _, python in self.given)


def exactly_one_of(scope: type[M], *names: str) -> Rule[M]:
    """Return the rule that one of these members is given and no other of them."""
    attributes = {field.alias: attribute for attribute, field in scope.model_fields.items()}
    has = ", ".join(f"has(self.{name})" for name in names)
    count = f"[{has}].filter(given, given).size()"

    def given(model: M) -> int:
        return sum(getattr(model, attributes[name]) is not None for name in names)

    return Rule(
        scope=scope,
        cel=f"{count} == 1",
        holds=lambda model: given(model) == 1,
        message=f"exactly one of {', '.join(names[:-1])} and {names[-1]} must be given, not %s",
        given=((count, given),),
    )


def broken_rules(model: ApiModel, *, rules: Sequence[Rule[Any]], path: str) -> Iterator[str]:
    """Yield a message for each rule that ``model``, which stands at ``path``, or a model in it breaks."""
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
