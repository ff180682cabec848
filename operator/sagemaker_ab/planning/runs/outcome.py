"""How a run can end."""

from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a run. The list is closed."""

    PROMOTED = "Promoted"
    """The candidate has passed every step, or a person promoted it. It gets all the traffic."""
    ROLLED_BACK = "RolledBack"
    """A guardrail, a breaker, the deadline or missing traffic ended it. The baseline gets all the traffic."""
    ABORTED = "Aborted"
    """A person ended the run. The baseline has all the traffic."""
    SUPERSEDED = "Superseded"
    """The policy or a variant changed, the endpoint was created again, or the start was wrong. The weights
    stay until the next run.
    """
    EVIDENCE_LOST = "EvidenceLost"
    """The state of the run was lost, and its evidence cannot be read again. The weights stay."""

    @property
    def returns_to_baseline(self) -> bool:
        return self in {Outcome.ROLLED_BACK, Outcome.ABORTED}
