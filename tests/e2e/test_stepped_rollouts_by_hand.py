"""Stepped rollouts with which people and clients interfere: weights, requests, and a status that is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.reviews import conditions_of
from tests.e2e.rollout_stage import Played
from tests.e2e.rollouts import CANDIDATE, FIRST, SECOND, Rollout
from tests.e2e.run_replay import decided, export, replayed, rows

OTHER = {"VariantA": 80.0, "VariantB": 20.0}


def repaired(rollout: Rollout) -> Iterator[None]:
    """After four minutes, somebody else sets other weights."""
    yield from rollout.serves()
    yield from rollout.minutes(4)
    rollout.weights_by_hand(SECOND)
    rollout.note("changed")
    yield from rollout.until(lambda: rollout.weights == SECOND)
    yield from rollout.until(lambda: rollout.weights == FIRST)
    rollout.note("repaired")
    yield from rollout.until_ended()
    rollout.keep(exported=export(rollout), events=rollout.resource.events())


def observed(rollout: Rollout) -> Iterator[None]:
    """The run moves no weight. Somebody else does, for eight minutes."""
    yield from rollout.serves(mode="Observe")
    rollout.weights_by_hand(FIRST)
    yield from rollout.minutes(6)
    rollout.weights_by_hand(OTHER)
    rollout.note("changed")
    yield from rollout.minutes(8)
    rollout.weights_by_hand(FIRST)
    rollout.note("repaired")
    yield from rollout.minutes(12)
    rollout.keep(exported=export(rollout))


def split_otherwise(rollout: Rollout) -> Iterator[None]:
    """Some clients ask the candidate by its name, so that its share is 18% instead of 10%."""
    long = {"percent": 10, "hold": {"minDurationSeconds": 1800, "minRequests": 50}}
    yield from rollout.serves(per_minute=91.1, steps=[long, {"percent": 100}])
    rollout.requests(8.9, variant="VariantB")
    yield from rollout.minutes(50)
    rollout.keep(exported=export(rollout))


def lost_in_the_first_step(rollout: Rollout) -> Iterator[None]:
    yield from rollout.serves()
    yield from rollout.minutes(5)
    lose_status(rollout)
    yield from rollout.until_ended()
    rollout.keep(exported=export(rollout))


def lost_in_the_second_step(rollout: Rollout) -> Iterator[None]:
    yield from rollout.serves()
    yield from rollout.until(lambda: rollout.weights == SECOND)
    lose_status(rollout)
    yield from rollout.minutes(30)


def lose_status(rollout: Rollout) -> None:
    rollout.keep(run=rollout.traffic["run"])
    rollout.patch_status({"op": "remove", "path": "/status/traffic"})


SCRIPTS = {
    "repaired": repaired,
    "observed": observed,
    "split-otherwise": split_otherwise,
    "lost-in-the-first-step": lost_in_the_first_step,
    "lost-in-the-second-step": lost_in_the_second_step,
}


def shares(rollout: Rollout) -> dict[int, float | None]:
    """The weight of the candidate by minute, as exported."""
    found = rows(rollout.kept["exported"]).rows
    return {row.at: row.counts.weight for row in found if row.variant == "VariantB"}


def changed_minutes(rollout: Rollout) -> set[int]:
    """The minutes in which the weights of somebody else were in force at some time."""
    return set(range(int(rollout.times["changed"] // 60), int(rollout.times["repaired"] // 60)))


def test_weights_that_somebody_else_set_are_reported_and_repaired(played: Played) -> None:
    rollout = played["repaired"]
    assert rollout.weights_sent == [FIRST, FIRST, SECOND, CANDIDATE]
    assert rollout.traffic["outcome"] == "Promoted"
    between = [conditions_of(live) for at, live in rollout.seen if at // 60 in changed_minutes(rollout)]
    assert "False" in {each["WeightsApplied"]["status"] for each in between}
    told = [message for _, reason, message in rollout.kept["events"] if reason == "ShiftWeights"]
    assert told.count("Set weights VariantA=90, VariantB=10") >= 1


def test_minutes_with_weights_of_somebody_else_do_not_count_for_the_step(played: Played) -> None:
    rollout = played["repaired"]
    counted = shares(rollout)
    assert {at for at in changed_minutes(rollout) if counted.get(at) == 10} == set()
    assert {10.0, 50.0} <= set(counted.values())


def test_minutes_with_weights_of_somebody_else_are_a_stratum_of_their_own(played: Played) -> None:
    rollout = played["observed"]
    counted = shares(rollout)
    other = {at for at, share in counted.items() if share == 20}
    assert len(other) >= 3
    assert other <= changed_minutes(rollout)
    assert rollout.weights_sent == []


def test_a_share_that_is_off_by_eight_points_holds_the_run(played: Played) -> None:
    rollout = played["split-otherwise"]
    assert rollout.weights_sent == [FIRST]
    assert rollout.traffic["decisions"][-1]["reason"] == "SampleRatioMismatch"
    blocked = [gate["name"] for gate in rollout.traffic["gates"] if gate["state"] == "Blocked"]
    assert blocked == ["sampleRatio"]


def test_a_status_that_is_lost_in_the_first_step_changes_nothing(played: Played) -> None:
    rollout = played["lost-in-the-first-step"]
    assert rollout.traffic["run"] == rollout.kept["run"]
    assert rollout.traffic["outcome"] == "Promoted"
    assert rollout.weights_sent == [FIRST, SECOND, CANDIDATE]


def test_a_status_that_is_lost_in_a_later_step_ends_the_run_and_the_weights_stay(played: Played) -> None:
    rollout = played["lost-in-the-second-step"]
    assert rollout.traffic["run"] == rollout.kept["run"]
    assert rollout.traffic["outcome"] == "EvidenceLost"
    assert rollout.last_weights == SECOND
    assert rollout.weights_sent == [FIRST, SECOND]


@pytest.mark.parametrize("name", ["repaired", "observed", "split-otherwise", "lost-in-the-first-step"])
def test_a_replay_of_the_export_prints_the_decisions_of_the_operator(
    played: Played, name: str, tmp_path: Path
) -> None:
    rollout = played[name]
    assert replayed(rollout.kept["exported"], rollout.policy, tmp_path) == decided(rollout.live)


@pytest.mark.parametrize("name", SCRIPTS)
def test_argo_cd_shows_no_difference_at_any_time(played: Played, name: str) -> None:
    assert len(played[name].compared) > 5
    for live, predicted in played[name].compared:
        assert predicted == live
