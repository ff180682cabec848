"""CloudWatch is read once for each window, is left alone after a failure, and the failure is known of."""

import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant, Reading

INTERVAL = 300
VARIANTS = (MonitoredVariant("VariantA", "ml.m5.large"), MonitoredVariant("VariantB", "ml.m5.large"))
BACKOFF = Backoff(30.0, 900.0)
THROTTLED = ("ThrottlingException", "Rate exceeded")
DENIED = ("AccessDenied", "not authorized to perform: cloudwatch:GetMetricData")


class CloudWatch:
    """Has one datapoint of everything; `failures` are the errors of calls to come, None for none.

    `codes` has the StatusCode of the results of a metric, where it is not Complete.
    """

    def __init__(self):
        self.asked = []
        self.sizes = []
        self.failures = []
        self.down = None
        self.codes = {}

    def get_paginator(self, _operation):
        return SimpleNamespace(paginate=self.pages)

    def pages(self, **request):
        failure = self.failures.pop(0) if self.failures else self.down
        if failure is not None:
            code, message = failure
            raise ClientError({"Error": {"Code": code, "Message": message}}, "GetMetricData")
        queries = request["MetricDataQueries"]
        self.sizes.append(len(queries))
        dimensions = [query["MetricStat"]["Metric"]["Dimensions"] for query in queries]
        self.asked += [values[0]["Value"] for values in dimensions]
        start = request["StartTime"]
        yield {
            "MetricDataResults": [
                {"Id": q["Id"], "Timestamps": [start], "Values": [1.0], "StatusCode": self.code(q)}
                for q in queries
            ]
        }

    def code(self, query):
        return self.codes.get(query["MetricStat"]["Metric"]["MetricName"], "Complete")

    def order(self):
        """The numbers of the endpoints in the order in which they were asked for."""
        return [int(name.removeprefix("e")) for name in dict.fromkeys(self.asked)]


class World:
    """A monitor of so many endpoints, whose ticks take 15 seconds on both clocks."""

    def __init__(self, endpoints, *, variants=VARIANTS, backoff=BACKOFF.seconds):
        self.time = 1_767_225_600.0
        self.cloudwatch = CloudWatch()
        self.clients = self.clients_of("us-east-1")
        self.monitor = MetricsMonitor(backoff=backoff, local_clock=lambda: self.time)
        for number in range(endpoints):
            self.watch(f"e{number}", variants=variants)

    def clients_of(self, region):
        clock = SimpleNamespace(now=lambda: self.time)
        return SimpleNamespace(region=region, clock=clock, cloudwatch=self.cloudwatch)

    def watch(self, name, *, variants=VARIANTS, interval=INTERVAL):
        self.monitor.watch(Key("ml", name), self.clients, Monitored(name, variants, interval))

    def tick(self, *, times=1):
        told = set()
        for _ in range(times):
            self.time += 15
            told |= set(self.monitor.tick())
        return {name for _, name in told}

    def reading(self, name="e0"):
        return self.monitor.newest(Key("ml", name))


def test_what_a_call_has_brought_is_not_asked_and_paid_for_again():
    world = World(100)
    world.cloudwatch.failures = [None, None, THROTTLED]
    told = world.tick()
    assert 0 < len(told) < 100

    told |= world.tick(times=6)

    assert len(told) == 100
    assert all(world.cloudwatch.asked.count(f"e{number}") == 26 for number in range(100))


def test_a_region_that_fails_is_asked_ever_more_slowly():
    world = World(1)
    world.cloudwatch.failures = [THROTTLED] * 1000
    world.tick(times=4 * 60)
    first_hour = 1000 - len(world.cloudwatch.failures)
    world.tick(times=4 * 60)

    assert first_hour <= 12
    assert 1000 - len(world.cloudwatch.failures) - first_hour <= 6


def test_another_region_is_read_meanwhile():
    world = World(1)
    world.cloudwatch.down = THROTTLED
    elsewhere = SimpleNamespace(
        region="eu-west-1", clock=SimpleNamespace(now=lambda: world.time), cloudwatch=CloudWatch()
    )
    world.monitor.watch(Key("ml", "abroad"), elsewhere, Monitored("abroad", VARIANTS, INTERVAL))

    assert world.tick() == {"abroad"}


def test_a_throttled_call_is_nothing_to_tell_of_until_it_comes_again():
    world = World(1)
    world.cloudwatch.failures = [THROTTLED, THROTTLED]

    assert world.tick() == set()
    assert world.reading() == Reading()
    assert world.tick(times=3) == {"e0"}
    message = "CloudWatch could not be read: Rate exceeded"
    assert world.reading().problem == Problem(Reason.RETRYING, message, stalled=False)
    world.tick(times=6)
    assert world.reading().problem is None


def test_a_denied_call_is_told_for_all_whom_it_concerns_at_once():
    world = World(100)
    world.cloudwatch.down = DENIED

    assert len(world.tick()) == 100
    for name in ("e0", "e99"):
        assert world.reading(name).problem.reason == Reason.ACCESS_DENIED
        assert "cloudwatch:GetMetricData" in world.reading(name).problem.message
    assert world.tick(times=100) == set()


def test_numbers_stand_while_newer_ones_are_refused():
    world = World(1)
    world.tick()
    numbers = world.reading().metrics
    world.cloudwatch.down = DENIED
    world.tick(times=40)

    assert numbers.variants
    assert world.reading().metrics == numbers
    assert world.reading().problem.reason == Reason.ACCESS_DENIED


