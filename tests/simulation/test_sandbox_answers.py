"""Answers against their output shapes: what the engine may not say."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import ServiceModel

from sandbox.aws.answers import WrongAnswerError, check_answer

ANSWER = ServiceModel(
    {
        "metadata": {"serviceId": "shop"},
        "operations": {},
        "shapes": {
            "Answer": {
                "type": "structure",
                "required": ["Name"],
                "members": {
                    "Name": {"shape": "Name"},
                    "Count": {"shape": "Count"},
                    "Time": {"shape": "Time"},
                    "Open": {"shape": "Open"},
                    "Color": {"shape": "Color"},
                    "Parts": {"shape": "Answers"},
                    "Stock": {"shape": "Stock"},
                },
            },
            "Answers": {"type": "list", "member": {"shape": "Answer"}},
            "Stock": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Count"}},
            "Name": {"type": "string"},
            "Count": {"type": "integer"},
            "Time": {"type": "timestamp"},
            "Open": {"type": "boolean"},
            "Color": {"type": "string", "enum": ["red", "green"]},
        },
    }
).shape_for("Answer")


def test_an_answer_of_its_shape_passes() -> None:
    part = {"Name": "leg", "Parts": [{"Name": "foot"}]}
    table = {"Name": "table", "Count": 2, "Time": 1.5, "Open": True, "Color": "red", "Stock": {"leg": 4}}
    check_answer(ANSWER, table | {"Parts": [part]})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([], "the answer is [], not a structure"),
        ({}, "Answer: unknown [], missing ['Name']"),
        ({"Name": "a", "Price": 1}, "Answer: unknown ['Price'], missing []"),
        ({"Name": None}, ".Name is None, not a string"),
        ({"Name": "a", "Count": 1.5}, ".Count is 1.5, not a integer"),
        ({"Name": "a", "Count": True}, ".Count is True, not a integer"),
        ({"Name": "a", "Time": True}, ".Time is True, not a timestamp"),
        ({"Name": "a", "Open": 1}, ".Open is 1, not a boolean"),
        ({"Name": "a", "Color": "blue"}, ".Color is 'blue', which its enum does not have"),
        ({"Name": "a", "Parts": ({"Name": "b"},)}, ".Parts is ({'Name': 'b'},), not a list"),
        ({"Name": "a", "Parts": [{"Name": "b"}, {}]}, ".Parts[1]: unknown [], missing ['Name']"),
        ({"Name": "a", "Stock": {"leg": "4"}}, ".Stock[leg] is '4', not a integer"),
    ],
)
def test_a_wrong_answer_is_told_by_its_place(wrong: Any, words: str) -> None:
    with pytest.raises(WrongAnswerError) as raised:
        check_answer(ANSWER, wrong)
    assert str(raised.value) == words


def test_an_operation_without_output_answers_nothing() -> None:
    check_answer(None, {})
    with pytest.raises(WrongAnswerError):
        check_answer(None, {"Name": "a"})
