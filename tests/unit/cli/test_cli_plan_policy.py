"""A plan takes from an ABTest policy what the test itself would go by."""

import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy, parse_policy, path_of, variants_of
from sagemaker_ab.cli.plan_policy import design_defaults
from sagemaker_ab.cli.replaying.policy_file import PolicyFile

THREE = [{"variant": "B", "percent": 20}, {"variant": "A", "percent": 70}, {"variant": "C", "percent": 10}]


def asked(traffic, *variants):
    raw = {"traffic": traffic}
    if variants:
        listed = [{"name": name} for name in variants]
        raw = {"kind": "SageMakerABEndpoint", "spec": {"variants": listed, **raw}}
    return PolicyFile(policy=parse_policy(raw), path=path_of(raw), variants=variants_of(raw))


def ab_test(**changes):
    test = {"baseline": "A", "hypothesis": {"metric": "Successes"}}
    return {"strategy": "ABTest", "abTest": test | changes}


def test_error_rates_are_the_policys():
    found = design_defaults(asked(ab_test(errorRates={"falseWinner": "0.01", "power": "0.9"})))
    assert (found.power, found.false_winner) == (0.9, 0.01)


def test_the_shares_are_the_allocations_the_baselines_first():
    assert design_defaults(asked(ab_test(allocation=THREE))).shares == (0.7, 0.2, 0.1)


def test_without_allocation_the_variants_of_the_resource_share_evenly_and_else_there_are_two():
    assert design_defaults(asked(ab_test(), "A", "B", "C", "D")).shares == (0.25,) * 4
    assert design_defaults(asked(ab_test())).shares == (0.5, 0.5)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            asked({"strategy": "Bandit", "bandit": {"metric": "Successes"}}, "A", "B"),
            "spec.traffic.strategy: Bandit should be ABTest",
        ),
        (
            asked(ab_test(hypothesis={"metric": "Latency"})),
            "traffic.abTest.hypothesis.metric: Latency should",
        ),
        (
            asked(ab_test(hypothesis={"metric": "Successes", "expect": "NonInferior"})),
            "traffic.abTest.hypothesis.expect: NonInferior should be Superior or Different",
        ),
        (asked(ab_test(), "B", "C"), "spec.traffic.abTest.baseline: 'A' should be one of the variants B, C"),
    ],
)
def test_what_no_such_test_can_be_planned_of_is_refused_by_its_path(policy, words):
    with pytest.raises(InvalidPolicy) as refused:
        design_defaults(policy)
    assert refused.value.messages[0].startswith(words)
