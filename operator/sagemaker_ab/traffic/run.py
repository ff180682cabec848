"""A run: a policy at work on variants, from its start to its verdict, with a state that can be saved."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any, Final, Self

from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.decision import Decision, LookContext, Progress
from sagemaker_ab.traffic.evidence.minute_buffer import Row
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.decide import decide
from sagemaker_ab.traffic.variant_roles import roles

_LAYOUT: Final = 1
"""To be raised when the numbers of a stream change their places: no state is read as what it is not."""


class RunMismatch(ValueError):
    """The state belongs to another policy or to other variants: evidence never crosses runs."""


class Run:
    """Takes counts and looks. Raises InvalidPolicy where policy and variants do not fit."""

    def __init__(self, policy: Policy, variants: Sequence[str], *, started: int) -> None:
        self.policy = policy
        self.roles = roles(policy, variants)
        self.evidence = Evidence(policy, self.roles, started=started)
        self.progress = Progress()

    def ingest(self, rows: Iterable[Row]) -> None:
        """Take counts as they were read, in any order."""
        self.evidence.ingest(rows)

    def look(self, now: int, *, approved: Iterable[int] = ()) -> Decision:
        """Decide at the begin of minute `now`, and remember what must be remembered."""
        context = LookContext(now=now, progress=self.progress, approved=frozenset(approved))
        decision = decide(self.policy, self.evidence, context)
        self.progress = decision.progress
        if decision.begins_test:
            self.evidence.begin_test(since=now)
        return decision

    def to_json(self) -> dict[str, Any]:
        """Return the state, with a hash of the policy and variants that it belongs to."""
        return {
            "run": run_hash(self.policy, self.roles.variants),
            "progress": self.progress.to_json(),
            "evidence": self.evidence.to_json(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], policy: Policy, variants: Sequence[str]) -> Self:
        """Return the run whose `to_json` this is. Raises RunMismatch where policy or variants differ."""
        run = cls(policy, variants, started=state["evidence"]["started"])
        if state["run"] != (mine := run_hash(policy, run.roles.variants)):
            raise RunMismatch(
                f"the state is of run {state['run']}, this policy and these variants are {mine}"
            )
        run.progress = Progress.from_json(state["progress"])
        run.evidence = Evidence.from_json(state["evidence"], policy, run.roles)
        return run


def run_hash(policy: Policy, variants: Sequence[str]) -> str:
    """Return what tells this policy, on these variants, in a state of this layout, from any other."""
    content = {
        "layout": _LAYOUT,
        "policy": policy.model_dump(mode="json"),
        "kind": type(policy).__name__,
        "variants": list(variants),
    }
    return sha256(dumps(content, sort_keys=True).encode()).hexdigest()[:16]
