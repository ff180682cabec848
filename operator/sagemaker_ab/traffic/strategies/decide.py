"""The entry point of the decision: dispatches to the strategy of the policy."""

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.decision import Decision, LookContext, final_decision, record_outcome
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.strategies.ab_test import decide_ab_test
from sagemaker_ab.traffic.strategies.bandit import decide_bandit
from sagemaker_ab.traffic.strategies.stepped import decide_stepped


def decide(policy: Policy, evidence: RunEvidence, context: LookContext) -> Decision:
    """Return the decision of this look. It depends on the arguments alone. A final one does not change."""
    final = final_decision(context)
    if final is not None:
        return final
    match policy:
        case Stepped():
            return record_outcome(decide_stepped(policy, evidence, context))
        case ABTest():
            return record_outcome(decide_ab_test(policy, evidence, context))
        case Bandit():
            return record_outcome(decide_bandit(policy, evidence, context))
