"""An operator that is killed around what it does for a rollout decides like one that is not.

AWS's clock moves only while the operator is idle, so the same minutes call for the same decisions.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.paced_aws import PacedAws
from tests.e2e.rollout_kills import KilledAtVerdicts, KilledAtWeightCalls, KilledOperator
from tests.e2e.rollout_stage import NewRolloutStage, Undisturbed
from tests.e2e.rollouts import APPROVED_STEPS, SERVER_ERRORS, Rollout, Weights
from tests.e2e.run_replay import Decided, decided

Disturb = Callable[[KilledOperator, PacedAws], Undisturbed]
Play = Callable[[str, Disturb], "Ended"]


def good(rollout: Rollout) -> Iterator[None]:
    yield from rollout.serves()
    yield from rollout.until_ended()
    yield from rollout.minutes(3)


def failing(rollout: Rollout) -> Iterator[None]:
    """The candidate fails twenty times as often, which is found within the first step."""
    yield from rollout.serves(guardrails=[SERVER_ERRORS])
    rollout.ails("bert-b", rate5xx=0.2)
    yield from rollout.until_ended()
    yield from rollout.minutes(3)


def approved(rollout: Rollout) -> Iterator[None]:
    """The first step waits for an approval."""
    yield from rollout.serves(steps=APPROVED_STEPS)
    yield from rollout.until(lambda: "ApprovalRequired" in rollout.reasons)
    rollout.annotate(approve=f"{rollout.traffic['run']}/1")
    yield from rollout.until_ended()
    yield from rollout.minutes(3)


RUNS = {"good": good, "failing": failing, "approved": approved}


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run has come to: decisions, outcome, the weights that reached AWS, and those that serve."""

    decisions: list[Decided]
    outcome: str
    reached: list[Weights]
    last_weights: Weights
    kills: int

    @property
    def verdicts(self) -> list[tuple[str, str, int]]:
        """The decisions without their minutes."""
        return [each[1:] for each in self.decisions]


@pytest.fixture
def play(new_rollout_stage: NewRolloutStage, tmp_path: Path) -> Play:
    """Play a run on a fresh AWS with an operator of its own."""

    def played(name: str, disturb: Disturb) -> Ended:
        with new_rollout_stage(tmp_path) as (stage, program), closing(KilledOperator(program)) as operator:
            disturbance = disturb(operator, stage.aws)
            rollout = stage.play({name: RUNS[name]}, disturbance=disturbance)[name]
            return Ended(
                decisions=decided(rollout.live),
                outcome=rollout.traffic["outcome"],
                reached=rollout.weights_that_reached_aws,
                last_weights=rollout.last_weights,
                kills=operator.kills,
            )

    return played


@pytest.fixture(scope="session")
def undisturbed_runs() -> dict[str, Ended]:
    """The runs without a kill, each played once."""
    return {}


@pytest.fixture
def recorded(play: Play, undisturbed_runs: dict[str, Ended]) -> Callable[[str], Ended]:
    """What a run comes to without a kill."""

    def recorded(name: str) -> Ended:
        if name not in undisturbed_runs:
            undisturbed_runs[name] = play(name, lambda *_: Undisturbed())
        return undisturbed_runs[name]

    return recorded


def after_weight_calls(operator: KilledOperator, aws: PacedAws) -> Undisturbed:
    return KilledAtWeightCalls(operator, aws, when="after")


def before_weight_calls(operator: KilledOperator, aws: PacedAws) -> Undisturbed:
    return KilledAtWeightCalls(operator, aws, when="before")


def at_verdicts(operator: KilledOperator, _: PacedAws) -> Undisturbed:
    return KilledAtVerdicts(operator)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("disturb", [after_weight_calls, at_verdicts], ids=lambda each: each.__name__)
def test_kills_change_no_decision_and_no_minute(
    play: Play, recorded: Callable[[str], Ended], name: str, disturb: Disturb
) -> None:
    undisturbed, killed = recorded(name), play(name, disturb)
    assert killed.kills >= 2
    assert killed.decisions == undisturbed.decisions
    assert (killed.outcome, killed.last_weights) == (undisturbed.outcome, undisturbed.last_weights)
    assert killed.reached == undisturbed.reached


@pytest.mark.parametrize("name", RUNS)
def test_a_weight_call_that_had_no_effect_is_sent_again_a_minute_later(
    play: Play, recorded: Callable[[str], Ended], name: str
) -> None:
    """The next operator waits half a minute for a call that may be in flight. The decisions follow that."""
    undisturbed, killed = recorded(name), play(name, before_weight_calls)
    assert killed.kills == len(undisturbed.reached)
    assert killed.verdicts == undisturbed.verdicts
    assert (killed.outcome, killed.last_weights) == (undisturbed.outcome, undisturbed.last_weights)
    assert killed.reached == undisturbed.reached
