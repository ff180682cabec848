"""The minutes of all runs are read together, and a run is enqueued when something new came."""

import threading

import pytest
from botocore.exceptions import EndpointConnectionError

from sagemaker_ab.aws.cloudwatch import MAX_QUERIES
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.run_minutes import MOST_MINUTES
from sagemaker_ab.planning.variant_metrics import INVOCATIONS
from tests.unit.controller.run_stage import KEY, METRICS, OTHER, SILENT, RunStage, invocations, next_first

# What is read


def test_nothing_is_known_until_the_first_minute_is_complete(stage):
    stage.watch()
    first = stage.minute
    assert stage.run(minutes=3) == []
    assert stage.monitor.newest(KEY) is None
    assert stage.reads() == []

    assert stage.run(minutes=1) == [KEY]
    assert {at for at, _ in stage.read().counts} <= {first}
    assert (stage.read().first, stage.read().until) == (first, first)


def test_counts_are_those_of_the_requests_that_were_served(watched):
    minutes = watched.read()
    assert minutes.until == watched.minute - 4
    complete = range(minutes.first, minutes.until)
    assert [
        minutes.counts[at, "VariantA"].invocations + minutes.counts[at, "VariantB"].invocations
        for at in complete
    ] == [60] * len(complete)
    for counts in minutes.counts.values():
        assert counts.weight is None
        assert counts.errors_5xx == 0
        assert 0 < counts.latency_average_micros <= counts.latency_p99_micros


def test_only_the_metrics_of_the_run_are_asked_for(stage):
    stage.watch(metrics=(INVOCATIONS,))
    stage.run(minutes=10)
    asked = stage.reads()[-1]["params"]["MetricDataQueries"]
    assert [query["MetricStat"]["Metric"]["MetricName"] for query in asked] == ["Invocations"] * 2
    assert {query["MetricStat"]["Period"] for query in asked} == {60}


def test_a_run_is_enqueued_once_for_each_minute(watched):
    assert watched.run(minutes=10) == [KEY] * 10
    assert watched.tick() == []


def test_only_open_minutes_are_read_again(watched):
    for _ in range(30):
        watched.watch(first=next_first(watched.read()))
        watched.run(minutes=1)
    call = watched.reads()[-1]["params"]
    assert (call["EndTime"] - call["StartTime"]) / 60 == 16
    assert len(invocations(watched.read())) <= 16


def test_minutes_that_are_no_longer_needed_are_dropped(watched):
    last = watched.read().until
    watched.watch(first=last)
    assert {at for at, _ in watched.read().counts} <= {last}


def test_what_was_not_saved_is_delivered_again(watched):
    assert watched.read() == watched.read()
    watched.watch(first=watched.read().first)
    assert watched.read() == watched.read()


def test_an_earlier_first_minute_is_read_before_anything_is_delivered(watched):
    first, last = watched.read().first, watched.read().until
    watched.watch(first=last)
    watched.watch(first=first)
    assert watched.monitor.newest(KEY) is None
    watched.run(minutes=1)
    assert min(at for at, _ in watched.read().counts) == first


def test_another_endpoint_discards_what_was_read(watched):
    watched.watch(endpoint="successor")
    assert watched.monitor.newest(KEY) is None


def test_a_run_that_is_forgotten_is_not_read_any_more(watched):
    watched.monitor.forget(KEY)
    watched.monitor.forget(KEY)
    before = len(watched.reads())
    assert watched.run(minutes=5) == []
    assert len(watched.reads()) == before
    assert watched.monitor.newest(KEY) is None


# Late and revised minutes


@pytest.mark.parametrize("shows", ["nothing", "half"])
def test_a_late_minute_is_delivered_when_it_comes_and_enqueues_its_run(watched, shows):
    watched.sim.edit(lateMetrics={"endpoint": "reviews", "seconds": 480, "shows": shows})
    late = watched.minute
    watched.sim.advance(minutes=1)
    watched.sim.edit(lateMetrics={"endpoint": "reviews", "seconds": 0})
    watched.run(minutes=5)
    known = sum(invocations(watched.read(), name).get(late, 0) for name in ("VariantA", "VariantB"))
    assert known <= 31

    watched.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    watched.run(minutes=6)
    assert sum(invocations(watched.read(), name)[late] for name in ("VariantA", "VariantB")) == 60


def test_a_revision_alone_enqueues_the_run():
    stage = RunStage(variants=SILENT)
    stage.sim.edit(lateMetrics={"endpoint": "reviews", "seconds": 600, "shows": "half"})
    stage.watch()
    stage.sim.advance(seconds=55)
    stage.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    stage.sim.advance(seconds=5)
    assert stage.run(minutes=3) == [KEY]
    assert sum(each.invocations for each in stage.read().counts.values()) in {30, 31}
    assert stage.run(minutes=9) == [KEY]
    assert sum(each.invocations for each in stage.read().counts.values()) == 60


