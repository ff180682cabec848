# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

import json

from sagemaker_ab.cli.views.answers import answers_json, answers_table

INPUTS = ({"features": ["I love this product!"]}, {"features": ["OK, but not great."]})
ANSWERS = ({"predicted_label": 1, "probability": 0.96}, {"predicted_label": 0, "probability": 0.58})
VARIANTS = ("VariantA", "VariantB")


def test_each_answer_stands_beside_its_input_and_the_variant_that_gave_it(text):
    table = answers_table(INPUTS, ANSWERS, variant="VariantB", variants=VARIANTS)

    assert text(table) == (
        "INPUT                 PREDICTED_LABEL  PROBABILITY  VARIANT\n"
        "I love this product!  1                0.96         VariantB\n"
        "OK, but not great.    0                0.58         VariantB"
    )


def test_answers_without_fields_have_one_column(text):
    table = answers_table(([1, 2], {"a": 1}), ("positive", [0.1, 0.9]), variant="VariantA", variants=VARIANTS)

    assert text(table) == (
        'INPUT     ANSWER      VARIANT\n[1, 2]    positive    VariantA\n{"a": 1}  [0.1, 0.9]  VariantA'
    )


def test_an_answer_that_is_missing_or_of_another_form_leaves_dashes(text):
    table = answers_table(("a", "b", "c"), ({"x": 1, "y": 2}, "oops"), variant="VariantA", variants=VARIANTS)

    assert text(table) == (
        "INPUT  X     Y  VARIANT\n"
        "a      1     2  VariantA\n"
        "b      oops  –  VariantA\n"
        "c      –     –  VariantA"
    )


def test_text_that_looks_like_markup_is_shown_as_it_is(text):
    table = answers_table(("[red]a[/red]",), ("[b]",), variant="V[1]", variants=VARIANTS)

    assert text(table).splitlines()[1] == "[red]a[/red]  [b]     V[1]"


def test_programs_get_one_object_per_line():
    lines = answers_json(INPUTS, ANSWERS, variant="VariantA").splitlines()

    assert [json.loads(line) for line in lines] == [
        {"input": sent, "answer": answer, "variant": "VariantA"}
        for sent, answer in zip(INPUTS, ANSWERS, strict=True)
    ]
