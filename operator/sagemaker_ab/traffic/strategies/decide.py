"""The one entrance: a policy, what counts have said, and the moment; what to do."""

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.decision import Decision, LookContext, final_decision, record_outcome
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.strategies.ab_test import decide_ab_test
from sagemaker_ab.traffic.strategies.bandit import decide_bandit
from sagemaker_ab.traffic.strategies.stepped import decide_stepped


def decide(policy: Policy, evidence: Evidence, context: LookContext) -> Decision:
    """Return the decision of this look; the same arguments give the same decision. A final one stays."""
    standing = final_decision(context)
    if standing is not None:
        return standing
    match policy:
        case Stepped():
            return record_outcome(decide_stepped(policy, evidence, context))
        case ABTest():
            return record_outcome(decide_ab_test(policy, evidence, context))
        case Bandit():
            return record_outcome(decide_bandit(policy, evidence, context))
