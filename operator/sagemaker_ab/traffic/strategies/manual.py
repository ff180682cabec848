"""The strategy Manual: the weights are those of the spec."""

from collections.abc import Mapping
from typing import Any

from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.accumulators import Accumulators
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import ComparisonSummary
from sagemaker_ab.traffic.variant_roles import VariantRoles


class ManualStrategy:
    """`Strategy` documents its members. It needs no evidence, and its only decision is final."""

    metrics: tuple[str, ...] = ()
    steps = 0

    def __init__(self, spec: EndpointSpec) -> None:
        self._weights = spec.manual_weights
        baseline, *others = self._weights
        self.roles = VariantRoles(baseline=baseline, challengers=tuple(others))

    def initial_weights(self) -> Mapping[str, int]:
        return self._weights

    def accumulators(self) -> Accumulators:
        return Accumulators()

    def decide(self, evidence: RunEvidence[Accumulators], context: LookContext) -> Decision:
        del evidence
        outcome = LookOutcome(
            verdict=Verdict.UNDECIDED, reason=DecisionReason.DECLARED, weights=self._weights, final=True
        )
        return Decision(at=context.now, outcome=outcome, progress=context.progress)

    def summaries(self, evidence: RunEvidence[Any]) -> list[ComparisonSummary]:
        del evidence
        return []
