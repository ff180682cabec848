"""Rollouts between equals are promoted, and a replay of each export decides what the operator decided.

Three runs of two hours, each in another simulated AWS. `make rollouts` plays 200 days.
"""

import pytest

from bench.rollouts.__main__ import figures
from bench.rollouts.day import Played, play

DECISIONS = ((0, 1, "Undecided", "StepHold"), (60, 1, "Rollback", "GuardrailBreached"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rollout_between_equals_is_promoted_as_its_replay_says(seed):
    played = play(seed, hours=2)
    assert played.outcome == "Promoted"
    assert played.decisions == played.replayed[-len(played.decisions) :]
    assert played.decisions[-1][2:] == ("Promote", "StepsCompleted")


def run(*, outcome="Promoted", decisions=DECISIONS, replayed=DECISIONS):
    return Played(
        seed=1,
        outcome=outcome,
        decisions=decisions,
        replayed=replayed,
        cpu_seconds=1.0,
        status_writes=10,
    )


def missed(played):
    return [figure.what for figure in figures(played) if figure.missed]


def test_one_false_rollback_in_a_hundred_runs_is_allowed():
    assert missed([run()] * 99 + [run(outcome="RolledBack")]) == []
    assert missed([run()] * 98 + [run(outcome="RolledBack")] * 2) == ["false rollbacks in %"]


def test_a_run_that_does_not_end_is_missed():
    assert missed([run(outcome="")]) == ["runs that are neither promoted nor rolled back"]


@pytest.mark.parametrize("replayed", [(), DECISIONS[:1], ((0, 1, "Hold", "StepHold"), DECISIONS[1])])
def test_a_replay_that_decides_otherwise_is_missed(replayed):
    assert missed([run(replayed=replayed)]) == ["runs whose replay decides otherwise"]


def test_status_has_the_newest_decisions_of_the_replay():
    assert missed([run(decisions=DECISIONS[1:])]) == []
    assert missed([run(decisions=())]) == ["runs whose replay decides otherwise"]
