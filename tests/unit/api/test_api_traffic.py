"""The weights of a resource are those of the spec, or a strategy sets them, and never both."""

from copy import deepcopy
from typing import Any

import pytest

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.api.resource import InvalidSpec, parse_spec

Raw = dict[str, Any]
STEPS = [{"percent": 10}, {"percent": 100}]


def stepped(spec: Raw, **settings: Any) -> Raw:
    """The spec without weights and with a stepped rollout to VariantB."""
    changed = deepcopy(spec)
    for variant in changed["variants"]:
        del variant["weight"]
    changed["traffic"] = {
        "strategy": "Stepped",
        "stepped": {"candidate": "VariantB", "steps": STEPS, **settings},
    }
    return changed


def messages(raw: Raw) -> tuple[str, ...]:
    with pytest.raises(InvalidSpec) as refused:
        parse_spec(raw)
    return refused.value.messages


def test_manual_has_weights_and_no_policy(spec: Raw) -> None:
    read = parse_spec(spec)
    assert read.traffic.policy is None
    assert read.manual_weights == {"VariantA": 50, "VariantB": 50}


def test_a_strategy_has_a_policy_and_no_weights(spec: Raw) -> None:
    read = parse_spec(stepped(spec))
    assert read.manual_weights == {}
    assert read.traffic.policy is not None
    assert (read.traffic.policy.mode, read.traffic.policy.candidate) == ("Apply", "VariantB")


def test_a_resource_has_the_policy_that_a_replay_of_its_manifest_has(spec: Raw) -> None:
    raw = stepped(spec, guardrails=[{"metric": "Latency"}], deadlineSeconds=7200)
    manifest = {"kind": "SageMakerABEndpoint", "spec": raw}
    assert parse_policy(manifest).policy == parse_spec(raw).traffic.policy


def test_manual_needs_the_weight_of_each_variant(spec: Raw) -> None:
    del spec["variants"][1]["weight"]
    assert messages(spec) == (
        "spec.variants: weight is required if spec.traffic.strategy is Manual, but VariantB has none",
    )


def test_a_strategy_leaves_no_weight_to_the_spec(spec: Raw) -> None:
    raw = stepped(spec)
    raw["variants"][1]["weight"] = 0
    words = "weight of VariantB cannot be set, because the strategy Stepped sets the weights"
    assert messages(raw) == (f"spec.variants: {words}",)


@pytest.mark.parametrize("roles", [{"baseline": "VariantA"}, {"baseline": "VariantA", "candidate": None}])
def test_a_role_that_is_left_out_is_the_other_variant(spec: Raw, roles: Raw) -> None:
    read = parse_spec(stepped(spec, **roles))
    assert read.traffic.policy is not None
    assert read.traffic.policy.baseline == "VariantA"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"candidate": "VariantC"},
            (
                "spec.traffic.stepped.candidate: must be the name of an entry in spec.variants, but there is"
                " no entry VariantC"
            ),
        ),
        (
            {"baseline": "VariantC"},
            (
                "spec.traffic.stepped.baseline: must be the name of an entry in spec.variants, but there is"
                " no entry VariantC"
            ),
        ),
        (
            {"guardrails": [{"metric": "Successes"}]},
            (
                "spec.traffic.stepped.guardrails: metric cannot be Successes, which is only for the replay of"
                " recorded counts; an endpoint reports ServerErrors, ClientErrors, ModelErrors and Latency"
            ),
        ),
    ],
)
def test_what_no_endpoint_can_follow_is_refused(spec: Raw, settings: Raw, message: str) -> None:
    assert messages(stepped(spec, **settings)) == (message,)


@pytest.mark.parametrize("count", [1, 3])
def test_a_stepped_rollout_has_two_variants(spec: Raw, count: int) -> None:
    raw = stepped(spec)
    raw["variants"] = [*raw["variants"], {**raw["variants"][1], "name": "VariantC"}][-count:]
    words = "must be the baseline and the candidate if spec.traffic.strategy is Stepped, so 2 variants, not"
    assert f"spec.variants: {words} {count}" in messages(raw)


def test_the_settings_are_those_of_the_strategy(spec: Raw) -> None:
    settings = stepped(spec)["traffic"]["stepped"]
    words = "spec.traffic.stepped: must be set if strategy is Stepped, and only then"
    spec["traffic"] = {"strategy": "Manual", "stepped": settings}
    assert messages(spec) == (words,)
    bare = stepped(spec)
    del bare["traffic"]["stepped"]
    assert messages(bare) == (words,)
