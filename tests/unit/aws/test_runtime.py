"""One request to an endpoint, and what it answers."""

import io
import json
from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.failures import AwsError, FailureKind
from sagemaker_ab.aws.runtime import invoke
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec, with_variant

BODY = b'{"features": ["I love this product!"]}'


@pytest.fixture
def aws():
    """An endpoint that sends all its traffic to VariantB."""
    sim = InProcessAws(stale_reads=False, lost_answers=False)
    operator = InProcessOperator(sim)
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=0))
    operator.settle()
    return SimpleNamespace(sim=sim, runtime=sim.client("sagemaker-runtime"))


def test_the_endpoint_chooses_the_variant_by_weight(aws):
    answer = invoke(aws.runtime, endpoint_name="reviews", body=BODY)

    assert answer.variant == "VariantB"
    assert [set(json.loads(line)) for line in answer.body.splitlines()] == [
        {"predicted_label", "probability"}
    ]
    assert 0 < answer.seconds < 60


def test_a_request_can_name_its_variant(aws):
    assert invoke(aws.runtime, endpoint_name="reviews", body=BODY, variant="VariantA").variant == "VariantA"


def test_json_lines_are_sent_and_asked_for(aws):
    sent = {}
    aws.runtime.meta.events.register_first("before-send", lambda request, **_: sent.update(request.headers))
    invoke(aws.runtime, endpoint_name="reviews", body=BODY)

    assert {str(sent[name], "ascii") for name in ("Content-Type", "Accept")} == {"application/jsonlines"}


def test_an_answer_that_is_not_text_is_shown_as_far_as_it_is():
    """Models are the users' own: they may answer anything."""
    answer = {"InvokedProductionVariant": "VariantA", "Body": io.BytesIO(b"label \xff")}
    runtime = SimpleNamespace(invoke_endpoint=lambda **_: answer)

    assert invoke(runtime, endpoint_name="reviews", body=BODY).body == "label \N{REPLACEMENT CHARACTER}"


def test_a_refusal_has_the_words_of_aws(aws):
    with pytest.raises(AwsError, match="Endpoint review of account 123456789012 not found") as raised:
        invoke(aws.runtime, endpoint_name="review", body=BODY)

    assert raised.value.failure.kind is FailureKind.REFUSED
