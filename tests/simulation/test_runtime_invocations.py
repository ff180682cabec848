"""Invoking endpoints: who answers, what it says, and how it fails."""

from __future__ import annotations

import math
from collections import Counter
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.engine.runtime.serving import routed, serve
from sandbox.aws.engine.sagemaker.store import store_of
from tests.simulation.invoking import SENTENCES, Runtime, lines

if TYPE_CHECKING:
    from sandbox.aws.engine.records import Endpoint
    from sandbox.aws.inprocess import InProcessAws


@pytest.mark.parametrize("sim_seed", range(3))
@pytest.mark.parametrize("variant", ["VariantA", "VariantB"])
def test_the_notebooks_sentences_are_positive_neutral_and_negative(notebook: Runtime, variant: str) -> None:
    answered, opinions = notebook(*SENTENCES, TargetVariant=variant)
    assert answered == variant
    assert [opinion["predicted_label"] for opinion in opinions] == [1, 0, -1]
    assert all(1 / 3 < opinion["probability"] < 1 for opinion in opinions)


@pytest.mark.ledger("runtime.weights")
@pytest.mark.parametrize("sim_seed", range(3))
@pytest.mark.parametrize("weights", [(90, 10), (50, 50), (0, 100), (1, 0.5)])
def test_weights_share_the_requests(
    calm_sim: InProcessAws, in_service: Any, weights: tuple[float, float]
) -> None:
    calm_sim.edit(
        weights={"endpoint": "reviews", "variants": dict(zip("AB", weights, strict=True))}
        | {"variants": {"VariantA": weights[0], "VariantB": weights[1]}}
    )
    region = calm_sim.engine.region("123456789012", "us-east-1")
    shifted = store_of(region).endpoint("reviews")
    assert shifted is not None
    calls = 4_000
    served = Counter(variant.name for _ in range(calls) if (variant := routed(region, shifted)))
    share = weights[0] / sum(weights)
    error = math.sqrt(calls * share * (1 - share))
    assert abs(served["VariantA"] - calls * share) <= 4 * error
    assert served.total() == calls
    assert in_service.variants()["VariantB"]["CurrentWeight"] == weights[1]


@pytest.mark.ledger("runtime.target-variant")
def test_a_target_variant_is_exact_even_at_weight_zero(calm_sim: InProcessAws, invoke: Runtime) -> None:
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 0, "VariantB": 100}})
    assert {invoke("fine", TargetVariant="VariantA")[0] for _ in range(20)} == {"VariantA"}
    assert {invoke("fine")[0] for _ in range(50)} == {"VariantB"}


@pytest.mark.ledger("runtime.target-variant-missing")
@pytest.mark.parametrize("sim_seed", range(4))
def test_an_unknown_target_variant_is_refused(invoke: Runtime, refused: Any) -> None:
    code, text = refused(invoke, "fine", TargetVariant="VariantC")
    assert code == "ValidationError"
    assert "VariantC" in text


@pytest.mark.ledger("runtime.endpoint-missing")
@pytest.mark.parametrize("name", ["review", "Reviews"])
def test_an_endpoint_is_invoked_by_its_exact_name(invoke: Runtime, refused: Any, name: str) -> None:
    text = f"Endpoint {name} of account 123456789012 not found."
    assert refused(invoke, "fine", EndpointName=name) == ("ValidationError", text)


@pytest.mark.ledger("runtime.endpoint-not-serving")
@pytest.mark.parametrize("sim_seed", range(4))
def test_an_endpoint_that_is_created_or_deleted_does_not_answer(
    calm_sim: InProcessAws, deployer: Any, refused: Any
) -> None:
    deployer.model()
    deployer.config()
    deployer.endpoint()
    invoke = Runtime(calm_sim)
    assert refused(invoke, "fine")[0] == "ValidationError"
    calm_sim.advance(minutes=10)
    assert invoke("fine")
    deployer.client.delete_endpoint(EndpointName="reviews")
    assert refused(invoke, "fine")[0] == "ValidationError"


@pytest.mark.ledger("runtime.serves-while-updating")
def test_an_endpoint_answers_from_its_old_fleet_while_it_is_updated(
    calm_sim: InProcessAws, in_service: Any, invoke: Runtime
) -> None:
    in_service.config("only-c", VariantC={})
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="only-c")
    assert in_service.describe()["EndpointStatus"] == "Updating"
    assert {invoke("fine")[0] for _ in range(30)} == {"VariantA", "VariantB"}
    calm_sim.advance(minutes=10)
    assert {invoke("fine")[0] for _ in range(30)} == {"VariantC"}


