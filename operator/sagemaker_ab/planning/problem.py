"""What keeps a resource from its intended state, in the words that conditions and events use."""

from dataclasses import dataclass

from sagemaker_ab.api.conditions import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem as the user sees it.

    `stalled`: it waits for a person, or is retried slowly; otherwise it is retried soon.
    """

    reason: Reason
    message: str
    stalled: bool = True
