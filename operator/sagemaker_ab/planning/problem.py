"""What keeps a resource from its intended state, in the words that conditions and events use."""

from dataclasses import dataclass

from sagemaker_ab.api.conditions import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as the user sees it.

    `stalled`: it will not pass without help. `transient`: what failed is retried soon, also when it has
    failed so often that it counts as stalled.
    """

    reason: Reason
    message: str
    stalled: bool = True
    transient: bool = False
