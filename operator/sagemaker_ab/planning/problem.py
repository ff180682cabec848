"""What stops a pass, in the words that status and events use."""

from dataclasses import dataclass

from sagemaker_ab.api.conditions import Reason


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong. `stalled`: it waits for a person or retries slowly; else it retries soon."""

    reason: Reason
    message: str
    stalled: bool = True
