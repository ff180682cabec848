"""A run: one policy applied to the variants of an endpoint, from its start to its final decision."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any, Final, Self

from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.decision import (
    Decision,
    LookContext,
    Progress,
    final_decision,
    record_outcome,
)
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import ComparisonSummary
from sagemaker_ab.traffic.strategies.registry import strategy_of

_LAYOUT: Final = 4
"""The version of the persisted layout. Increase it when a state's declaration or meaning changes."""


class RunMismatch(ValueError):
    """The saved state is not of this policy, these variants and this layout, or is not readable.

    Evidence never crosses runs.
    """


class Run:
    """Ingests counts and decides. Raises InvalidPolicy if the policy does not fit the variants.

    `started` is the first minute of the run, in minutes since 1970-01-01 UTC. A look is one evaluation of the
    evidence so far. There may be any number of looks at any time: the error rates hold for all together.
    """

    def __init__(self, policy: Policy, variants: Sequence[str], *, started: int) -> None:
        self.policy = policy
        self.strategy = strategy_of(policy, variants)
        self.roles = self.strategy.roles
        self.evidence = RunEvidence(self.strategy.accumulators(), self.roles, started=started)
        self.progress = Progress()

    def ingest(self, rows: Iterable[CountsRow]) -> None:
        """Add rows as they were read, in any order. A later row replaces an earlier one of its minute."""
        self.evidence.ingest(rows)

    def look(self, now: int, *, approved: Iterable[int] = (), has_deadline: bool = True) -> Decision:
        """Decide at the start of minute `now`, and update the progress. `approved` steps count from 1.

        A final decision does not change.
        """
        context = LookContext(
            now=now, progress=self.progress, approved=frozenset(approved), has_deadline=has_deadline
        )
        final = final_decision(context)
        if final is not None:
            return final
        decision = record_outcome(self.strategy.decide(self.evidence, context))
        self.progress = decision.progress
        if decision.begins_test:
            self.evidence.begin_test(since=now)
        return decision

    def summaries(self) -> list[ComparisonSummary]:
        """Return a summary of each comparison with the baseline, for display."""
        return self.strategy.summaries(self.evidence)

    def change_policy(self, policy: Policy) -> None:
        """Go on with a policy that differs only in what is still ahead. Raises RunMismatch."""
        if policy == self.policy:
            return
        variants = self.roles.variants
        if run_hash(policy, variants) != run_hash(self.policy, variants):
            raise RunMismatch("the policy is of another run")
        self.policy, self.strategy = policy, strategy_of(policy, variants)

    @property
    def watermark(self) -> int:
        """The last minute that can no longer change. A checkpoint contains the minutes up to it."""
        return self.evidence.buffer.watermark

    def to_json(self) -> dict[str, Any]:
        """Return the complete state."""
        return self._saved(self.evidence.to_json())

    def checkpoint(self) -> dict[str, Any]:
        """Return the state without the minutes after the watermark. Its size does not grow with the run.

        A run that is restored from it continues as if it had not been interrupted, once the rows after the
        watermark have been ingested again.
        """
        return self._saved(self.evidence.checkpoint())

    def _saved(self, evidence: dict[str, Any]) -> dict[str, Any]:
        return {
            "layout": _LAYOUT,
            "run": run_hash(self.policy, self.roles.variants),
            "progress": self.progress.to_json(),
            "evidence": evidence,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], policy: Policy, variants: Sequence[str]) -> Self:
        """Return the run that `to_json` or `checkpoint` saved. Raises RunMismatch."""
        if (layout := state.get("layout")) != _LAYOUT:
            raise RunMismatch(f"the saved state has layout {layout}, but this version reads layout {_LAYOUT}")
        run = cls(policy, variants, started=0)
        if (saved := state.get("run")) != (expected := run_hash(policy, run.roles.variants)):
            raise RunMismatch(
                f"the saved state is of run {saved}, but this policy and these variants are {expected}"
            )
        try:
            run.progress = Progress.from_json(state["progress"])
            accumulators = run.strategy.accumulators()
            run.evidence = RunEvidence.from_json(state["evidence"], accumulators, run.roles)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RunMismatch(f"the saved state is not readable: {error!r}") from error
        return run


def run_hash(policy: Policy, variants: Sequence[str]) -> str:
    """Return the hash that identifies a policy on these variants, apart from what may change during a run."""
    content = {
        # Without defaults: a field that a later version adds must not end a run.
        "policy": policy.model_dump(mode="json", exclude=set(policy.STILL_AHEAD), exclude_defaults=True),
        "kind": type(policy).__name__,
        "variants": list(variants),
    }
    return sha256(dumps(content, sort_keys=True).encode()).hexdigest()[:16]
