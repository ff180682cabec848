"""Stepped rollouts of a good and of bad candidates, between a real API server and a simulated AWS.

Clients send a hundred requests a minute, of which the models fail one in a hundred.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reviews import instance_count, instance_type
from tests.e2e.rollout_stage import Played
from tests.e2e.rollouts import (
    BASELINE,
    CANDIDATE,
    FIRST,
    LATENCY,
    SECOND,
    SERVER_ERRORS,
    Rollout,
)
from tests.e2e.run_replay import decided, export, replayed

SCARCE = "ml.m5.xlarge"
SHIFT_SECONDS = 180.0
"""A change of weights takes two minutes at most, and is seen within another one."""


def good(rollout: Rollout) -> Iterator[None]:
    """In the end a person commits the patch that the promotion offers."""
    yield from rollout.serves()
    yield from rollout.until_ended()
    yield from rollout.minutes(5)
    rollout.keep(promoted=rollout.live, table=rollout.resource.kubectl("get", "smab", rollout.name).stdout)
    rollout.keep(sent=rollout.weights_sent, exported=export(rollout))
    rollout.take_patch()
    rollout.keep(compared=list(rollout.compared))
    rollout.compare(rollout.live)
    rollout.keep(uncommitted=rollout.compared[-1])
    rollout.commit()
    yield from rollout.minutes(10)


def failing(rollout: Rollout) -> Iterator[None]:
    """After three minutes, the candidate fails twenty times as often."""
    yield from rollout.serves(guardrails=[SERVER_ERRORS])
    yield from harmed(rollout, rate5xx=0.2)


def slow(rollout: Rollout) -> Iterator[None]:
    """After three minutes, the candidate takes longer by two thirds, and fails as rarely as before.

    Average latencies are compared in thirteen blocks of ten minutes, so the step lasts longer.
    """
    step = {"percent": 10, "hold": {"minDurationSeconds": 10_800, "minRequests": 50}}
    yield from rollout.serves(guardrails=[SERVER_ERRORS, LATENCY], steps=[step, {"percent": 100}])
    yield from harmed(rollout, rate5xx=0.01, latencyFactor=2.0)


def harmed(rollout: Rollout, **ailment: float) -> Iterator[None]:
    yield from rollout.minutes(3)
    rollout.ails("bert-b", **ailment)
    rollout.note("harm")
    yield from rollout.until(lambda: rollout.weights == BASELINE)
    rollout.note("relief")
    yield from rollout.minutes(10)
    rollout.keep(exported=export(rollout))


def observing(rollout: Rollout) -> Iterator[None]:
    """Somebody else sets the weights of the first step, and then the candidate fails."""
    yield from rollout.serves(mode="Observe")
    rollout.weights_by_hand(FIRST)
    yield from rollout.minutes(15)
    rollout.ails("bert-b", rate5xx=0.5)
    yield from rollout.until_ended()
    yield from rollout.minutes(10)
    rollout.keep(exported=export(rollout))


def refused(rollout: Rollout) -> Iterator[None]:
    """For forty minutes, AWS does not give the candidate the instances that it is to have."""
    rollout.commit(instance_type("VariantB", SCARCE))
    yield from rollout.serves()
    rollout.edit(quota={SCARCE: 1})
    rollout.commit(instance_count("VariantB", 3))
    yield from rollout.minutes(40)
    rollout.keep(waiting=rollout.live, sent=rollout.weights_sent)
    rollout.edit(quota={SCARCE: None})
    yield from rollout.until_ended()
    rollout.keep(exported=export(rollout))


SCRIPTS = {"good": good, "failing": failing, "slow": slow, "observing": observing, "refused": refused}


def reasons(live: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["verdict"], each["reason"]) for each in live["status"]["traffic"]["decisions"]]


def test_a_good_candidate_is_promoted_step_by_step(played: Played) -> None:
    rollout = played["good"]
    assert rollout.kept["sent"] == [FIRST, SECOND, CANDIDATE]
    promoted = rollout.kept["promoted"]
    assert promoted["status"]["traffic"]["outcome"] == "Promoted"
    assert reasons(promoted)[-1] == ("Promote", "StepsCompleted")


def test_kubectl_get_shows_the_outcome_in_one_line(played: Played) -> None:
    header, line = played["good"].kept["table"].splitlines()
    assert header.split()[2] == "WEIGHTS"
    assert "VariantA=0% VariantB=100% Stepped: Promoted   True    InService" in line


def test_the_patch_of_the_winner_moves_no_weight(played: Played) -> None:
    rollout = played["good"]
    assert rollout.traffic == {"strategy": "Manual"}
    assert rollout.condition("Ready")["status"] == "True"
    assert rollout.weights_sent == rollout.kept["sent"]
    assert rollout.last_weights == CANDIDATE


@pytest.mark.parametrize("name", ["good", "failing", "slow"])
def test_the_resource_is_ready_except_while_weights_change(played: Played, name: str) -> None:
    rollout = played[name]
    changes = [call["time"] for call in rollout.weight_calls]
    for at in rollout.times_not_ready:
        assert any(0 <= at - change <= SHIFT_SECONDS for change in changes), at


def test_harm_of_twenty_times_the_errors_is_ended_within_twenty_minutes_by_one_call(played: Played) -> None:
    """The time includes what metrics need to appear and what new weights need to be in force."""
    rollout = played["failing"]
    assert rollout.times["relief"] - rollout.times["harm"] <= 20 * 60
    assert rollout.weights_sent == [FIRST, BASELINE]
    assert rollout.traffic["outcome"] == "RolledBack"
    assert reasons(rollout.live)[-1] == ("Rollback", "GuardrailBreached")
    assert "ServerErrors of VariantB" in rollout.traffic["message"]


def test_harm_in_latency_alone_is_ended_by_one_call(played: Played) -> None:
    rollout = played["slow"]
    assert rollout.weights_sent == [FIRST, BASELINE]
    assert rollout.traffic["outcome"] == "RolledBack"
    assert "Latency of VariantB" in rollout.traffic["message"]


def test_observe_decides_and_sends_no_weights(played: Played) -> None:
    rollout = played["observing"]
    assert rollout.weights_sent == []
    assert rollout.last_weights == FIRST
    assert rollout.traffic["outcome"] == "RolledBack"
    assert rollout.live["status"]["summary"].endswith("Stepped (Observe): RolledBack")


def test_a_candidate_without_its_instances_gets_no_more_traffic(played: Played) -> None:
    rollout = played["refused"]
    assert rollout.kept["sent"] == [FIRST]
    assert reasons(rollout.kept["waiting"])[-1] == ("Undecided", "WeightsNotApplied")
    assert rollout.traffic["outcome"] == "Promoted"
    assert rollout.weights_sent == [FIRST, SECOND, CANDIDATE]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_replay_of_the_export_prints_the_decisions_of_the_operator(
    played: Played, name: str, tmp_path: Path
) -> None:
    rollout = played[name]
    taken = decided(rollout.kept.get("promoted", rollout.live))
    assert replayed(rollout.kept["exported"], rollout.policy, tmp_path) == taken


@pytest.mark.parametrize("name", SCRIPTS)
def test_argo_cd_shows_no_difference_at_any_time(played: Played, name: str) -> None:
    compared = played[name].kept.get("compared", played[name].compared)
    assert len(compared) > 5
    for live, predicted in compared:
        assert predicted == live


def test_argo_cd_shows_what_is_committed_and_not_applied(played: Played) -> None:
    live, predicted = played["good"].kept["uncommitted"]
    assert live["spec"]["traffic"]["strategy"] == "Stepped"
    assert predicted["spec"]["traffic"] == {"strategy": "Manual"}
