"""What endpoints publish: counted from the requests that they served, readable only later."""

from __future__ import annotations

import itertools
import json
import random
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.metrics.minute import Served
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.inprocess import InProcessAws

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86_400
BODY = b'{"features": ["I love this product!"]}\n'
INVOCATIONS, INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"


class Reader:
    """Reads one statistic of one metric of a variant of "reviews", over some days on either side of now."""

    def __init__(self, sim: InProcessAws) -> None:
        self.sim = sim
        self.reach = DAY
        self.client = sim.client("cloudwatch")

    def points(
        self, metric: str, *, variant: str = "VariantA", stat: str = "Sum", period: int = 60
    ) -> dict[float, float]:
        """Values by timestamp."""
        namespace = INSTANCES if "Utilization" in metric else INVOCATIONS
        now = self.sim.engine.clock.now()
        answer = self.client.get_metric_data(
            StartTime=now - self.reach,
            EndTime=now + self.reach,
            MetricDataQueries=[
                {
                    "Id": "q",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": namespace,
                            "MetricName": metric,
                            "Dimensions": [
                                {"Name": "EndpointName", "Value": "reviews"},
                                {"Name": "VariantName", "Value": variant},
                            ],
                        },
                        "Period": period,
                        "Stat": stat,
                    },
                }
            ],
        )
        (result,) = answer["MetricDataResults"]
        times = [at.timestamp() for at in result["Timestamps"]]
        return dict(zip(times, result["Values"], strict=True))

    def total(self, metric: str, *, variant: str = "VariantA") -> float:
        return sum(self.points(metric, variant=variant).values())


@pytest.fixture
def read(calm_sim: InProcessAws, in_service: Any) -> Reader:
    del in_service
    return Reader(calm_sim)


@pytest.fixture
def invoke(calm_sim: InProcessAws) -> Callable[..., str]:
    client = calm_sim.client("sagemaker-runtime")

    def call(**params: Any) -> str:
        asked = {"EndpointName": "reviews", "ContentType": "application/jsonlines", "Body": BODY} | params
        return str(client.invoke_endpoint(**asked)["InvokedProductionVariant"])

    return call


@pytest.mark.ledger("metrics.publish-delay", "metrics.names")
@pytest.mark.parametrize("sim_seed", range(3))
def test_nothing_is_readable_before_its_delay_and_all_of_it_soon_after(
    calm_sim: InProcessAws, read: Reader, invoke: Callable[..., str]
) -> None:
    for _ in range(5):
        invoke(TargetVariant="VariantA")
    for _ in range(60 + 119):
        assert read.total("Invocations") == 0
        calm_sim.advance(seconds=1)
    calm_sim.advance(seconds=61)
    assert read.total("Invocations") == 5


@pytest.mark.ledger("cloudwatch.percentile")
@pytest.mark.parametrize("period", [60, 300])
def test_percentiles_are_within_one_per_cent_of_the_raw_latencies(
    calm_sim: InProcessAws, read: Reader, period: int
) -> None:
    region = calm_sim.engine.region("123456789012", "us-east-1")
    endpoint = store_of(region).endpoint("reviews")
    assert endpoint is not None
    variant = endpoint.variant("VariantA")
    assert variant is not None
    draw = random.Random(7)
    raw = [80_000 * draw.lognormvariate(0, 0.5) for _ in range(3_000)]
    for latency in raw:
        served = Served(model_latency=latency, overhead_latency=4_000.0)
        region.store(MetricsStore).record(endpoint, variant, served)
    calm_sim.advance(minutes=5)
    for percent in (50, 90, 99):
        (value,) = read.points("ModelLatency", stat=f"p{percent}", period=period).values()
        assert value == pytest.approx(quantiles(raw, n=100, method="inclusive")[percent - 1], rel=0.01)
    for stat, exact in (("Average", sum(raw) / len(raw)), ("Minimum", min(raw)), ("Maximum", max(raw))):
        (value,) = read.points("ModelLatency", stat=stat, period=period).values()
        assert value == pytest.approx(exact)
    assert list(read.points("ModelLatency", stat="SampleCount", period=period).values()) == [3_000]


@pytest.mark.ledger("metrics.latency-only-with-traffic", "metrics.errors-zero-or-one")
def test_latencies_and_errors_have_no_datapoint_without_traffic(
    calm_sim: InProcessAws, read: Reader, invoke: Callable[..., str]
) -> None:
    calm_sim.advance(minutes=10)
    invoke(TargetVariant="VariantA")
    calm_sim.advance(minutes=10)
    for metric in ("ModelLatency", "OverheadLatency", "Invocation5XXErrors", "InvocationModelErrors"):
        assert len(read.points(metric)) == 1
        assert not read.points(metric, variant="VariantB")


