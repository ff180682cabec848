"""What a strategy intends, as it was last written to the status of a resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.safety.aws_state import Raw

MANUAL = "Manual"
RUN_TAG = "sagemaker-ab.dev/run"
_LEAVES_THE_CANDIDATE = frozenset({"RolledBack", "Aborted"})
_DECIDES_NOTHING = frozenset({"Superseded", "EvidenceLost"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The traffic of a resource whose strategy is not Manual.

    ``weights`` are None until the first were written. ``kept`` are the variants that lose no instances while
    the run goes on, and after it has ended without a decision: its baseline, unless it only observes.
    ``given_up``: the run ended in a rollback or was aborted, and the traffic leaves the candidate whatever
    the instances. ``run`` is the ID of the run; empty before the first.
    """

    weights: Mapping[str, float] | None = None
    kept: frozenset[str] = frozenset()
    given_up: bool = False
    run: str = ""

    def is_remembered(self, tags: Mapping[str, str]) -> bool:
        """Tell whether an endpoint with these tags names the run, so that it is not repeated."""
        return tags.get(RUN_TAG, "").split(" ")[0] == self.run


def chosen_of(spec: Raw, status: Raw) -> Chosen | None:
    """Return what a strategy has chosen; None under Manual, which takes the weights of the spec."""
    strategy = (spec.get("traffic") or {}).get("strategy", MANUAL)
    if strategy == MANUAL:
        return None
    traffic: Raw = status.get("traffic") or {}
    if traffic.get("strategy") != strategy:
        return Chosen()
    listed = traffic.get("weights")
    decided = "outcome" in traffic and traffic["outcome"] not in _DECIDES_NOTHING
    goes_on = "run" in traffic and not decided and traffic.get("mode") != "Observe"
    return Chosen(
        weights={one["variant"]: float(one["percent"]) for one in listed} if listed else None,
        kept=frozenset({traffic["baseline"]}) if goes_on and "baseline" in traffic else frozenset(),
        given_up=traffic.get("outcome") in _LEAVES_THE_CANDIDATE,
        run=traffic.get("run", ""),
    )