@pytest.mark.ledger("runtime.no-weight")
@pytest.mark.parametrize("sim_seed", range(4))
def test_nobody_answers_when_no_variant_has_any_weight(
    calm_sim: InProcessAws, invoke: Runtime, refused: Any
) -> None:
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 0, "VariantB": 0}})
    assert refused(invoke, "fine")[0] in {"ValidationError", "ServiceUnavailable"}


@pytest.mark.ledger("runtime.only-variants")
def test_inference_components_are_refused(invoke: Runtime, refused: Any) -> None:
    assert "InferenceComponentName" in refused(invoke, "fine", InferenceComponentName="x")[1]


@pytest.mark.ledger("runtime.model-error", "runtime.content-types")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"nonsense", "application/jsonlines"),
        (b'{"feature": ["x"]}', "application/jsonlines"),
        (b'{"features": []}', "application/jsonlines"),
        (b'["x"]', "application/jsonlines"),
        (b"", "application/jsonlines"),
        (b"\xff", "application/jsonlines"),
        (lines("fine"), "text/csv"),
    ],
)
def test_a_body_that_the_model_cannot_read_is_a_model_error_of_the_client(
    invoke: Runtime, body: bytes, kind: str
) -> None:
    with pytest.raises(ClientError) as caught:
        invoke(Body=body, ContentType=kind)
    response = caught.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["Error"]["Message"].startswith("Received client error (400) from primary with message")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 400
    assert response["LogStreamArn"].endswith(":log-group:/aws/sagemaker/Endpoints/reviews")


@pytest.mark.ledger("runtime.model-error", "runtime.model-gone", "runtime.log-group")
def test_a_model_fails_as_often_as_it_is_told_to(calm_sim: InProcessAws, invoke: Runtime) -> None:
    def sort() -> int | str:
        try:
            invoke("fine")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return (
                int(error.response["OriginalStatusCode"]) if "OriginalStatusCode" in error.response else code
            )
        return "fine"

    def sorts(calls: int) -> Counter[int | str]:
        return Counter(sort() for _ in range(calls))

    calm_sim.edit(ailment={"model": "bert-a", "rate4xx": 0.2, "rate5xx": 0.2, "rateModelError": 0.2})
    found = sorts(400)
    assert found.keys() == {400, 500, "ModelError", "fine"}
    assert all(50 <= found[kind] <= 115 for kind in (400, 500, "ModelError"))
    calm_sim.edit(ailment={"model": "bert-a"})
    assert sorts(50) == {"fine": 50}


@pytest.mark.ledger("runtime.model-latency", "runtime.overhead")
def test_latency_is_the_models_own_and_follows_its_ailment(
    calm_sim: InProcessAws, endpoint: Endpoint
) -> None:
    region = calm_sim.engine.region("123456789012", "us-east-1")
    variant = endpoint.variants[0]

    def latency() -> float:
        return median(serve(region, endpoint, variant).latency for _ in range(500))

    healthy = latency()
    calm_sim.edit(ailment={"model": "bert-a", "latencyFactor": 5})
    assert latency() == pytest.approx(5 * healthy, rel=0.1)


@pytest.mark.ledger("runtime.slept-up-to-speed")
@pytest.mark.parametrize(("speed", "slower", "waits"), [(1.0, 10, True), (600.0, 400, False)])
def test_clients_wait_for_the_model_at_the_speed_of_real_time_only(
    calm_served_sim: Any, speed: float, slower: int, waits: bool
) -> None:
    sagemaker = calm_served_sim.client("sagemaker")
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
    sagemaker.create_model(
        ModelName="slow",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
        PrimaryContainer={"Image": image, "ModelDataUrl": "s3://models/slow/model.tar.gz"},
    )
    variant = {"VariantName": "A", "ModelName": "slow", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="one", ProductionVariants=[variant | {"InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="one")
    calm_served_sim.control.advance(600)
    calm_served_sim.control.edit(ailment={"model": "slow", "latencyFactor": slower})
    calm_served_sim.control.set_speed(speed)
    began = monotonic()
    Runtime(calm_served_sim)("fine")
    took = monotonic() - began
    calm_served_sim.control.set_speed(0)
    # At its own pace the slower one answers after half a minute: no busy machine comes near that.
    assert took > 0.3 if waits else took < 10