@pytest.mark.ledger("metrics.idle-invocations", "metrics.idle-invocations-per-instance")
@pytest.mark.parametrize("sim_seed", range(6))
def test_idle_minutes_of_an_endpoint_in_service_are_zero_or_absent_as_the_seed_has_it(
    calm_sim: InProcessAws, in_service: Any, read: Reader
) -> None:
    calm_sim.advance(minutes=10)
    zeros = calm_sim.engine.ledger.value("metrics.idle-invocations")
    assert set(read.points("Invocations").values()) == ({0.0} if zeros else set())
    assert set(read.points("InvocationsPerInstance").values()) == {0.0}
    in_service.client.delete_endpoint(EndpointName="reviews")
    before = len(read.points("InvocationsPerInstance"))
    calm_sim.advance(minutes=30)
    assert len(read.points("InvocationsPerInstance")) <= before + 3


@pytest.mark.ledger("metrics.invocations-per-instance")
def test_invocations_per_instance_divides_by_the_instances_in_service(
    calm_sim: InProcessAws, read: Reader, invoke: Callable[..., str]
) -> None:
    sagemaker = calm_sim.client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[{"VariantName": "VariantA", "DesiredInstanceCount": 4}],
    )
    calm_sim.advance(minutes=10)
    for _ in range(10):
        invoke(TargetVariant="VariantA")
    calm_sim.advance(minutes=5)
    assert read.total("Invocations") == 10
    assert read.total("InvocationsPerInstance") == pytest.approx(2.5)


def test_instances_that_somebody_else_adds_count_at_once(calm_sim: InProcessAws, read: Reader) -> None:
    calm_sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 3}})
    calm_sim.advance(minutes=5)
    assert set(read.points("CPUUtilization", stat="SampleCount").values()) == {1.0, 3.0}


@pytest.mark.ledger("metrics.utilization")
def test_processor_use_rises_with_load_and_graphics_are_absent_without_them(
    calm_sim: InProcessAws, read: Reader
) -> None:
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 400})
    calm_sim.advance(minutes=10)
    busy, idle = (
        max(read.points("CPUUtilization", variant=variant, stat="Average").values())
        for variant in ("VariantA", "VariantB")
    )
    assert idle < 5
    assert 50 < busy <= 200
    for metric in ("MemoryUtilization", "DiskUtilization"):
        assert all(0 < value < 100 for value in read.points(metric, stat="Average").values())
    listed = calm_sim.client("cloudwatch").list_metrics(Namespace=INSTANCES)["Metrics"]
    assert not [metric for metric in listed if metric["MetricName"].startswith("GPU")]
    assert not read.points("GPUUtilization")


@pytest.mark.ledger("metrics.model-errors-superset")
def test_errors_are_counted_by_kind_and_model_errors_hold_them_all(
    calm_sim: InProcessAws, read: Reader
) -> None:
    rates = {"rate4xx": 0.2, "rate5xx": 0.1, "rateModelError": 0.1}
    calm_sim.edit(ailment={"model": "bert-a", **rates})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    calm_sim.advance(minutes=10)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=5)
    client, server, model, all_ = (
        read.total(metric)
        for metric in (
            "Invocation4XXErrors",
            "Invocation5XXErrors",
            "InvocationModelErrors",
            "Invocations",
        )
    )
    assert client / all_ == pytest.approx(0.2, abs=0.05)
    assert server / all_ == pytest.approx(0.1, abs=0.04)
    assert client + server < model < 0.5 * all_


@pytest.mark.ledger("metrics.late-minutes", "metrics.late-seconds")
def test_some_minutes_are_late_and_none_is_lost(calm_sim: InProcessAws, read: Reader) -> None:
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 6})
    calm_sim.advance(minutes=4)
    gaps = 0
    for _ in range(150):
        calm_sim.advance(minutes=1)
        newest = calm_sim.engine.clock.now() // 60 * 60 - 180
        gaps += newest not in read.points("InvocationsPerInstance")
    assert 0 < gaps < 40
    calm_sim.advance(minutes=5)
    times = sorted(read.points("InvocationsPerInstance"))
    assert len(times) > 150
    assert {after - before for before, after in itertools.pairwise(times)} == {60}


@pytest.mark.ledger("metrics.late-on-command")
@pytest.mark.parametrize("shows", ["nothing", "half"])
def test_minutes_are_late_on_command_until_that_is_undone(
    calm_sim: InProcessAws, in_service: Any, shows: str
) -> None:
    del in_service
    read, command = Reader(calm_sim), {"endpoint": "rev*", "shows": shows}
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 12})
    calm_sim.advance(seconds=600 - calm_sim.engine.clock.now() % 60)
    began = calm_sim.engine.clock.now()
    calm_sim.edit(lateMetrics={**command, "seconds": 600})
    calm_sim.advance(minutes=5)
    calm_sim.edit(lateMetrics={**command, "seconds": 0})
    calm_sim.advance(minutes=5)
    late = [began + 60 * number for number in range(5)]

    points = read.points("Invocations")
    assert [points.get(at) for at in late] == [None if shows == "nothing" else 6.0] * 5
    assert points[began - 60] == points[began + 300] == 12.0
    calm_sim.advance(minutes=3)
    points = read.points("Invocations")
    assert points[began] == 12.0
    assert points.get(late[-1]) != 12.0
    calm_sim.advance(minutes=5)
    points = read.points("Invocations")
    assert [points[at] for at in late] == [12.0] * 5


