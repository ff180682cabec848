"""A file of a policy is refused by line and column, whatever stands in it, and never by a traceback."""

from io import StringIO

import click
import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.cli.replaying.policy_file import read_policy, reporting_invalid_policy

DIGITS = "1" * 80


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed: 2026-13-45", 'line 1, column 7: "2026-13-45" is no timestamp'),
        ("seed: !!timestamp abc", 'line 1, column 7: "abc" is no timestamp'),
        ("a:\n- !!int abc", 'line 2, column 3: "abc" is no int'),
        ("seed: !!bool abc", 'line 1, column 7: "abc" is no bool'),
        ("seed: !!map abc", "line 1, column 7: expected a mapping node, but found scalar"),
        ("seed: " + "1" * 5000, f'line 1, column 7: "{DIGITS[1:]}… is no int'),
        ("seed: 0x1" + "0" * 5000, "is an integer of more than 64 bits"),
        ("seed: " + "[" * 3000, "is nested too deeply"),
        ("a: " + "{a: " * 3000, "is nested too deeply"),
        (
            '{"\\e[3m": 1, "\\e[3m": 2}',
            'line 1, column 14: "\\u001b[3m" should appear once, but appears again',
        ),
        ("a: !!%1B[3m x", "line 1, column 4: could not determine a constructor for the tag"),
        (
            "{}\n---\n{}",
            "line 2, column 1: expected a single document in the stream, but found another document",
        ),
        ("traffic: [", "line 1, column 11: while parsing a flow node, expected the node content"),
    ],
    ids=range(13),
)
def test_a_fault_has_its_line_and_column(text, words):
    with pytest.raises(InvalidPolicy) as refused:
        read_policy(StringIO(text))
    (message,) = refused.value.messages
    assert words in message
    assert message.startswith("line ")
    assert message.isprintable()
    assert len(message) < 200


def test_the_refusal_names_the_file_in_each_line():
    file = StringIO()
    file.name = "policy.yaml"
    with (
        pytest.raises(click.ClickException, match=r"^policy.yaml: a\npolicy.yaml: b$"),
        reporting_invalid_policy(file),
    ):
        raise InvalidPolicy(("a", "b"))
