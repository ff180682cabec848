"""Faults on command, the background chaos, and the log that tells what became of each request."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws.faults import BadRuleError
from sandbox.aws.inprocess import InProcessAws

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def outcomes(aws: Any, operation: str) -> list[tuple[str, str]]:
    """Outcome and code of each request for an operation."""
    return [(call["outcome"], call["code"]) for call in aws.calls() if call["operation"] == operation]


def list_models(client: Any, times: int) -> list[str]:
    """What becomes of so many ListModels: ok, or the code of the refusal."""
    seen = []
    for _ in range(times):
        try:
            client.list_models()
        except ClientError as error:
            seen.append(error.response["Error"]["Code"])
        else:
            seen.append("ok")
    return seen


def test_an_error_is_given_as_ordered_and_has_no_effect(calm_sim: Any, deployer: Any, refused: Any) -> None:
    denied = {"code": "AccessDeniedException", "text": "not authorized to perform: sagemaker:CreateModel"}
    calm_sim.fault({"error": denied}, match={"operation": "CreateModel"})
    assert refused(deployer.model) == (denied["code"], denied["text"])
    assert calm_sim.state() == {}
    assert deployer.model()
    assert outcomes(calm_sim, "CreateModel") == [("refused", "AccessDeniedException"), ("effect", "ok")]


@pytest.mark.ledger("aws.throttled")
def test_throttling_is_an_error_of_its_own(calm_sim: Any, deployer: Any, refused: Any) -> None:
    calm_sim.fault({"throttle": True}, match={"operation": "ListModels"})
    assert refused(deployer.client.list_models) == ("ThrottlingException", "Rate exceeded")


def test_a_rule_begins_at_the_nth_match_and_ends_after_its_count(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"throttle": True}, match={"operation": "List*", "nth": 2}, count=2)
    seen = list_models(deployer.client, 5)
    assert seen == ["ok", "ThrottlingException", "ThrottlingException", "ok", "ok"]


def test_a_rule_without_count_lasts_until_it_is_removed(calm_sim: Any, deployer: Any) -> None:
    rule = calm_sim.fault({"throttle": True}, count=None)
    assert list_models(deployer.client, 3) == ["ThrottlingException"] * 3
    calm_sim.gateway.faults.remove(rule)
    assert list_models(deployer.client, 1) == ["ok"]


def test_a_rule_may_fire_with_a_probability(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"throttle": True}, count=None, probability=0.5)
    assert 30 < list_models(deployer.client, 100).count("ok") < 70


def test_a_rule_matches_by_name_of_the_resource_and_by_writing(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    calm_sim.fault({"throttle": True}, match={"resource": "other-*", "write": True}, count=None)
    deployer.model("bert-a")
    assert refused(deployer.model, "other-1")[0] == "ThrottlingException"
    assert refused(deployer.client.describe_model, ModelName="other-1")[0] == "ValidationException"


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": {"eror": {}}},
        {"effect": {}},
        {"effect": {"throttle": True, "latency": 1}},
        {"effect": {"throttle": True}, "match": {"op": "X"}},
        {"effect": {"throttle": True}, "times": 3},
        {"effect": {"throttle": True}, "count": 0},
        {"effect": {"throttle": True}, "probability": 2},
        {"effect": {"throttle": True}, "match": {"operation": 5}},
        {"effect": {"throttle": True}, "match": {"nth": 0}},
        {"effect": {"throttle": True}, "match": {"write": "yes"}},
        {"effect": {"error": {"text": "no code"}}},
        {"effect": {"latency": "long"}},
        {"effect": {"drop": "now"}},
        {"effect": {"fail": True}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(calm_sim: Any, rule: Any) -> None:
    with pytest.raises(BadRuleError):
        calm_sim.gateway.faults.add(rule)


def test_a_connection_dropped_before_the_effect_leaves_no_trace(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"drop": "before"}, match={"operation": "CreateModel"})
    with pytest.raises(ConnectionClosedError):
        deployer.model()
    assert calm_sim.state() == {}
    assert outcomes(calm_sim, "CreateModel") == [("dropped-before", "ok")]


def test_a_connection_dropped_after_the_effect_leaves_the_effect(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    calm_sim.fault({"drop": "after"}, match={"operation": "CreateModel"})
    with pytest.raises(ConnectionClosedError):
        deployer.model()
    assert "already existing model" in refused(deployer.model)[1]
    assert outcomes(calm_sim, "CreateModel") == [
        ("dropped-after-effect", "ok"),
        ("refused", "ValidationException"),
    ]


def test_a_refusal_arrives_also_where_answers_are_to_be_lost(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    calm_sim.fault({"drop": "after"}, count=None)
    assert refused(deployer.client.delete_model, ModelName="none")[0] == "ValidationException"


def test_a_stale_read_sees_what_was_some_seconds_ago(calm_sim: Any, in_service: Any) -> None:
    in_service.config("next")
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")
    calm_sim.advance(seconds=2)
    calm_sim.fault({"stale": 3})
    assert in_service.describe()["EndpointStatus"] == "InService"
    assert in_service.describe()["EndpointStatus"] == "Updating"


def test_a_stale_read_finds_what_was_deleted_and_misses_what_is_new(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    deployer.model("old")
    calm_sim.advance(seconds=10)
    deployer.client.delete_model(ModelName="old")
    deployer.model("new")
    calm_sim.fault({"stale": 1}, count=None)
    assert deployer.client.describe_model(ModelName="old")
    assert refused(deployer.client.describe_model, ModelName="new")[1].startswith("Could not find")
    assert [one["ModelName"] for one in deployer.client.list_models()["Models"]] == ["old"]
    calm_sim.advance(seconds=2)
    assert [one["ModelName"] for one in deployer.client.list_models()["Models"]] == ["new"]


def test_what_is_long_gone_is_forgotten(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    deployer.client.delete_model(ModelName="bert-a")
    calm_sim.advance(minutes=2)
    calm_sim.fault({"stale": 100})
    assert deployer.client.list_models()["Models"] == []


@pytest.mark.ledger("aws.stale-read")
def test_reads_in_the_background_chaos_are_stale_for_five_seconds_at_most(sim: Any) -> None:
    client = sim.client("sagemaker")
    sim.gateway.faults.lost_answers = False
    client.create_model(ModelName="new", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)

    def sightings() -> int:
        return sum(len(client.list_models()["Models"]) for _ in range(100))

    assert 60 < sightings() < 90
    sim.advance(seconds=5)
    assert sightings() == 100


@pytest.mark.ledger("aws.lost-answer")
def test_one_answer_to_a_write_in_twenty_is_lost_after_its_effect(sim: Any) -> None:
    client = sim.client("sagemaker")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model/bert-a"
    client.create_model(ModelName="bert-a", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    lost = 0
    for number in range(200):
        try:
            client.add_tags(ResourceArn=arn, Tags=[{"Key": "n", "Value": str(number)}])
        except ConnectionClosedError:
            lost += 1
    assert 3 <= lost <= 20
    assert sim.state()["123456789012/us-east-1"]["tags"][arn] == {"n": "199"}
    assert outcomes(sim, "AddTags").count(("dropped-after-effect", "ok")) == lost


def test_the_same_seed_and_requests_make_the_same_run() -> None:
    def run() -> list[Any]:
        aws, found = InProcessAws(seed=7), []
        client = aws.client("sagemaker")
        for number in range(60):
            with contextlib.suppress(ConnectionClosedError):
                client.create_model(
                    ModelName=f"m{number}", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
                )
            aws.advance(seconds=1)
            found.append(client.list_models()["Models"])
        return [aws.calls(), found]

    first = run()
    assert first == run()
    assert "dropped-after-effect" in {call["outcome"] for call in first[0]}


def test_the_log_tells_everything_of_a_request(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    deployer.client.describe_model(ModelName="bert-a")
    write, read = calm_sim.calls()
    assert (write["n"], write["write"], write["write_number"]) == (1, True, 1)
    assert (read["n"], read["write"], read["write_number"]) == (2, False, 0)
    assert (write["service"], write["operation"], write["resource"]) == ("sagemaker", "CreateModel", "bert-a")
    assert (write["account"], write["region"]) == ("123456789012", "us-east-1")
    assert write["time"] == calm_sim.engine.clock.now()
    assert write["params"]["PrimaryContainer"]["ModelDataUrl"] == "s3://models/bert-a/model.tar.gz"
    assert calm_sim.gateway.calls.counts() == {"CreateModel": 1, "DescribeModel": 1}
