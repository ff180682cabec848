"""GetMetricData answers 200 and tells per result that it failed: such a result is not an absent datapoint."""

from itertools import pairwise

import pytest

from sandbox.aws.ledger import row
from tests.integration.stage import SCALING, aws, now, settled, steps
from tests.unit.planning.worlds import spec

INTERVAL = 300
RESULT_ERRORS = row("cloudwatch.result-error").variants
WITHOUT_REST = {"cloudwatch.result-error": [v.value["token"] for v in RESULT_ERRORS].index(False)}
WITH_REST = {"cloudwatch.result-error": [v.value["token"] for v in RESULT_ERRORS].index(True)}
"""Whether a result that failed can be continued is not known."""
MONITORED = {**SCALING, "monitoring": {"intervalSeconds": INTERVAL}}


def watched(operator, *, minutes):
    """Let time go by as the operator's loop does: metrics every 15 s, reconciles when they are due."""
    end, due = now(operator) + 60 * minutes, now(operator)
    while now(operator) < end:
        operator.metrics.tick()
        if now(operator) >= due:
            before = now(operator)
            steps(operator, 1)
            due = max(now(operator), before + 60)
        operator.sim.advance(seconds=15)


def with_metrics(guess=None):
    """An endpoint with traffic, whose metrics have come."""
    operator = settled(MONITORED, aws(variants=WITHOUT_REST if guess is None else guess))
    operator.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    watched(operator, minutes=20)
    assert numbers(operator)
    assert operator.conditions["MetricsAvailable"].startswith("True")
    return operator


def numbers(operator):
    """The variants' metrics in status, by variant."""
    metrics = operator.cluster.resource["status"].get("metrics") or {"variants": []}
    return {variant["name"]: variant for variant in metrics["variants"]}


def results_fail(operator, status, **which):
    effect = {"result": {"status": status, **which}}
    return operator.sim.fault(effect, match={"operation": "GetMetricData"}, count=None)


def asked(operator):
    return [call["time"] for call in operator.sim.calls() if call["operation"] == "GetMetricData"]


@pytest.mark.parametrize(("status", "reason"), [("InternalError", "Retrying"), ("Forbidden", "AccessDenied")])
@pytest.mark.parametrize("which", [{}, {"metric": "Invocations", "variant": "VariantB"}], ids=["all", "one"])
def test_the_last_numbers_stay_and_the_condition_says_why(status, reason, which):
    operator = with_metrics()
    before = numbers(operator)
    fault = results_fail(operator, status, **which)
    watched(operator, minutes=20)
    assert numbers(operator) == before
    condition = operator.conditions["MetricsAvailable"]
    assert condition.startswith(f"False {reason}")
    assert status in condition
    assert operator.ready

    operator.sim.gateway.faults.remove(fault)
    watched(operator, minutes=30)
    assert operator.conditions["MetricsAvailable"].startswith("True")
    assert numbers(operator) != before


def test_they_are_asked_for_again_with_backoff():
    operator = with_metrics()
    before = len(asked(operator))
    results_fail(operator, "InternalError")
    watched(operator, minutes=120)
    calls = asked(operator)[before:]
    gaps = [later - earlier for earlier, later in pairwise(calls)]

    assert gaps[0] < 120
    assert max(gaps) <= 900 * 1.2 + 30
    assert len(calls) < 20


@pytest.mark.parametrize(
    ("status", "guess"),
    [("PartialData", WITHOUT_REST), ("InternalError", WITH_REST)],
    ids=["partial", "error"],
)
def test_a_result_with_a_token_is_continued(status, guess):
    operator = with_metrics(guess)
    before = numbers(operator)
    results_fail(operator, status)
    watched(operator, minutes=20)

    assert numbers(operator) != before
    assert operator.conditions["MetricsAvailable"].startswith("True")
    assert sum(numbers(operator)[name]["invocations"] for name in ("VariantA", "VariantB")) > 2900


def test_another_endpoint_is_read_in_the_same_call_although_this_one_fails():
    operator = with_metrics()
    results_fail(operator, "InternalError", endpoint="another")
    before = numbers(operator)
    watched(operator, minutes=20)

    assert numbers(operator) != before


def test_a_new_endpoint_without_any_numbers_says_that_they_could_not_be_read():
    operator = settled({**spec(), "monitoring": {"intervalSeconds": INTERVAL}})
    results_fail(operator, "Forbidden")
    watched(operator, minutes=20)

    assert numbers(operator) == {}
    assert operator.conditions["MetricsAvailable"].startswith("False AccessDenied")
    assert operator.ready
