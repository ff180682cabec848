"""The log that tells who sent each request, and what became of it when."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


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


def test_the_log_tells_who_called_and_what_became_of_it(calm_sim: Any, deployer: Any, refused: Any) -> None:
    calm_sim.fault({"drop": "after"}, match={"operation": "CreateModel"})
    with pytest.raises(ConnectionClosedError):
        deployer.model()
    calm_sim.advance(seconds=5)
    by_hand = calm_sim.client("sagemaker", access_key="AKIASOMEBODY")
    refused(by_hand.delete_model, ModelName="none")
    by_hand.delete_model(ModelName="bert-a")
    lost, denied, effective = calm_sim.calls()
    now = calm_sim.engine.clock.now()
    assert [call["access_key"] for call in (lost, denied, effective)] == [
        "AKIASANDBOX",
        *["AKIASOMEBODY"] * 2,
    ]
    assert (lost["outcome"], lost["performed"]) == ("dropped-after-effect", now - 5)
    assert (denied["outcome"], denied["code"], denied["performed"]) == ("refused", "ValidationException", now)
    assert denied["message"].startswith("Could not find model")
    assert (effective["outcome"], effective["params"]) == ("effect", {"ModelName": "bert-a"})
    assert [call["position"] for call in (lost, denied, effective)] == [1, 2, 3]
    assert calm_sim.calls(since=2) == [effective]


def test_the_log_tells_as_of_when_a_read_was_answered(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"stale": 4}, match={"operation": "ListModels"})
    deployer.client.list_models()
    deployer.client.list_models()
    now = calm_sim.engine.clock.now()
    assert [call["as_of"] for call in calm_sim.calls()] == [now - 4, now]


def test_a_request_that_never_arrived_was_never_performed(calm_sim: Any, deployer: Any) -> None:
    calm_sim.fault({"drop": "before"})
    with pytest.raises(ConnectionClosedError):
        deployer.model()
    (call,) = calm_sim.calls()
    assert (call["outcome"], call["performed"], call["position"]) == ("dropped-before", None, 0)


def test_the_log_holds_the_parameters_of_large_writes_and_not_of_large_invocations(
    calm_sim: Any, in_service: Any
) -> None:
    environment = {f"NAME_{number}": "x" * 1000 for number in range(16)}
    container = {"Image": IMAGE, "Environment": environment}
    in_service.client.create_model(ModelName="large", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    runtime = calm_sim.client("sagemaker-runtime")
    with contextlib.suppress(ClientError):
        runtime.invoke_endpoint(EndpointName="reviews", Body=b"x" * 16_000)
    write, invocation = calm_sim.calls()[-2:]
    assert write["params"]["PrimaryContainer"]["Environment"] == environment
    assert (invocation["operation"], invocation["params"]) == ("InvokeEndpoint", {})