def test_the_minutes_of_one_variant_are_late_on_command(calm_sim: InProcessAws, in_service: Any) -> None:
    del in_service
    read, command = Reader(calm_sim), {"endpoint": "reviews", "variant": "VariantB"}
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 60})
    calm_sim.edit(lateMetrics={**command, "seconds": 86_400})
    calm_sim.advance(minutes=30)
    assert not read.points("Invocations", variant="VariantB")
    assert len(read.points("Invocations", variant="VariantA")) > 20

    calm_sim.edit(lateMetrics={**command, "seconds": 0})
    calm_sim.advance(minutes=10)
    assert read.points("Invocations", variant="VariantB")


def test_an_order_for_late_minutes_is_checked(calm_sim: InProcessAws) -> None:
    for wrong in ({"seconds": -1}, {"seconds": 60, "shows": "all"}):
        with pytest.raises(ValueError, match="seconds of at least 0 and show nothing or half"):
            calm_sim.edit(lateMetrics={"endpoint": "reviews", **wrong})


@pytest.mark.ledger("metrics.partial-minutes")
@pytest.mark.parametrize("partly", [0, 1])
def test_a_late_minute_shows_nothing_at_first_or_half_of_its_requests(in_service: Any, partly: int) -> None:
    chosen = {"metrics.partial-minutes": partly, "metrics.late-minutes": 1}
    sim = InProcessAws(seed=3, variants=chosen, stale_reads=False, lost_answers=False)
    deployer = type(in_service)(sim.client("sagemaker"))
    deployer.model()
    deployer.config()
    deployer.endpoint()
    sim.advance(minutes=10)
    sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 13})
    sim.advance(minutes=5)
    read, first = Reader(sim), {}
    for _ in range(50):
        sim.advance(minutes=1)
        newest = sim.engine.clock.now() // 60 * 60 - 180
        first[newest] = [read.points(name).get(newest) for name in ("Invocations", "ModelLatency")]
    sim.advance(minutes=3)
    last, slow = read.points("Invocations"), read.points("ModelLatency")
    seen = {at for at, (requests, _) in first.items() if requests != last[at]}
    assert 0 < len(seen) < 20
    for at in seen:
        requests, latency = first[at]
        if partly:
            assert requests == (last[at] + 1) // 2
            assert 0 < latency < slow[at]
        else:
            assert (requests, latency) == (None, None)


@pytest.mark.ledger("metrics.minutes-kept", "metrics.five-minutes-kept")
def test_what_is_older_than_two_days_is_kept_by_five_minutes_without_loss(
    calm_sim: InProcessAws, read: Reader
) -> None:
    for rate, minutes in ((12, 3 * 60), (0, 47 * 60), (12, 60)):
        calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": rate})
        calm_sim.advance(minutes=minutes)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=5)
    read.reach = 3 * DAY
    by_variant = [read.points("Invocations", variant=variant) for variant in ("VariantA", "VariantB")]
    assert sum(sum(points.values()) for points in by_variant) == 12 * 4 * 60
    folded = calm_sim.engine.clock.now() - 2 * DAY - 600
    assert all(at % 300 == 0 for points in by_variant for at in points if at < folded)
    assert any(at % 300 for points in by_variant for at in points if at > folded + 900)


def test_an_endpoint_that_is_deleted_leaves_its_metrics(
    calm_sim: InProcessAws, in_service: Any, read: Reader, invoke: Callable[..., str]
) -> None:
    invoke(TargetVariant="VariantA")
    in_service.client.delete_endpoint(EndpointName="reviews")
    calm_sim.advance(minutes=30)
    assert read.total("Invocations") == 1


def test_the_same_seed_makes_the_same_metrics(in_service: Any) -> None:
    def told() -> str:
        sim = InProcessAws(stale_reads=False, lost_answers=False)
        deployer = type(in_service)(sim.client("sagemaker"))
        deployer.model()
        deployer.config()
        deployer.endpoint()
        sim.advance(minutes=10)
        sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 30})
        sim.advance(minutes=30)
        read = Reader(sim)
        return json.dumps([read.points(metric) for metric in ("ModelLatency", "CPUUtilization")])

    first = told()
    assert len(first) > 1_000
    assert told() == first
