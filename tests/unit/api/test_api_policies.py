"""Policies are read strictly: what is allowed has defaults, what is not says path, value and bound."""

import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy, parse_policy, path_of, variants_of
from tests.unit.traffic.bad_policies import (
    AB,
    BAD_POLICIES,
    BREAKER,
    ab,
    allocation,
    bandit,
    hypothesis,
    stepped,
)

METRIC = {"metric": "ServerErrors"}
MEMBERS = {"ABTest": "abTest", "Stepped": "stepped", "Bandit": "bandit"}


def read(**member):
    ((strategy, settings),) = member.items()
    return parse_policy({"traffic": {"strategy": strategy, MEMBERS[strategy]: settings}}).policy


@pytest.mark.parametrize(("traffic", "named"), BAD_POLICIES, ids=str)
def test_a_bad_policy_is_refused_by_path_value_and_bound(traffic, named):
    with pytest.raises(InvalidPolicy) as refused:
        parse_policy({"traffic": traffic})
    (message,) = [each for each in refused.value.messages if all(word in each for word in named)]
    assert message.startswith("traffic")


def test_there_are_forty_of_them():
    assert len(BAD_POLICIES) >= 40


FEWER = {"metric": "Successes", "noWorseThanPercent": 99}
FEWER_IS_BETTER = {"metric": "Successes", "noWorseThanPercent": 100, "goal": "Decrease"}


@pytest.mark.parametrize(
    "traffic",
    [
        stepped(deadlineSeconds=1860),
        stepped(steps=[{"percent": 10}], deadlineSeconds=1860),
        stepped(steps=[{"percent": 10}], bakeSeconds=600, deadlineSeconds=660),
        stepped(steps=[{"percent": 10, "hold": {}}], bakeSeconds=600, deadlineSeconds=2460),
        stepped(steps=[{"percent": 100}]),
        stepped(steps=[{"percent": 99}], guardrails=[FEWER], advanceOn="NonInferior"),
        stepped(guardrails=[FEWER_IS_BETTER]),
        *(stepped(breakers=[BREAKER | {"maxRate": rate}]) for rate in ("0.001", "0.99")),
        *(stepped(falseAlarmRate=rate) for rate in ("0.0001", "0.5")),
        *(ab(errorRates={"power": power}) for power in ("0.5", "0.99")),
        ab(minDurationSeconds=600, maxDurationSeconds=600),
        hypothesis(expect="NonInferior", marginPercent=7),
        hypothesis(expect="NonInferior", marginPercent=None),
        {
            "strategy": "ABTest",
            "abTest": allocation(50, 50)["abTest"] | {"rampUp": {"steps": [{"percent": 50}]}},
        },
        bandit(floorPercent=49, ceilingPercent=50),
        bandit(baseline="A", guardrails=[{"metric": "Latency"}]),
    ],
    ids=str,
)
def test_what_is_just_right_is_accepted(traffic):
    assert parse_policy({"traffic": traffic}).strategy == traffic["strategy"]


@pytest.mark.parametrize(
    ("traffic", "least"),
    [
        (stepped(deadlineSeconds=1800), 1800),
        (stepped(steps=[{"percent": 10}], deadlineSeconds=1800), 1800),
        (stepped(steps=[{"percent": 10}], bakeSeconds=600, deadlineSeconds=600), 600),
        (stepped(steps=[{"percent": 10, "hold": {}}], bakeSeconds=600, deadlineSeconds=2400), 2400),
    ],
    ids=str,
)
def test_a_deadline_that_the_holds_and_the_bake_use_up_is_refused(traffic, least):
    with pytest.raises(InvalidPolicy, match=f"but {least} is not greater than {least}$"):
        parse_policy({"traffic": traffic})


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "should be a mapping with traffic, but is a list"),
        (None, "should be a mapping with traffic, but is nothing"),
        ("ABTest", 'should be a mapping with traffic, but is "ABTest"'),
        ("minute,variant\n" + "x" * 10_000, r'is "minute,variant\\nx{63}…$'),
        ({"traffic": {}, None: 1}, "null: is given, but the field is unknown"),
        ({"traffic": {}, "\x1b[31mred": 1}, r'"\\u001b\[31mred": is given, but the field is unknown'),
        ({"traffic": {"\x9b31m": 1}}, r'traffic."\\u009b31m": 1 is given, but the field is unknown'),
        ({"traffic": {None: 1}}, "traffic: null is not a field name"),
        ({}, "traffic: is required"),
        ({"traffic": {}, "extra": 1}, "extra: is given, but the field is unknown"),
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


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        ([{"name": "\x1b[31m"}], r'spec.variants\[0\].name: "\\u001b\[31m" should match'),
        ([{"name": "A"}, {"weight": 1}], r"spec.variants\[1\].name: is required"),
        ([{"name": "A"}, {"name": "A"}], "spec.variants: .*A"),
        ({"A": 1}, "spec.variants: should be a valid list"),
    ],
)
def test_the_variants_of_a_resource_must_have_names(variants, words):
    with pytest.raises(InvalidPolicy, match=words):
        variants_of({"kind": "SageMakerABEndpoint", "spec": {"variants": variants}})


def test_a_refusal_may_be_told_where_the_policy_stands():
    refusal = InvalidPolicy(("traffic: needs two", "traffic.bandit.baseline: 'X'"))
    assert path_of({"traffic": {}}) == "traffic"
    where = path_of({"kind": "SageMakerABEndpoint"})
    assert refusal.at(where).messages == ("spec.traffic: needs two", "spec.traffic.bandit.baseline: 'X'")


def test_nothing_is_required_but_strategy_baseline_or_candidate_steps_hypothesis_and_metric():
    policy = read(ABTest={"baseline": "A", "hypothesis": {"metric": "Successes"}, "guardrails": [METRIC]})
    assert policy.guardrails[0].no_worse_than_percent == 0
    for names in ({"baseline": "A"}, {"candidate": "B"}):
        policy = read(
            Stepped=names | {"steps": [{"percent": 10}], "guardrails": [METRIC], "breakers": [METRIC]}
        )
        assert policy.breakers[0].bound == 0.2
    assert read(Bandit={"metric": "Successes"}).floor_percent == 5
    hypothesis = {"metric": "Successes", "expect": "NonInferior"}
    assert read(ABTest={"baseline": "A", "hypothesis": hypothesis}).hypothesis.margin == 5
