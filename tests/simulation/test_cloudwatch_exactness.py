"""What was served, to which variant and how fast, is what CloudWatch tells: exactly, or within a per cent."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.core import OPERATIONS, Call
from sandbox.aws.engine.runtime.serving import routed
from sandbox.aws.engine.sagemaker.store import store_of

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

CALLS = 10_000
SHIFTS = ((90, 10), (50, 50), (0, 100))
NAMES = ("VariantA", "VariantB")
PARAMS = {
    "EndpointName": "reviews",
    "ContentType": "application/jsonlines",
    "Body": b'{"features": ["I love this product!"]}\n',
}


class Caller:
    """Calls InvokeEndpoint as the gateway does, which is too slow for so many."""

    def __init__(self, sim: InProcessAws) -> None:
        self.sim = sim
        self.region = sim.engine.region("123456789012", "us-east-1")
        self.handler: Any = OPERATIONS["sagemaker-runtime", "InvokeEndpoint"].handler
        self.served: Counter[str] = Counter()
        self.latencies: dict[str, list[float]] = defaultdict(list)
        """In microseconds, as the model took them."""

    def call(self, **params: Any) -> str:
        """Return the variant that served."""
        asked = Call(region=self.region, params=PARAMS | params, as_of=self.sim.engine.clock.now())
        answer = self.handler(asked)
        name = str(answer["InvokedProductionVariant"])
        self.served[name] += 1
        self.latencies[name].append(answer.seconds * 1e6)
        return name

    def calls(self, count: int, *, minutes: float, **params: Any) -> Counter[str]:
        """Make so many calls, spread over a time, and count them by variant."""
        found: Counter[str] = Counter()
        for number in range(count):
            found[self.call(**params)] += 1
            if number % 100 == 0:
                self.sim.advance(minutes=100 * minutes / count)
        return found

    def read(self, variant: str, metric: str, *stats: str, period: int = 86_400) -> dict[str, list[float]]:
        dimensions = [
            {"Name": "EndpointName", "Value": "reviews"},
            {"Name": "VariantName", "Value": variant},
        ]
        found = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
        now = self.sim.engine.clock.now()
        queries = [
            {"Id": f"q{number}", "MetricStat": {"Metric": found, "Period": period, "Stat": stat}}
            for number, stat in enumerate(stats)
        ]
        answer = self.sim.client("cloudwatch").get_metric_data(
            StartTime=now // 86_400 * 86_400, EndTime=now, MetricDataQueries=queries
        )
        return {stat: one["Values"] for stat, one in zip(stats, answer["MetricDataResults"], strict=True)}


@pytest.fixture
def caller(calm_sim: InProcessAws, in_service: Any) -> Caller:
    del in_service
    return Caller(calm_sim)


@pytest.mark.ledger("runtime.weights")
@pytest.mark.parametrize("weights", SHIFTS)
def test_ten_thousand_requests_are_split_by_weight(caller: Caller, weights: tuple[int, int]) -> None:
    caller.sim.edit(weights={"endpoint": "reviews", "variants": dict(zip(NAMES, weights, strict=True))})
    endpoint = store_of(caller.region).endpoint("reviews")
    assert endpoint is not None
    split = Counter(variant.name for _ in range(CALLS) if (variant := routed(caller.region, endpoint)))
    share = weights[0] / sum(weights)
    assert sum(split.values()) == CALLS
    assert abs(split["VariantA"] - CALLS * share) <= 4 * math.sqrt(CALLS * share * (1 - share))


@pytest.mark.ledger("cloudwatch.percentile")
def test_ten_thousand_calls_over_three_shifts_are_counted_exactly_and_timed_within_a_per_cent(
    caller: Caller,
) -> None:
    for weights in SHIFTS:
        caller.sim.edit(weights={"endpoint": "reviews", "variants": dict(zip(NAMES, weights, strict=True))})
        caller.calls(CALLS // 3 + 1, minutes=10)
    caller.sim.advance(minutes=5)
    assert sum(caller.served.values()) >= CALLS
    for name in NAMES:
        assert sum(caller.read(name, "Invocations", "Sum", period=60)["Sum"]) == caller.served[name]
        assert caller.read(name, "Invocations", "Sum")["Sum"] == [caller.served[name]]
        raw = quantiles(caller.latencies[name], n=100, method="inclusive")
        told = caller.read(name, "ModelLatency", "p50", "p90", "p99")
        for percent in (50, 90, 99):
            assert told[f"p{percent}"] == [pytest.approx(raw[percent - 1], rel=0.01)]


@pytest.mark.ledger("runtime.target-variant")
def test_a_target_variant_serves_each_of_its_calls_and_weight_zero_none(caller: Caller) -> None:
    caller.sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 0, "VariantB": 7}})
    assert caller.calls(500, minutes=2, TargetVariant="VariantA") == {"VariantA": 500}
    assert caller.calls(500, minutes=2, TargetVariant="VariantB") == {"VariantB": 500}
    assert caller.calls(1_000, minutes=2) == {"VariantB": 1_000}
    caller.sim.advance(minutes=5)
    assert [caller.read(name, "Invocations", "Sum")["Sum"] for name in NAMES] == [[500], [1_500]]
