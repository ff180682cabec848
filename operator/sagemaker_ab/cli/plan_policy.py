"""The settings of a test plan that come from an ABTest policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.cli.replaying.policy_file import PolicyFile
from sagemaker_ab.traffic.forecast import even_shares, shares_from_percents
from sagemaker_ab.traffic.strategies.registry import strategy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignDefaults:
    """Error rates, and shares that sum to 1, the baseline's first."""

    power: float = 0.8
    false_winner: float = 0.05
    shares: tuple[float, ...] = even_shares(2)


def design_defaults(policy_file: PolicyFile) -> DesignDefaults:
    """Return the settings of the policy. Raises InvalidPolicy if plan-test does not support such a policy."""
    test = policy_file.policy.ab_test
    try:
        if test is None:
            raise _refused("strategy", policy_file.policy.strategy, "ABTest")
        if test.hypothesis.metric == LATENCY:
            raise _refused("abTest.hypothesis.metric", LATENCY, "a rate")
        if test.hypothesis.expect == "NonInferior":
            raise _refused("abTest.hypothesis.expect", "NonInferior", "Superior or Different")
        shares = _shares(test, policy_file.variants)
    except InvalidPolicy as error:
        raise error.at(policy_file.path) from error
    rates = test.error_rates
    return DesignDefaults(power=float(rates.power), false_winner=float(rates.false_winner), shares=shares)


def _refused(field: str, given: str, allowed: str) -> InvalidPolicy:
    return InvalidPolicy((f"traffic.{field}: {given} should be {allowed}: plan-test supports no other",))


def _shares(test: ABTest, variants: Sequence[str]) -> tuple[float, ...]:
    """Return the allocation, else an even split of the resource's variants, else of two variants."""
    if test.allocation is None:
        return even_shares(len(strategy_of(test, variants).roles.variants) if variants else 2)
    percents = {share.variant: share.percent for share in test.allocation}
    return shares_from_percents(
        [percents[name] for name in strategy_of(test, variants or list(percents)).roles.variants]
    )
