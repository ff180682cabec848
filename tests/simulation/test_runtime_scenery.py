"""What stands behind an endpoint: how good and how fast models are, and traffic made inside."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.runtime.profiles import PROFILES
from sandbox.aws.engine.runtime.sentiment import LABELS, classify
from sandbox.aws.engine.runtime.serving import serve
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.inprocess import START
from tests.simulation.invoking import REVIEWS, SENTENCES, Runtime

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws


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


def test_variant_b_is_a_little_faster_than_variant_a() -> None:
    fast, slow = PROFILES["variant_b"], PROFILES["variant_a"]
    assert 0.5 < fast.latency_milliseconds / slow.latency_milliseconds < 0.95


def served(sim: InProcessAws) -> dict[str, float]:
    """How many requests CloudWatch counts of each variant in the last three hours, once all is published."""
    sim.advance(minutes=5)
    now = sim.engine.clock.now()
    counts = {}
    for variant in ("VariantA", "VariantB"):
        points = sim.client("cloudwatch").get_metric_statistics(
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
    return counts


def test_traffic_made_inside_has_its_rate_and_its_weights(
    calm_sim: InProcessAws, in_service: Any, invoke: Runtime
) -> None:
    del in_service, invoke
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 3, "VariantB": 1}})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 25})
    calm_sim.advance(minutes=60)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    counts = served(calm_sim)
    assert sum(counts.values()) == 25 * 60
    assert counts["VariantA"] == pytest.approx(0.75 * 1500, abs=4 * math.sqrt(1500 * 0.75 * 0.25))


def test_traffic_made_inside_may_name_its_variant(calm_sim: InProcessAws, in_service: Any) -> None:
    """Beside that which the weights split."""
    del in_service
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    split, named = {"endpoint": "reviews"}, {"endpoint": "reviews", "variant": "VariantB"}
    calm_sim.edit(traffic={**split, "ratePerMinute": 30})
    calm_sim.edit(traffic={**named, "ratePerMinute": 6})
    calm_sim.advance(minutes=60)
    calm_sim.edit(traffic={**named, "ratePerMinute": 0})
    calm_sim.advance(minutes=10)
    calm_sim.edit(traffic={**split, "ratePerMinute": 0})
    assert served(calm_sim) == {"VariantA": 70 * 30, "VariantB": 60 * 6}


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
