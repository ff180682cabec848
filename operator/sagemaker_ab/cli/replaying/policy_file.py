"""Reads the YAML of a policy, alone or in a whole SageMakerABEndpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import click
import yaml

from sagemaker_ab.api.policies.traffic_policy import (
    InvalidPolicy,
    TrafficPolicy,
    parse_policy,
    path_of,
    variants_of,
)
from sagemaker_ab.cli.replaying.strict_yaml import StrictLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The policy, its path in the file, and the variants that the resource names; none for a policy alone."""

    policy: TrafficPolicy
    path: str
    variants: tuple[str, ...]


def read_policy(file: TextIO) -> Asked:
    """Read one YAML document. Raises InvalidPolicy with a path, or a line and column, in each message."""
    try:
        raw = yaml.load(file, Loader=StrictLoader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise InvalidPolicy((_words(error),)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidPolicy((f"is not YAML: {' '.join(str(error).split())}",)) from error
    return Asked(policy=parse_policy(raw), path=path_of(raw), variants=variants_of(raw))


@contextmanager
def refusing(file: TextIO) -> Iterator[None]:
    """Turn InvalidPolicy into click's refusal: a line for each fault, after the name of the file."""
    try:
        yield
    except InvalidPolicy as error:
        words = "\n".join(f"{file.name}: {each}" for each in error.messages)
        raise click.ClickException(words) from error


def _words(error: yaml.MarkedYAMLError) -> str:
    words = ", ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return where + (words if words.isprintable() else ascii(words)[1:-1])
