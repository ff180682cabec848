"""Stepped rollouts whose data is missing, late or revised: missing data is never success."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sagemaker_ab.traffic.decision import Verdict
from tests.e2e.rollout_stage import Played
from tests.e2e.rollouts import CANDIDATE, FIRST, SECOND, SERVER_ERRORS, Rollout
from tests.e2e.run_replay import decided, export, replayed

WEEK = 7 * 86_400.0
LATE_SECONDS = 600.0
ELSEWHERE = "us-west-2"
"""Faults of the region touch one rollout only."""


def without_traffic(rollout: Rollout) -> Iterator[None]:
    yield from rollout.serves(per_minute=0.0)
    yield from rollout.minutes(45)


def never_seen(rollout: Rollout) -> Iterator[None]:
    """CloudWatch has no minute of the candidate."""
    rollout.metrics_are_late(WEEK, variant="VariantB")
    yield from rollout.serves()
    yield from rollout.minutes(40)
    rollout.keep(exported=export(rollout))


def no_longer_seen(rollout: Rollout) -> Iterator[None]:
    """After five minutes, CloudWatch has no more minutes of the candidate."""
    yield from rollout.serves()
    yield from rollout.minutes(5)
    rollout.metrics_are_late(WEEK, variant="VariantB")
    rollout.note("end")
    yield from rollout.minutes(40)
    rollout.keep(exported=export(rollout))


def refused(rollout: Rollout) -> Iterator[None]:
    """For an hour, CloudWatch refuses to answer."""
    yield from rollout.serves()
    yield from rollout.minutes(8)
    match = {"operation": "GetMetricData", "region": ELSEWHERE}
    fault = rollout.aws.sim.add_fault({"denied": True}, match=match, count=None)
    yield from rollout.minutes(60)
    rollout.keep(waiting=rollout.live)
    rollout.aws.sim.remove_fault(fault)
    rollout.note("answers")
    yield from rollout.until_ended()
    rollout.keep(exported=export(rollout))


def late(rollout: Rollout) -> Iterator[None]:
    """For ten minutes, each minute shows half of its requests."""
    rollout.metrics_are_late(LATE_SECONDS, shows="half")
    yield from rollout.serves(guardrails=[SERVER_ERRORS])
    yield from rollout.until_ended()
    yield from rollout.minutes(15)
    rollout.keep(exported=export(rollout))


SCRIPTS = {
    "without-traffic": without_traffic,
    "never-seen": never_seen,
    "no-longer-seen": no_longer_seen,
    "refused": refused,
    "late": late,
}
REGIONS = {"refused": ELSEWHERE}
FINAL = {Verdict.PROMOTE, Verdict.WINNER, Verdict.NO_DIFFERENCE, Verdict.ROLLBACK}
ENDLESS = ["without-traffic", "never-seen", "no-longer-seen"]


@pytest.mark.parametrize("name", ENDLESS)
def test_without_data_a_run_neither_ends_nor_advances(played: Played, name: str) -> None:
    rollout = played[name]
    verdicts = {verdict for verdict, _, _ in rollout.decided}
    assert verdicts <= set(Verdict) - FINAL
    assert {step for _, _, step in rollout.decided} == {1}
    assert rollout.weights_sent == [FIRST]


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("without-traffic", "NoTraffic", "NoTraffic"),
        ("never-seen", "Absent", "NoTraffic"),
        ("no-longer-seen", "Stale", "NoTraffic"),
    ],
)
def test_status_says_what_is_missing(played: Played, name: str, state: str, reason: str) -> None:
    traffic = played[name].traffic
    assert traffic["data"]["state"] == state
    assert (traffic["decisions"][-1]["verdict"], traffic["decisions"][-1]["reason"]) == ("Hold", reason)
    assert "on hold" in traffic["message"]


def test_while_cloudwatch_refuses_the_run_holds(played: Played) -> None:
    waiting = played["refused"].kept["waiting"]["status"]["traffic"]
    assert waiting["data"]["state"] == "Refused"
    assert "not authorized" in waiting["data"]["message"]
    newest = waiting["decisions"][-1]
    assert (newest["verdict"], newest["reason"], newest["step"]) == ("Hold", "MissingData", 1)


def test_after_the_outage_the_hold_of_the_step_starts_again(played: Played) -> None:
    rollout = played["refused"]
    assert rollout.weights_sent == [FIRST, SECOND, CANDIDATE]
    second = rollout.weight_calls[1]["time"]
    assert second - rollout.times["answers"] >= 600


def test_minutes_that_are_late_and_revised_are_all_counted(played: Played) -> None:
    rollout = played["late"]
    assert rollout.traffic["outcome"] == "Promoted"
    assert rollout.weights_sent == [FIRST, SECOND, CANDIDATE]


@pytest.mark.parametrize("name", ["never-seen", "no-longer-seen", "late"])
def test_a_replay_of_the_export_prints_the_decisions_of_the_operator(
    played: Played, name: str, tmp_path: Path
) -> None:
    rollout = played[name]
    assert replayed(rollout.kept["exported"], rollout.policy, tmp_path) == decided(rollout.live)


def test_a_replay_does_not_know_of_an_outage(played: Played, tmp_path: Path) -> None:
    """CloudWatch has all minutes by now: a replay decides as an operator that could read them in time.

    Up to the outage it prints the decisions of the operator, and in the end the same outcome.
    """
    rollout = played["refused"]
    taken = decided(rollout.live)
    found = replayed(rollout.kept["exported"], rollout.policy, tmp_path)
    outage = next(place for place, each in enumerate(taken) if each[1:3] == ("Hold", "MissingData"))
    assert found[:outage] == taken[:outage]
    assert found[-1][1:] == taken[-1][1:] == ("Promote", "StepsCompleted", 100)
    assert "MissingData" not in {each[2] for each in found}


@pytest.mark.parametrize("name", SCRIPTS)
def test_argo_cd_shows_no_difference_at_any_time(played: Played, name: str) -> None:
    assert len(played[name].compared) > 5
    for live, predicted in played[name].compared:
        assert predicted == live
