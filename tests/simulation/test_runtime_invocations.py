"""Invoking endpoints: who answers, what it says, and how it fails."""

from __future__ import annotations

import json
import math
from collections import Counter
from statistics import fmean, median
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.engine.runtime.profiles import PROFILES
from sandbox.aws.engine.runtime.sentiment import LABELS, classify
from sandbox.aws.engine.runtime.serving import routed, serve
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.inprocess import START

if TYPE_CHECKING:
    from sandbox.aws.engine.records import Endpoint
    from sandbox.aws.inprocess import InProcessAws

SENTENCES = ("I love this product!", "OK, but not great.", "This is not the right product.")
REVIEWS = [f"{word} item number {number}" for word in ("great", "bad", "plain") for number in range(700)]


def lines(*texts: str) -> bytes:
    return "\n".join(json.dumps({"features": [text]}) for text in texts).encode()


class Runtime:
    """Invokes "reviews" with JSON Lines."""

    def __init__(self, sim: InProcessAws) -> None:
        self.client = sim.client("sagemaker-runtime")

    def __call__(self, *texts: str, **params: Any) -> tuple[str, list[dict[str, Any]]]:
        """Return the variant that answered and its answers."""
        asked = {"EndpointName": "reviews", "ContentType": "application/jsonlines", "Body": lines(*texts)}
        answer = self.client.invoke_endpoint(**asked | params)
        return answer["InvokedProductionVariant"], [
            json.loads(line) for line in answer["Body"].read().splitlines()
        ]


@pytest.fixture
def invoke(calm_sim: InProcessAws, in_service: Any) -> Runtime:
    del in_service
    return Runtime(calm_sim)


@pytest.fixture
def endpoint(calm_sim: InProcessAws, in_service: Any) -> Endpoint:
    del in_service
    found = store_of(calm_sim.engine.region("123456789012", "us-east-1")).endpoint("reviews")
    assert found is not None
    return found


@pytest.fixture
def notebook(calm_sim: InProcessAws, deployer: Any) -> Runtime:
    """The notebook's endpoint: VariantA serves artefact variant_a, VariantB serves variant_b."""
    for letter in ("a", "b"):
        deployer.client.create_model(
            ModelName=letter,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            PrimaryContainer={
                "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
                "ModelDataUrl": f"s3://dlai-practical-data-science/models/ab/variant_{letter}/model.tar.gz",
            },
        )
    deployer.config(VariantA={"ModelName": "a"}, VariantB={"ModelName": "b"})
    deployer.endpoint()
    calm_sim.advance(minutes=10)
    return Runtime(calm_sim)


@pytest.mark.parametrize("sim_seed", range(3))
@pytest.mark.parametrize("variant", ["VariantA", "VariantB"])
def test_the_notebooks_sentences_are_positive_neutral_and_negative(notebook: Runtime, variant: str) -> None:
    answered, opinions = notebook(*SENTENCES, TargetVariant=variant)
    assert answered == variant
    assert [opinion["predicted_label"] for opinion in opinions] == [1, 0, -1]
    assert all(1 / 3 < opinion["probability"] < 1 for opinion in opinions)


def test_the_better_model_agrees_more_often_and_the_same_text_gets_the_same_answer() -> None:
    agreement = {
        name: fmean(profile.opinion(text).label == classify(text).label for text in REVIEWS)
        for name, profile in PROFILES.items()
    }
    for name, profile in PROFILES.items():
        assert agreement[name] == pytest.approx(profile.accuracy, abs=0.03)
        assert [profile.opinion(text) for text in REVIEWS[:9]] == [
            profile.opinion(text) for text in REVIEWS[:9]
        ]
    assert agreement["variant_b"] > agreement["variant_a"]


def test_the_classifier_uses_all_three_labels() -> None:
    assert {classify(text).label for text in REVIEWS} == set(LABELS)


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


def test_variant_b_is_a_little_faster_than_variant_a() -> None:
    fast, slow = PROFILES["variant_b"], PROFILES["variant_a"]
    assert 0.5 < fast.latency_milliseconds / slow.latency_milliseconds < 0.95


@pytest.mark.ledger("runtime.slept-up-to-speed")
@pytest.mark.parametrize(("speed", "waits"), [(1.0, True), (600.0, False)])
def test_clients_wait_for_the_model_at_the_speed_of_real_time_only(
    calm_served_sim: Any, speed: float, waits: bool
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
    calm_served_sim.control.edit(ailment={"model": "slow", "latencyFactor": 10})
    calm_served_sim.control.set_speed(speed)
    began = monotonic()
    Runtime(calm_served_sim)("fine")
    took = monotonic() - began
    calm_served_sim.control.set_speed(0)
    assert took > 0.3 if waits else took < 0.3


def test_traffic_made_inside_has_its_rate_and_its_weights(
    calm_sim: InProcessAws, in_service: Any, invoke: Runtime
) -> None:
    del in_service, invoke
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 3, "VariantB": 1}})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 25})
    calm_sim.advance(minutes=60)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=60)
    cloudwatch = calm_sim.client("cloudwatch")
    now = calm_sim.engine.clock.now()
    counts = {}
    for variant in ("VariantA", "VariantB"):
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": "reviews"},
                {"Name": "VariantName", "Value": variant},
            ],
            StartTime=now - 3 * 3600,
            EndTime=now,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        counts[variant] = sum(point["Sum"] for point in points)
    assert sum(counts.values()) == 25 * 60
    assert counts["VariantA"] == pytest.approx(0.75 * 1500, abs=4 * math.sqrt(1500 * 0.75 * 0.25))


