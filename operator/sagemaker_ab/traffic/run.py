"""A run: one policy applied to the variants of an endpoint, from its start to its final decision."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any, Final, Self

from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.decision import Decision, LookContext, Progress
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.decide import decide
from sagemaker_ab.traffic.variant_roles import assign_roles

_LAYOUT: Final = 2
"""The version of the persisted layout. Increase it when an accumulator's numbers change their positions."""


class RunMismatch(ValueError):
    """The saved state is of another policy, other variants or another layout. Evidence never crosses runs."""


class Run:
    """Ingests counts and decides. Raises InvalidPolicy if the policy does not fit the variants.

    `started` is the first minute of the run, in minutes since 1970-01-01 UTC. A look is one evaluation of the
    evidence so far. There may be any number of looks at any time: the error rates hold for all together.
    """

    def __init__(self, policy: Policy, variants: Sequence[str], *, started: int) -> None:
        self.policy = policy
        self.roles = assign_roles(policy, variants)
        self.evidence = RunEvidence(policy, self.roles, started=started)
        self.progress = Progress()

    def ingest(self, rows: Iterable[CountsRow]) -> None:
        """Add rows as they were read, in any order. A later row replaces an earlier one of its minute."""
        self.evidence.ingest(rows)

    def look(self, now: int, *, approved: Iterable[int] = ()) -> Decision:
        """Decide at the start of minute `now`, and update the progress. `approved` steps count from 1."""
        context = LookContext(now=now, progress=self.progress, approved=frozenset(approved))
        decision = decide(self.policy, self.evidence, context)
        self.progress = decision.progress
        if decision.begins_test:
            self.evidence.begin_test(since=now)
        return decision

    def to_json(self) -> dict[str, Any]:
        """Return the state, with a hash of the policy and the variants that it is of."""
        return {
            "run": run_hash(self.policy, self.roles.variants),
            "progress": self.progress.to_json(),
            "evidence": self.evidence.to_json(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], policy: Policy, variants: Sequence[str]) -> Self:
        """Return the run that `to_json` saved. Raises RunMismatch if policy, variants or layout differ."""
        run = cls(policy, variants, started=state["evidence"]["started"])
        if state["run"] != (expected := run_hash(policy, run.roles.variants)):
            raise RunMismatch(
                f"the saved state is of run {state['run']}, but this policy and these variants are {expected}"
            )
        run.progress = Progress.from_json(state["progress"])
        run.evidence = RunEvidence.from_json(state["evidence"], policy, run.roles)
        return run


def run_hash(policy: Policy, variants: Sequence[str]) -> str:
    """Return the hash that identifies a policy on these variants with the current persisted layout."""
    content = {
        "layout": _LAYOUT,
        "policy": policy.model_dump(mode="json"),
        "kind": type(policy).__name__,
        "variants": list(variants),
    }
    return sha256(dumps(content, sort_keys=True).encode()).hexdigest()[:16]