def test_endpoints_whose_calls_failed_are_read_after_the_others():
    """Calls are shared, by 19 of these endpoints: one that makes its calls fail must not come first again."""
    world = World(100, backoff=lambda _failures: 0.0)
    world.cloudwatch.failures = [THROTTLED]
    world.tick()
    world.cloudwatch.failures = [None] * 4 + [THROTTLED]
    world.tick()
    read, failed_once, failed_twice = [*range(19, 95)], [*range(14, 19), *range(95, 100)], [*range(14)]
    assert world.cloudwatch.order() == read

    world.time += INTERVAL
    world.cloudwatch.asked.clear()
    world.tick()

    assert world.cloudwatch.order() == [*read, *failed_once, *failed_twice]


def test_a_call_has_as_many_endpoints_as_cloudwatch_takes_queries_of():
    """Five variants with 13 numbers and four on GPUs with 15 are 125 queries; a call takes 500."""
    variants = [MonitoredVariant(f"Cpu{number}", "ml.m5.large") for number in range(5)]
    variants += [MonitoredVariant(f"Gpu{number}", "ml.g5.xlarge") for number in range(4)]
    world = World(5, variants=tuple(variants))

    assert len(world.tick()) == 5
    assert world.cloudwatch.sizes == [500, 125]


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize(
    ("read_once", "last"), [(True, "2026-01-01T00:00:00Z"), (False, "2025-12-31T23:55:00Z")]
)
def test_metrics_that_are_not_read_for_three_windows_are_reported_as_late(read_once, last):
    """Nobody ticks: the thread that reads is stuck. The end of the window that was last read is in UTC."""
    world = World(1)
    world.time += INTERVAL if read_once else 0
    if read_once:
        world.tick()
    world.time += 3 * INTERVAL
    assert world.reading().problem is None

    world.time += INTERVAL
    message = f"CloudWatch has not been read for the time after {last}"
    assert world.reading().problem == Problem(Reason.NO_DATA, message)


@pytest.fixture
def far_from_greenwich(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_region_is_asked_again_once_its_backoff_is_over(caplog):
    world = World(1, backoff=lambda failures: 30.0 * failures)
    world.cloudwatch.failures = [THROTTLED]

    assert [world.tick(), world.tick(), world.tick()] == [set(), set(), {"e0"}]
    assert caplog.messages == [
        "CloudWatch could not be read in us-east-1, retry in 30 s: ThrottlingException: Rate exceeded"
    ]


def test_a_region_that_was_read_again_has_no_failures():
    world = World(1, backoff=lambda failures: 30.0 * failures)
    world.cloudwatch.failures = [THROTTLED]
    world.tick(times=3)
    assert world.reading().metrics is not None

    world.time += INTERVAL
    world.cloudwatch.failures = [THROTTLED]
    assert world.tick() == set()
    assert world.tick(times=2) == {"e0"}


def test_a_request_that_did_not_change_keeps_what_was_read():
    world = World(1)
    world.tick()
    before = world.reading()
    world.watch("e0")

    assert world.reading() == before
    assert world.tick() == set()


def test_a_changed_request_discards_what_was_read():
    world = World(1)
    world.tick()
    world.watch("e0", interval=60)

    assert world.reading() == Reading()
    assert world.tick() == {"e0"}
    assert world.reading().metrics.period_seconds == 60


def test_a_move_to_another_region_discards_what_was_read():
    world = World(1)
    world.tick()
    world.clients = world.clients_of("eu-west-1")
    world.watch("e0")

    assert world.reading() == Reading()


def test_an_endpoint_that_is_forgotten_is_read_no_more():
    world = World(2)
    world.tick()
    for _ in range(2):
        world.monitor.forget(Key("ml", "e0"))

    assert world.reading() == Reading()
    world.time += INTERVAL
    assert world.tick() == {"e1"}


def test_of_an_endpoint_that_is_not_monitored_there_is_no_reading():
    assert World(0).reading() == Reading()


# Results that fail within an answer


def test_results_that_fail_keep_the_last_metrics_and_name_their_codes():
    world = World(1)
    world.tick()
    before = world.reading()
    world.cloudwatch.codes = {"Invocations": "InternalError", "CPUUtilization": "Forbidden"}
    world.time += INTERVAL

    assert world.tick() == {"e0"}
    message = "CloudWatch answered metrics of this endpoint with Forbidden, InternalError; retrying"
    assert world.reading() == Reading(before.metrics, Problem(Reason.ACCESS_DENIED, message))


def test_a_failure_within_cloudwatch_does_not_stall():
    world = World(1)
    world.cloudwatch.codes = {"Invocations": "InternalError"}
    world.tick()

    message = "CloudWatch answered metrics of this endpoint with InternalError; retrying"
    assert world.reading() == Reading(None, Problem(Reason.RETRYING, message, stalled=False))


def test_an_endpoint_whose_results_fail_is_read_again_with_backoff_and_reported_once():
    world = World(1, backoff=lambda failures: 30.0 * failures)
    world.cloudwatch.codes = {"Invocations": "InternalError"}

    assert [world.tick() for _ in range(6)] == [{"e0"}, set(), set(), set(), set(), set()]
    assert len(world.cloudwatch.sizes) == 2

    world.cloudwatch.codes = {}
    assert world.tick() == {"e0"}
    assert world.reading().problem is None
    assert world.reading().metrics is not None
