"""Faults on command, and the background chaos."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.rules import BadRuleError

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


@pytest.mark.ledger("aws.throttled", "aws.throttled-tagging", "aws.throttled-runtime", "aws.query-codes")
def test_each_service_tells_of_too_many_requests_in_its_own_words(calm_sim: Any, refused: Any) -> None:
    calm_sim.fault({"throttle": True}, count=None)
    told = {
        "application-autoscaling": lambda one: refused(one.describe_scalable_targets, ServiceNamespace="ecs"),
        "cloudwatch": lambda one: refused(one.list_metrics),
        "sts": lambda one: refused(one.get_caller_identity),
        "resourcegroupstaggingapi": lambda one: refused(one.get_resources),
        "sagemaker-runtime": lambda one: refused(one.invoke_endpoint, EndpointName="reviews", Body=b""),
    }
    assert {service: ask(calm_sim.client(service)) for service, ask in told.items()} == {
        "application-autoscaling": ("ThrottlingException", "Rate exceeded"),
        "cloudwatch": ("Throttling", "Rate exceeded"),
        "sts": ("Throttling", "Rate exceeded"),
        "resourcegroupstaggingapi": ("ThrottledException", "Rate exceeded"),
        "sagemaker-runtime": ("ThrottlingException", ""),
    }


@pytest.mark.ledger("aws.throttle-bucket")
@pytest.mark.parametrize("variant", range(3))
def test_a_bucket_gives_its_burst_and_then_its_rate(variant: int) -> None:
    sim = InProcessAws(stale_reads=False, throttling=True, variants={"aws.throttle-bucket": variant})
    size, client = sim.engine.ledger.value("aws.throttle-bucket"), sim.client("sagemaker")
    assert list_models(client, size["burst"] + 3) == ["ok"] * size["burst"] + ["ThrottlingException"] * 3
    sim.advance(seconds=2 / size["rate"])
    assert list_models(client, 3) == ["ok", "ok", "ThrottlingException"]
    sim.advance(minutes=5)
    assert list_models(client, size["burst"] + 1).count("ok") == size["burst"]


def test_each_account_region_and_operation_has_a_bucket_of_its_own() -> None:
    sim = InProcessAws(stale_reads=False, throttling=True, variants={"aws.throttle-bucket": 2})
    assert list_models(sim.client("sagemaker"), 6)[-1] == "ThrottlingException"
    others = [{"access_key": "AKIA000011112222"}, {"region": "eu-west-1"}]
    assert [list_models(sim.client("sagemaker", **other), 1) for other in others] == [["ok"], ["ok"]]
    assert sim.client("sagemaker").list_endpoints()["Endpoints"] == []
    assert list_models(sim.client("sagemaker"), 1) == ["ThrottlingException"]


@pytest.mark.ledger("sim.unthrottled")
def test_invocations_take_no_tokens(refused: Any) -> None:
    sim = InProcessAws(throttling=True, variants={"aws.throttle-bucket": 2})
    runtime = sim.client("sagemaker-runtime")
    codes = {refused(runtime.invoke_endpoint, EndpointName="none", Body=b"")[0] for _ in range(30)}
    assert codes == {"ValidationError"}


def test_buckets_are_full_for_ever_unless_asked_for(sim: Any) -> None:
    assert list_models(sim.client("sagemaker"), 60) == ["ok"] * 60


@pytest.mark.ledger("sts.expired", "aws.query-codes")
def test_a_token_expires_on_order_and_says_so_in_each_protocol(calm_sim: Any, refused: Any) -> None:
    calm_sim.fault({"expired": True}, count=None)
    told = [
        refused(calm_sim.client("sagemaker").list_models),
        refused(calm_sim.client("cloudwatch").list_metrics),
        refused(calm_sim.client("sts").get_caller_identity),
        refused(calm_sim.client("sagemaker-runtime").invoke_endpoint, EndpointName="e", Body=b""),
    ]
    assert [code for code, _ in told] == [
        "ExpiredTokenException",
        "ExpiredToken",
        "ExpiredToken",
        "ExpiredTokenException",
    ]
    assert {text for _, text in told} == {"The security token included in the request is expired"}


def statuses(aws: Any, deployer: Any) -> list[str]:
    """The statuses that the endpoint goes through until it rests for good."""
    seen = [deployer.describe()["EndpointStatus"]]
    for _ in range(240):
        aws.advance(seconds=10)
        status = deployer.describe()["EndpointStatus"]
        if status != seen[-1]:
            seen.append(status)
    return seen


def update(deployer: Any) -> None:
    deployer.config("next")
    deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")


def reweigh(deployer: Any) -> None:
    wanted = [{"VariantName": "VariantA", "DesiredWeight": 10}]
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=wanted
    )


@pytest.mark.ledger("sm.uewc.rolling-back", "sm.uewc.rolling-back-seconds", "sm.failure.health-check")
@pytest.mark.parametrize("change", [update, reweigh])
def test_a_change_rolls_back_on_order_as_seen_from_outside(
    calm_sim: Any, in_service: Any, change: Any
) -> None:
    calm_sim.fault({"fail": {"status": "RollingBack"}}, match={"operation": "UpdateEndpoint*"})
    change(in_service)
    assert statuses(calm_sim, in_service) == ["Updating", "RollingBack", "InService"]
    found = in_service.describe()
    assert "health check" in found["FailureReason"]
    assert found["EndpointConfigName"] == "fifty-fifty"
    assert {variant["DesiredWeight"] for variant in found["ProductionVariants"]} == {50.0}


@pytest.mark.ledger("sm.endpoint.rollback-failed", "sm.failure.capacity")
@pytest.mark.parametrize("change", [update, reweigh])
def test_a_rollback_fails_on_order_and_an_update_is_the_remedy(
    calm_sim: Any, in_service: Any, change: Any
) -> None:
    failure = {"capacity": True, "status": "UpdateRollbackFailed"}
    calm_sim.fault({"fail": failure}, match={"operation": "UpdateEndpoint*", "resource": "reviews"})
    change(in_service)
    assert statuses(calm_sim, in_service) == ["Updating", "UpdateRollbackFailed"]
    assert "InsufficientInstanceCapacity" in in_service.describe()["FailureReason"]
    in_service.config("remedy")
    in_service.client.update_endpoint(EndpointName="reviews", EndpointConfigName="remedy")
    assert statuses(calm_sim, in_service) == ["Updating", "InService"]


@pytest.mark.ledger("sm.failure.capacity")
def test_machines_lack_on_order(calm_sim: Any, in_service: Any) -> None:
    calm_sim.fault({"fail": {"capacity": True}}, match={"operation": "CreateEndpoint"})
    in_service.endpoint("second")
    calm_sim.advance(minutes=60)
    found = in_service.describe("second")
    assert (found["EndpointStatus"], "InsufficientInstanceCapacity" in found["FailureReason"]) == (
        "Failed",
        True,
    )


@pytest.mark.ledger("sm.endpoint.system-updating")
def test_maintenance_begins_under_a_call_that_is_then_refused(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    maintenance = {"status": {"status": "SystemUpdating", "seconds": 120}}
    calm_sim.fault(maintenance, match={"operation": "UpdateEndpointWeights*", "nth": 2})
    reweigh(in_service)
    calm_sim.advance(minutes=10)
    assert "in-progress" in refused(reweigh, in_service)[1]
    assert statuses(calm_sim, in_service) == ["SystemUpdating", "InService"]
    reweigh(in_service)


def test_a_status_is_ordered_of_endpoints_that_are_there_only(calm_sim: Any, in_service: Any) -> None:
    calm_sim.fault({"status": {"status": "SystemUpdating"}}, count=None)
    assert len(in_service.client.list_endpoints()["Endpoints"]) == 1
    with pytest.raises(ClientError, match="Could not find"):
        in_service.describe("none")
    assert in_service.describe()["EndpointStatus"] == "SystemUpdating"


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


def test_a_rule_matches_by_region(calm_sim: Any, deployer: Any, refused: Any) -> None:
    calm_sim.fault({"throttle": True}, match={"region": "us-west-*"}, count=None)
    deployer.model("bert-a")
    elsewhere = calm_sim.client("sagemaker", region="us-west-2")
    assert refused(elsewhere.list_models)[0] == "ThrottlingException"


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
        {"effect": {"fail": {"reason": "x", "silent": True}}},
        {"effect": {"fail": {"status": "Failed"}}},
        {"effect": {"expired": "yes"}},
        {"effect": {"status": "SystemUpdating"}},
        {"effect": {"status": {"status": "Sleeping"}}},
        {"effect": {"status": {"status": "Failed", "seconds": -1}}},
        {"effect": {"date": {}}},
        {"effect": {"date": {"ahead": "long"}}},
        {"effect": {"date": {"ahead": 60, "absent": True}}},
        {"effect": {"date": {"absent": False}}},
        {"effect": {"date": {"text": "two\r\nlines"}}},
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
    sim.gateway.faults.chaos.lost_answers = False
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
