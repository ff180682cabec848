"""Patches that status offers, applied to a document."""

import json

import pytest

from sagemaker_ab.planning.json_patch import PatchMismatch, apply_patch
from sagemaker_ab.planning.runs.patch import winner_patch

DOCUMENT = {"spec": {"variants": [{"name": "A"}, {"name": "B"}], "traffic": {"strategy": "Stepped"}}}


def test_the_patch_of_a_winner_applies_and_leaves_the_document_alone():
    patched = apply_patch(DOCUMENT, json.loads(winner_patch(["A", "B"], "B")))

    assert patched["spec"]["variants"] == [{"name": "A", "weight": 0}, {"name": "B", "weight": 100}]
    assert patched["spec"]["traffic"] == {"strategy": "Manual"}
    assert DOCUMENT["spec"]["traffic"] == {"strategy": "Stepped"}


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"op": "test", "path": "/spec/variants/0/name", "value": "B"}, "is A, but the patch is for B"),
        ({"op": "test", "path": "/spec/variants/2/name", "value": "C"}, "/spec/variants/2/name does not"),
        ({"op": "test", "path": "/spec/region", "value": "x"}, "/spec/region does not exist"),
        ({"op": "replace", "path": "/spec/region", "value": "x"}, "/spec/region does not exist"),
        ({"op": "add", "path": "/status/region", "value": "x"}, "/status/region does not exist"),
    ],
)
def test_a_patch_of_another_document_is_refused(operation, words):
    with pytest.raises(PatchMismatch, match=words):
        apply_patch(DOCUMENT, [operation])
