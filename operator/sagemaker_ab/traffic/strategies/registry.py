"""The strategies by the class of their policy. A new strategy is a module of its own and a line here.

Manual has no policy: the spec gives its weights.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.strategies.ab_test import ABTestStrategy
from sagemaker_ab.traffic.strategies.bandit import BanditStrategy
from sagemaker_ab.traffic.strategies.stepped import SteppedStrategy
from sagemaker_ab.traffic.strategies.strategy import Strategy

STRATEGIES: Final[dict[type[Any], Callable[[Any, Sequence[str]], Strategy[Any]]]] = {
    Stepped: SteppedStrategy,
    ABTest: ABTestStrategy,
    Bandit: BanditStrategy,
}


def strategy_of(policy: Policy, variants: Sequence[str]) -> Strategy[Any]:
    """Return the strategy of a policy. Raises InvalidPolicy if the policy does not fit the variants."""
    return STRATEGIES[type(policy)](policy, variants)
