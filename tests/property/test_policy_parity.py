"""The rules of policies say the same in CEL as in Python, also of the strategies that the CRD does not have.

The API server gets a definition of its own, whose schema and rules are made of the same models.
"""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes.client import ApiException, CustomObjectsApi
from kubernetes.config import new_client_from_config

from hack.structural_lint import faults
from hack.structural_schema import structural_schema
from sagemaker_ab.api.policies.traffic_policy import POLICY_RULES, InvalidPolicy, TrafficPolicy, parse_policy
from sandbox.cluster.cluster import Cluster
from tests.property.policy_specs import POLICIES
from tests.property.spoiling import ODD_POLICY_VALUES, POLICY_FIELDS, spoilt
from tests.unit.traffic.bad_policies import BAD_POLICIES

GROUP = "policies.example.com"
SCHEMA = structural_schema(TrafficPolicy, rules=POLICY_RULES)
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"policies.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": "Policy", "plural": "policies", "singular": "policy"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["traffic"],
                        "properties": {"traffic": SCHEMA},
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="module")
def server(control_plane: Cluster, tmp_path_factory: pytest.TempPathFactory) -> CustomObjectsApi:
    file = tmp_path_factory.mktemp("policies") / "definition.yaml"
    file.write_text(json.dumps(DEFINITION))
    control_plane.define(file)
    return CustomObjectsApi(new_client_from_config(str(control_plane.kubeconfig)))


def refusal_by_server(server: CustomObjectsApi, traffic: Any) -> str:
    body = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Policy",
        "metadata": {"name": "parity"},
        "traffic": traffic,
    }
    try:
        server.create_namespaced_custom_object(
            GROUP, "v1", "default", "policies", body, dry_run="All", field_validation="Strict"
        )
    except ApiException as refused:
        if refused.status not in {400, 422}:
            raise
        return str(json.loads(refused.body or "{}")["message"])
    return ""


def refusals_by_us(traffic: Any) -> tuple[str, ...]:
    try:
        parse_policy({"traffic": traffic})
    except InvalidPolicy as refused:
        return refused.messages
    return ()


def test_the_schema_of_every_policy_is_structural_and_bounded() -> None:
    assert [*faults(SCHEMA, path="traffic")] == []


@pytest.mark.parametrize("traffic", [traffic for traffic, _ in BAD_POLICIES], ids=str)
def test_the_server_refuses_every_bad_policy(server: CustomObjectsApi, traffic: dict[str, Any]) -> None:
    assert refusal_by_server(server, traffic)


@pytest.mark.parametrize("traffic", [traffic for traffic, _ in BAD_POLICIES], ids=str)
def test_a_broken_rule_has_the_same_path_and_words(server: CustomObjectsApi, traffic: dict[str, Any]) -> None:
    theirs = refusal_by_server(server, traffic)
    for message in refusals_by_us(traffic):
        path, _, words = message.partition(": ")
        if words.startswith(WORDS_OF_RULES):
            assert f"{path}: Invalid value: {words}" in theirs


WORDS_OF_RULES = tuple({rule.message.partition("%s")[0] for rule in POLICY_RULES})


def test_every_rule_is_broken_by_a_bad_policy() -> None:
    said = [message for traffic, _ in BAD_POLICIES for message in refusals_by_us(traffic)]
    begun = [rule.message.partition("%s")[0] for rule in POLICY_RULES]
    assert [words for words in begun if not any(f": {words}" in message for message in said)] == []


@settings(max_examples=60, deadline=None)
@given(traffic=POLICIES)
def test_both_accept_what_is_valid(server: CustomObjectsApi, traffic: dict[str, Any]) -> None:
    assert refusals_by_us(traffic) == ()
    assert refusal_by_server(server, traffic) == ""


@st.composite
def spoilt_policies(draw: st.DrawFn) -> list[dict[str, Any]]:
    traffic = draw(POLICIES)
    return [spoilt(deepcopy(traffic), draw, values=ODD_POLICY_VALUES, fields=POLICY_FIELDS) for _ in range(5)]


@settings(max_examples=80, deadline=None)
@given(policies=spoilt_policies())
def test_both_accept_or_both_refuse_what_is_spoilt(
    server: CustomObjectsApi, policies: list[dict[str, Any]]
) -> None:
    for traffic in policies:
        ours, theirs = refusals_by_us(traffic), refusal_by_server(server, traffic)
        assert bool(ours) == bool(theirs), f"we say: {ours or 'yes'}; the server says: {theirs or 'yes'}"
