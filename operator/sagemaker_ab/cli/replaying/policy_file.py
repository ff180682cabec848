"""Reads a traffic policy from YAML, alone or within a SageMakerABEndpoint."""

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
class PolicyFile:
    """A policy, its path in the file, and the variants of the resource; none for a policy alone."""

    policy: TrafficPolicy
    path: str
    variants: tuple[str, ...]


def read_policy(file: TextIO) -> PolicyFile:
    """Read one YAML document. Raises InvalidPolicy; each message has a path, or a line and column."""
    try:
        raw = yaml.load(file, Loader=StrictLoader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise InvalidPolicy((_words(error),)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidPolicy((f"is not YAML: {' '.join(str(error).split())}",)) from error
    return PolicyFile(policy=parse_policy(raw), path=path_of(raw), variants=variants_of(raw))


@contextmanager
def reporting_invalid_policy(file: TextIO) -> Iterator[None]:
    """Raise InvalidPolicy as ClickException, with one line for each message after the file's name."""
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
