"""The example policies name every field, and what they say of defaults is so."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.policies.traffic import parse_policy

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "policies").glob("*.yaml"))
NOT_DEFAULTS = ("not the default", "left out:", "required")


def models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def every_model(model):
    yield model
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from every_model(inner)


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return request.param.read_text()


def test_an_example_is_valid_and_names_every_field(example):
    policy = parse_policy(yaml.safe_load(example)).policy
    aliases = {field.alias for model in every_model(type(policy)) for field in model.model_fields.values()}
    assert [alias for alias in sorted(aliases) if f"{alias}:" not in example] == []


def test_what_an_example_leaves_uncommented_is_the_default(example):
    """A field of several models, such as minRequests, has one of their defaults."""
    policy = parse_policy(yaml.safe_load(example)).policy
    for alias, defaults in defaults_of(type(policy)).items():
        for line in example.splitlines():
            says_so = line.strip().startswith(f"{alias}:") and not any(word in line for word in NOT_DEFAULTS)
            if says_so:
                assert yaml.safe_load(line.strip())[alias] in defaults, line


def defaults_of(model):
    found = {}
    for inner in every_model(model):
        for field in inner.model_fields.values():
            if isinstance(field.default, str | int):
                found.setdefault(field.alias, set()).add(field.default)
    return found
