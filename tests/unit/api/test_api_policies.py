"""Policies are read strictly: what is allowed has defaults, what is not says path, value and bound."""

import pytest

from sagemaker_ab.api.policies.traffic import InvalidPolicy, parse_policy, variants_of
from tests.unit.traffic.bad_policies import AB, BAD_POLICIES


@pytest.mark.parametrize(("traffic", "named"), BAD_POLICIES, ids=str)
def test_a_bad_policy_is_refused_by_path_value_and_bound(traffic, named):
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy({"traffic": traffic})
    (message,) = [each for each in refused.value.messages if all(word in each for word in named)]
    assert message.startswith("traffic")


def test_there_are_forty_of_them():
    assert len(BAD_POLICIES) >= 40


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "should be a mapping with traffic, not list"),
        ({}, "traffic: is required"),
        ({"traffic": {}, "extra": 1}, "extra: is not a field here"),
        ({"kind": "SageMakerABEndpoint", "spec": {}}, "spec.traffic.strategy: is required"),
        ({"traffic": None}, "traffic: null should be"),
    ],
)
def test_what_is_no_policy_at_all_is_refused(raw, words):
    with pytest.raises(InvalidPolicy, match=words):
        parse_policy(raw)


def test_a_whole_resource_is_read_for_its_policy_and_variants():
    resource = {
        "kind": "SageMakerABEndpoint",
        "spec": {
            "variants": [{"name": "A"}, {"name": "B"}],
            "traffic": {"strategy": "ABTest", "abTest": AB},
        },
    }
    assert parse_policy(resource).ab_test.baseline == "A"
    assert variants_of(resource) == ("A", "B")
    assert variants_of({"traffic": {}}) == ()


def test_what_is_left_out_has_its_default():
    policy = parse_policy({"traffic": {"strategy": "ABTest", "abTest": AB}}).policy
    assert policy.error_rates.false_winner == "0.05"
    assert policy.min_duration_seconds == 7 * 86400
    assert policy.on_winner == "KeepWeights"
