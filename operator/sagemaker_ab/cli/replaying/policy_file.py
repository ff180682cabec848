"""Reads the YAML of a policy, alone or in a whole SageMakerABEndpoint."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TextIO

import yaml

from sagemaker_ab.api.policies.traffic import InvalidPolicy, TrafficPolicy, parse_policy, variants_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The policy, and the variants that the resource names; none for a policy alone."""

    policy: TrafficPolicy
    variants: tuple[str, ...]


def read_policy(file: TextIO) -> Asked:
    """Read one YAML document. Raises InvalidPolicy with a path, or a line and column, in each message."""
    try:
        raw = yaml.load(file, Loader=_Loader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise InvalidPolicy((_words(error),)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidPolicy((f"is not YAML: {' '.join(str(error).split())}",)) from error
    return Asked(policy=parse_policy(raw), variants=variants_of(raw))


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML's readers silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} should stand once, but stands again", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _words(error: yaml.MarkedYAMLError) -> str:
    words = ", ".join(part for part in (error.problem, error.context) if part)
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{words}"
