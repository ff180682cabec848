"""The example policies name every field, and what they say of defaults is so."""

import copy
from pathlib import Path
from typing import get_args

import pytest
import yaml

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.policies.common import default_goal
from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy, parse_policy

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "policies").glob("*.yaml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return request.param.read_text()


def test_an_example_names_every_field_of_every_model(example):
    policy = parse_policy(yaml.safe_load(example)).policy
    for model in every_model(type(policy)):
        for field in model.model_fields.values():
            assert (
                f" {field.alias}: " in example
                or f"{{{field.alias}: " in example
                or f" {field.alias}:\n" in example
            )


def test_what_an_example_says_is_required_is_and_the_rest_is_the_default(example):
    """Each is left out in turn: a required one is missed, without any other the policy is the same."""
    whole = parse_policy(yaml.safe_load(example)).policy
    marks = dict(marked(example))
    assert len(marks) > 15
    for path, comment in marks.items():
        raw = without(yaml.safe_load(example), path)
        if comment.startswith("required"):
            with pytest.raises(InvalidPolicy, match=r"is required|must be set"):
                parse_policy(raw)
        elif not comment.startswith(("left out", "not the default", "one of", "the other")):
            assert effective(parse_policy(raw).policy) == effective(whole), path


def every_model(model):
    yield model
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from every_model(inner)


def models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def marked(example):
    """Yield the path of each field with the comment of its line; of a list or map only if it has one."""
    lines = example.splitlines()
    for path, key, value in fields(yaml.compose(example), ()):
        comment = lines[key.start_mark.line].partition(" # ")[2]
        if comment or isinstance(value, yaml.ScalarNode):
            yield path, comment


def fields(node, path):
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key, value
            yield from fields(value, (*path, key.value))
    if isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from fields(value, (*path, place))


def without(raw, path):
    left = copy.deepcopy(raw)
    inner = left
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return left


def effective(policy):
    """The policy with the goals, margins and bounds that hold where none is said."""
    dumped = policy.model_dump()
    for breaker, raw in zip(getattr(policy, "breakers", []), dumped.get("breakers", []), strict=True):
        raw |= {"max_rate": None, "max_micros": None, "bound": breaker.bound}
    if "hypothesis" in dumped:
        dumped["hypothesis"] |= {"margin_percent": policy.hypothesis.margin}
    for model in (dumped, dumped.get("hypothesis", {}), *dumped.get("guardrails", [])):
        if "metric" in model:
            model["goal"] = model["goal"] or default_goal(model["metric"])
    return dumped