# Gaps


def test_a_gap_after_a_restart_is_read_in_one_call(watched):
    first = next_first(watched.read())
    watched.restart()
    watched.sim.advance(minutes=60)
    before = len(watched.reads())
    watched.watch(first=first)
    watched.tick()

    assert len(watched.reads()) == before + 1
    assert set(invocations(watched.read())) >= set(range(first, watched.minute - 4))


def test_a_long_gap_is_read_in_parts_as_fast_as_the_run_uses_them(watched):
    first = next_first(watched.read())
    watched.restart()
    watched.sim.advance(minutes=140)
    seen = set()
    watched.watch(first=first)
    for _ in range(4):
        watched.run(minutes=1)
        minutes = watched.read()
        assert len(invocations(minutes)) <= MOST_MINUTES
        assert len(minutes.counts) <= 2 * MOST_MINUTES
        seen |= set(invocations(minutes))
        watched.watch(first=next_first(minutes))
    assert seen >= set(range(first, watched.minute - 6))
    assert watched.state() == "Fresh"


def test_a_part_that_the_run_has_not_used_is_read_once_and_is_stale(watched):
    first = next_first(watched.read())
    watched.restart()
    watched.sim.advance(minutes=140)
    watched.watch(first=first)
    before = len(watched.reads())
    watched.run(minutes=10)
    assert len(watched.reads()) == before + 1
    assert watched.state() == "Stale"


# Calls


@pytest.mark.parametrize("runs", [3, 300, 600])
def test_runs_share_calls_of_five_hundred_metrics(runs):
    stage = RunStage()
    keys = [Key("ml", f"run-{number}") for number in range(runs)]
    stage.sim.advance(minutes=30)
    for number, key in enumerate(keys):
        stage.watch(key, endpoint=f"e{number}", first=stage.minute - 18 + number % 3)
    before = len(stage.reads())
    stage.tick()

    metrics = runs * 2 * len(METRICS)
    assert len(stage.reads()) - before == -(-metrics // MAX_QUERIES)


def test_a_run_whose_metrics_are_in_two_calls_is_complete():
    stage = RunStage()
    first = stage.minute
    stage.run(minutes=10)
    for number in range(62):
        stage.watch(Key("ml", f"run-{number}"), endpoint=f"e{number}", first=first)
    stage.watch(first=first)
    stage.tick()

    assert len(stage.reads()) == 2
    assert set(invocations(stage.read(), "VariantB")) >= set(range(first, stage.minute - 5))


def test_partial_data_is_continued(watched):
    watched.fails({"result": {"status": "PartialData"}})
    watched.run(minutes=3)
    assert watched.state() == "Fresh"
    assert set(invocations(watched.read())) >= set(range(watched.minute - 14, watched.minute - 4))


def test_each_region_is_read_by_itself(stage):
    stage.serve("reviews", rate=60, region="eu-west-1")
    abroad = stage.clients("eu-west-1")
    stage.watch()
    stage.watch(OTHER, clients=abroad)
    stage.run(minutes=6)
    assert {call["region"] for call in stage.reads()} == {"us-east-1", "eu-west-1"}
    assert (stage.state(), stage.state(OTHER)) == ("Fresh", "Fresh")

    abroad.cloudwatch.meta.events.register_first("before-send", _unreachable)
    stage.run(minutes=6)
    assert (stage.state(), stage.state(OTHER)) == ("Fresh", "Refused")


def _unreachable(request, **_):
    raise EndpointConnectionError(endpoint_url=request.url)


def test_a_region_that_does_not_respond_delays_no_other_and_is_not_read_twice(watched):
    abroad = watched.clients("eu-west-1")
    asked, respond = threading.Event(), threading.Event()

    def hang(**_):
        asked.set()
        assert respond.wait(timeout=60)

    abroad.cloudwatch.meta.events.register_first("before-send", hang)
    watched.watch(OTHER, clients=abroad, first=watched.minute - 10)
    hanging = threading.Thread(target=watched.monitor.tick, args=("eu-west-1",))
    hanging.start()
    assert asked.wait(timeout=60)

    watched.sim.advance(minutes=1)
    assert watched.monitor.tick("eu-west-1") == ()
    assert watched.monitor.tick("us-east-1") == {KEY}
    assert watched.monitor.newest(OTHER) is None

    respond.set()
    hanging.join(timeout=60)
    assert watched.state(OTHER) == "NoTraffic"
