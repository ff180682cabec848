import pytest

from sagemaker_ab.cli.json_lines import InvalidInput, read_answers, read_inputs


def test_lines_become_values_and_one_body_without_blank_lines():
    inputs = read_inputs('{"features": ["a"]}\n\n  [1, 2]\n', source="inputs.jsonl")

    assert inputs.values == ({"features": ["a"]}, [1, 2])
    assert inputs.body == b'{"features": ["a"]}\n[1, 2]'


def test_a_line_that_is_not_json_is_named_with_what_is_allowed():
    with pytest.raises(InvalidInput) as refused:
        read_inputs('{"features": ["a"]}\nI love it\n', source="inputs.jsonl")

    assert str(refused.value) == (
        "inputs.jsonl, line 2, column 1 is not JSON (Expecting value); "
        'each line must be one JSON value, such as {"features": ["I love this product!"]}'
    )


def test_an_empty_file_is_refused():
    with pytest.raises(InvalidInput, match=r"^<stdin> is empty; it must contain one JSON value per line$"):
        read_inputs("\n \n", source="<stdin>")


def test_more_than_one_request_can_hold_is_refused_with_the_limit():
    with pytest.raises(
        InvalidInput, match=r"6,291,458 bytes; one request takes at most 6,291,456; split the file"
    ):
        read_inputs('"' + "a" * 6_291_456 + '"', source="inputs.jsonl")


def test_answers_are_json_where_they_can_be_and_text_elsewhere():
    assert read_answers('{"predicted_label": 1}\n\nnot JSON\n') == ({"predicted_label": 1}, "not JSON")
