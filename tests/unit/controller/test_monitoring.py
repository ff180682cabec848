"""CloudWatch is read once for each window, is left alone after a failure, and the failure is known of."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.monitoring import MetricsMonitor
from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant, Reading

INTERVAL = 300
VARIANTS = (MonitoredVariant("VariantA", "ml.m5.large"), MonitoredVariant("VariantB", "ml.m5.large"))
THROTTLED = ("ThrottlingException", "Rate exceeded")
DENIED = ("AccessDenied", "not authorized to perform: cloudwatch:GetMetricData")


class CloudWatch:
    """Has one datapoint of everything; `failures` are the errors of calls to come, None for none."""

    def __init__(self):
        self.asked = []
        self.failures = []
        self.down = None

    def get_paginator(self, _operation):
        return SimpleNamespace(paginate=self.pages)

    def pages(self, **request):
        failure = self.failures.pop(0) if self.failures else self.down
        if failure is not None:
            code, message = failure
            raise ClientError({"Error": {"Code": code, "Message": message}}, "GetMetricData")
        queries = request["MetricDataQueries"]
        dimensions = [query["MetricStat"]["Metric"]["Dimensions"] for query in queries]
        self.asked += [values[0]["Value"] for values in dimensions]
        start = request["StartTime"]
        yield {
            "MetricDataResults": [{"Id": q["Id"], "Timestamps": [start], "Values": [1.0]} for q in queries]
        }


class World:
    """A monitor of so many endpoints, whose ticks take 15 seconds on both clocks."""

    def __init__(self, endpoints):
        self.time = 1_767_225_600.0
        self.cloudwatch = CloudWatch()
        clock = SimpleNamespace(now=lambda: self.time)
        clients = SimpleNamespace(region="us-east-1", clock=clock, cloudwatch=self.cloudwatch)
        self.monitor = MetricsMonitor(backoff=Backoff(30.0, 900.0).seconds, local_clock=lambda: self.time)
        for number in range(endpoints):
            name = f"e{number}"
            self.monitor.watch(("ml", name), clients, Monitored(name, VARIANTS, INTERVAL))

    def tick(self, *, times=1):
        told = set()
        for _ in range(times):
            self.time += 15
            told |= set(self.monitor.tick())
        return {name for _, name in told}

    def reading(self, name="e0"):
        return self.monitor.newest(("ml", name))


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
    world.monitor.watch(("ml", "abroad"), elsewhere, Monitored("abroad", VARIANTS, INTERVAL))

    assert world.tick() == {"abroad"}


def test_a_throttled_call_is_nothing_to_tell_of_until_it_comes_again():
    world = World(1)
    world.cloudwatch.failures = [THROTTLED, THROTTLED]

    assert world.tick() == set()
    assert world.reading() == Reading()
    assert world.tick(times=3) == {"e0"}
    assert world.reading().problem.reason == Reason.RETRYING
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


def test_who_made_a_call_fail_holds_up_nobody_for_long():
    """Calls are shared; the ones that have failed are tried after the others."""
    world = World(100)
    world.cloudwatch.failures = [("ValidationError", "no such thing")]
    world.tick()
    world.cloudwatch.failures = [None] * 5 + [("ValidationError", "no such thing")]

    assert len(world.tick(times=3)) > 50


@pytest.mark.parametrize("read_once", [True, False])
def test_a_window_of_long_ago_is_not_the_last_word(read_once):
    """Nobody ticks: whoever reads is stuck."""
    world = World(1)
    if read_once:
        world.tick()
    world.time += 2 * INTERVAL
    assert world.reading().problem is None

    world.time += 3 * INTERVAL
    assert world.reading().problem.reason == Reason.NO_DATA
