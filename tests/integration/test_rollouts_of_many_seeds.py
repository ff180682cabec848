"""How soon a harmful candidate is found, over runs that differ in their requests, delays and late minutes."""

from collections.abc import Callable
from statistics import median

from tests.integration.rollouts import Rollout, stepped
from tests.integration.stage import aws

SEEDS = 20
BASELINE = {"VariantA": 100.0, "VariantB": 0.0}
LONG = [{"percent": 10, "hold": {"minDurationSeconds": 14_400}}, {"percent": 100}]


def minutes_of_harm(seed: int, *, rate: float, harm: float) -> float:
    """Return the minutes from the start of the harm until the baseline has all the traffic again."""
    policy = stepped(breakers=[], steps=LONG, guardrails=[{"metric": "ServerErrors"}])
    rollout = Rollout(policy, sim=aws(seed=seed), rate=100)
    rollout.until(lambda: rollout.weights["VariantB"] == 10)
    rollout.fails("bert-a", rate)
    rollout.fails("bert-b", harm)
    return rollout.until(lambda: rollout.weights == BASELINE)


def test_five_times_the_errors_are_found_within_forty_minutes_in_half_of_the_runs(
    record_property: Callable[[str, object], None],
) -> None:
    """The candidate has 10% of a hundred requests a minute. The time includes all delays."""
    found = [minutes_of_harm(seed, rate=0.01, harm=0.05) for seed in range(SEEDS)]
    record_property("figure", f"5 times the errors: median {median(found):.0f} min, at most {max(found):.0f}")
    assert median(found) <= 40
