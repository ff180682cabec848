"""The interface of a traffic strategy.

A strategy is created from its policy and the variants of the endpoint. `registry` lists the strategies.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sagemaker_ab.traffic.decision import Decision, LookContext
from sagemaker_ab.traffic.evidence.run_evidence import AccumulatorsT, RunEvidence
from sagemaker_ab.traffic.explain import ComparisonSummary
from sagemaker_ab.traffic.variant_roles import VariantRoles


class Strategy(Protocol[AccumulatorsT]):
    """How one policy chooses the weights of the variants of one endpoint."""

    @property
    def roles(self) -> VariantRoles:
        """The variants that take part, and their roles."""

    @property
    def metrics(self) -> Sequence[str]:
        """The metrics in which variants are compared, the one that decides first."""

    @property
    def steps(self) -> int:
        """The number of steps that a person may approve."""

    def initial_weights(self) -> Mapping[str, int]:
        """Return the relative weights of a new endpoint, before the first look."""

    def accumulators(self) -> AccumulatorsT:
        """Return the accumulators that the strategy decides by, empty."""

    def decide(self, evidence: RunEvidence[AccumulatorsT], context: LookContext) -> Decision:
        """Return the decision of a look at a run that has not ended. It depends on the arguments alone."""

    def summaries(self, evidence: RunEvidence[AccumulatorsT]) -> list[ComparisonSummary]:
        """Return a summary of each comparison with the baseline, for display."""
