"""The state of a run's data: what CloudWatch has shown, and what it refuses."""

import pytest

from tests.unit.controller.run_stage import (
    FAILS_AT_ONCE,
    IDLE,
    KEY,
    OTHER,
    SILENT,
    RunStage,
    invocations,
    next_first,
)


def test_data_is_fresh_while_minutes_come(watched):
    assert watched.state() == "Fresh"
    assert watched.read().data.newest in {watched.minute - 4, watched.minute - 5}


def test_data_is_refused_for_an_hour_and_everything_of_it_is_read_afterwards(watched, caplog):
    caplog.set_level("INFO")
    first = watched.read().first
    watched.watch(first=next_first(watched.read()))
    began, before = watched.minute, len(watched.reads())
    fault = watched.fails({"denied": True})
    assert watched.run(minutes=60) == [KEY]
    assert watched.state() == "Refused"
    assert "cloudwatch:GetMetricData" in watched.read().data.problem.message
    assert len(watched.reads()) - before < 20
    assert [record.levelname for record in caplog.records] == ["WARNING"]

    watched.works(fault)
    assert watched.run(minutes=7)[0] == KEY
    assert watched.state() == "Fresh"
    assert set(invocations(watched.read())) >= set(range(began, watched.minute - 6))
    assert first < watched.read().first
    assert caplog.messages[-1] == "The minutes of runs can be read again in us-east-1"


def test_one_throttled_read_changes_nothing(watched):
    watched.sim.fault({"throttle": True}, match={"operation": "GetMetricData"}, count=1)
    assert watched.run(minutes=1) == []
    assert watched.state() == "Fresh"
    assert watched.run(minutes=2)[0] == KEY


def test_reads_that_keep_failing_are_refused_with_the_words_of_aws(watched):
    watched.fails({"throttle": True})
    watched.run(minutes=5)
    assert watched.state() == "Refused"
    assert "Rate exceeded" in watched.read().data.problem.message


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_minutes_of_a_query_that_failed_are_unknown_and_are_read_again(status):
    watched = RunStage(variants=FAILS_AT_ONCE)
    watched.watch()
    watched.run(minutes=24)
    watched.watch(first=next_first(watched.read()))
    began, known = watched.minute, watched.read().until
    fault = watched.fails(
        {"result": {"status": status, "metric": "Invocation5XXErrors", "variant": "VariantB"}}
    )
    watched.run(minutes=12)
    assert watched.state() == "Refused"
    assert status in watched.read().data.problem.message
    assert watched.read().until == known

    watched.works(fault)
    watched.run(minutes=6)
    assert watched.state() == "Fresh"
    assert set(invocations(watched.read())) >= set(range(began, watched.minute - 5))


def test_a_query_that_failed_leaves_other_runs_alone(watched):
    watched.serve("other", rate=60)
    watched.watch(OTHER, endpoint="other")
    watched.fails({"result": {"status": "Forbidden", "endpoint": "other"}})
    watched.run(minutes=6)
    assert watched.state() == "Fresh"
    assert watched.state(OTHER) == "Refused"


@pytest.mark.parametrize("publishes_zero", [True, False])
def test_no_invocations_are_no_traffic_whether_or_not_zeros_are_published(publishes_zero):
    stage = RunStage(
        rate=0, variants={"metrics.idle-invocations": [each.value for each in IDLE].index(publishes_zero)}
    )
    stage.watch()
    stage.run(minutes=10)
    assert stage.state() == "NoTraffic"


def test_traffic_that_ends_is_no_traffic_fifteen_minutes_later(watched):
    watched.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    watched.run(minutes=15)
    assert watched.state() == "Fresh"
    watched.run(minutes=6)
    assert watched.state() == "NoTraffic"


def test_a_variant_without_data_from_the_start_is_absent():
    stage = RunStage(variants=SILENT)
    stage.weights(VariantA=100, VariantB=0)
    stage.watch(first=stage.minute + 1)
    stage.run(minutes=10)
    assert stage.state() == "Absent"
    (missing,) = stage.read().data.missing
    assert (missing.variant, missing.metric.name) == ("VariantB", "Invocations")


def test_a_variant_without_data_from_the_middle_is_stale():
    stage = RunStage(variants=SILENT)
    stage.watch()
    stage.run(minutes=20)
    stage.weights(VariantA=100, VariantB=0)
    stage.run(minutes=22)
    assert stage.state() == "Stale"
    assert {query.variant for query in stage.read().data.missing} == {"VariantB"}


def test_a_change_of_the_state_enqueues_the_run_without_new_counts(watched):
    watched.sim.edit(lateMetrics={"endpoint": "reviews", "seconds": 3600})
    enqueued = watched.run(minutes=30)
    assert watched.state() == "NoTraffic"
    minutes_before, other_state = 3, 1
    assert len(enqueued) == minutes_before + other_state


# Regions