@pytest.mark.ledger("runtime.traffic-tick")
def test_traffic_at_an_endpoint_that_does_not_serve_is_lost(calm_served_sim: Any) -> None:
    control = calm_served_sim.control
    control.set_traffic("nobody", per_minute=5)
    control.advance(120)
    assert not calm_served_sim.client("cloudwatch").list_metrics()["Metrics"]


@pytest.mark.ledger("runtime.model-quality")
def test_two_models_differ_in_how_sure_they_are_of_each_sentence_and_the_better_is_surer(
    notebook: Runtime,
) -> None:
    sure = {
        variant: [opinion["probability"] for opinion in notebook(*SENTENCES, TargetVariant=variant)[1]]
        for variant in ("VariantA", "VariantB")
    }
    assert all(of_a != of_b for of_a, of_b in zip(*sure.values(), strict=True))
    assert fmean(sure["VariantB"]) > fmean(sure["VariantA"])
    again = notebook(*SENTENCES, TargetVariant="VariantA")[1]
    assert [opinion["probability"] for opinion in again] == sure["VariantA"]


def test_a_model_is_less_sure_of_what_it_has_wrong() -> None:
    for profile in PROFILES.values():
        right, wrong = [], []
        for text in REVIEWS:
            opinion = profile.opinion(text)
            (right if opinion.label == classify(text).label else wrong).append(opinion.probability)
        assert fmean(wrong) < fmean(right)


@pytest.mark.ledger("runtime.model-quality", "runtime.model-latency")
def test_quality_and_latency_of_a_model_can_be_set_and_forgotten(
    calm_sim: InProcessAws, notebook: Runtime
) -> None:
    region = calm_sim.engine.region("123456789012", "us-east-1")
    endpoint = store_of(region).endpoint("reviews")
    assert endpoint is not None

    def latency() -> float:
        return median(serve(region, endpoint, endpoint.variants[0]).latency for _ in range(300))

    def answers() -> list[int]:
        return [
            opinion["predicted_label"] for opinion in notebook(*REVIEWS[:200], TargetVariant="VariantA")[1]
        ]

    before, truth = answers(), [classify(text).label for text in REVIEWS[:200]]
    calm_sim.edit(profile={"model": "a", "accuracy": 1.0, "latencyMilliseconds": 500})
    assert answers() == truth != before
    assert latency() == pytest.approx(500_000, rel=0.1)
    calm_sim.edit(profile={"model": "a", "accuracy": 0.0})
    assert not any(one == right for one, right in zip(answers(), truth, strict=True))
    calm_sim.edit(profile={"model": "a"})
    assert answers() == before
    with pytest.raises(ValueError, match="speed"):
        calm_sim.edit(profile={"model": "a", "speed": 1})


@pytest.mark.ledger("runtime.load-of-the-day")
def test_traffic_made_inside_follows_the_hours_of_the_day(calm_sim: InProcessAws, in_service: Any) -> None:
    del in_service
    midnight_to_noon = [0.0] * 8 + [60.0] + [120.0] * 3 + [0.0] * 12
    calm_sim.advance(minutes=50)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": midnight_to_noon})
    calm_sim.advance(minutes=13 * 60)
    by_hour = [calls_in_hour(calm_sim, hour) for hour in range(13)]
    assert by_hour[:7] == [0] * 7
    assert by_hour[7] == pytest.approx(60 * 30, rel=0.02)
    assert by_hour[8] == pytest.approx(60 * 90, rel=0.02)
    assert by_hour[9:11] == [60 * 120] * 2
    assert by_hour[11] == pytest.approx(60 * 60, rel=0.02)
    assert by_hour[12] <= 1


def test_a_day_has_twenty_four_hours(calm_sim: InProcessAws) -> None:
    with pytest.raises(ValueError, match="24"):
        calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": [1.0, 2.0]})


def calls_in_hour(sim: InProcessAws, hour: int) -> float:
    start = START + 3600 * hour
    found = sim.client("cloudwatch").get_metric_data(
        StartTime=start,
        EndTime=start + 3600,
        MetricDataQueries=[
            {
                "Id": variant.lower(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "Invocations",
                        "Dimensions": [
                            {"Name": "EndpointName", "Value": "reviews"},
                            {"Name": "VariantName", "Value": variant},
                        ],
                    },
                    "Period": 3600,
                    "Stat": "Sum",
                },
            }
            for variant in ("VariantA", "VariantB")
        ],
    )
    return sum(value for result in found["MetricDataResults"] for value in result["Values"])
