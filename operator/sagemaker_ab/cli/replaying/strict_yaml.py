"""A YAML loader that reports every error with line and column, and refuses duplicate keys."""

from collections.abc import Hashable
from typing import Any, Final

import yaml

from sagemaker_ab.api.messages import shown

_MOST_BITS: Final = 64


class StrictLoader(yaml.SafeLoader):
    """Raises MarkedYAMLError where PyYAML accepts invalid input or raises another error."""

    def get_single_data(self) -> Any:
        try:
            return super().get_single_data()
        except RecursionError as error:
            raise yaml.MarkedYAMLError(
                problem="is nested too deeply", problem_mark=self.get_mark()
            ) from error

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Refuse a scalar that does not match its tag; 2026-13-45 has the implicit tag timestamp."""
        try:
            value = super().construct_object(node, deep=deep)
        except (ValueError, LookupError, AttributeError, OverflowError) as error:
            raise _refused(node, f"no {_kind(node)}") from error
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise _refused(node, f"an integer of more than {_MOST_BITS} bits")
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a duplicate key; PyYAML silently uses the last value."""
        seen = set()
        pairs = node.value if node.id == "mapping" else ()  # !!map can tag any node
        for key in (key for key, _ in pairs if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{shown(key.value)} should appear once, but appears again",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refused(node: yaml.Node, words: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=f"{shown(node.value)} is {words}", problem_mark=node.start_mark)


def _kind(node: yaml.Node) -> str:
    return str(node.tag).rpartition(":")[2]
