"""Requests parked before or after their effect, while whoever sent them is killed or lives on."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectionClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
SCRIPT = f"""
import sys, boto3
client = boto3.client("sagemaker", region_name="us-east-1", endpoint_url=sys.argv[1],
                      aws_access_key_id="AKIASANDBOX", aws_secret_access_key="sandbox")
client.create_model(ModelName="m", PrimaryContainer={{"Image": "{IMAGE}"}}, ExecutionRoleArn="{ROLE}")
"""


def create_model(client: Any, name: str = "m") -> Any:
    return client.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)


def models(aws: Any) -> list[str]:
    return [name for sections in aws.control.state().values() for name in sections.get("models", {})]


class InThread:
    """A call in a thread of its own, and how it ended."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.answer: Any = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._call()
        except ConnectionClosedError as error:
            self.answer = error

    def ended(self) -> Any:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.answer


def test_a_request_held_before_has_no_effect_until_it_is_released(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    aws.control.hold({"operation": "CreateModel"}, when="before")
    call = InThread(lambda: create_model(aws.client("sagemaker")))
    (parked,) = aws.control.held()
    assert (parked["operation"], parked["resource"], parked["when"]) == ("CreateModel", "m", "before")
    assert models(aws) == []
    assert aws.control.release() == 1
    assert call.ended()["ModelArn"].endswith("model/m")
    assert models(aws) == ["m"]


def test_a_request_held_after_has_its_effect_and_no_answer_until_it_is_released(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    aws.control.hold({"operation": "CreateModel"}, when="after")
    call = InThread(lambda: create_model(aws.client("sagemaker")))
    (parked,) = aws.control.held()
    assert models(aws) == ["m"]
    aws.control.release(parked_id=parked["id"])
    assert call.ended()["ModelArn"]


@pytest.mark.parametrize(
    ("when", "left", "outcome"),
    [
        ("before", [], "dropped-before"),
        ("after", ["m"], "dropped-after-effect"),
    ],
)
def test_a_held_request_may_be_dropped(
    calm_served_sim: Any, when: str, left: list[str], outcome: str
) -> None:
    aws = calm_served_sim
    aws.control.hold({"operation": "CreateModel"}, when=when)
    call = InThread(lambda: create_model(aws.client("sagemaker")))
    assert aws.control.held()
    aws.control.release(drop=True)
    assert isinstance(call.ended(), ConnectionClosedError)
    assert models(aws) == left
    assert aws.control.calls()[-1]["outcome"] == outcome


@pytest.mark.parametrize(
    ("when", "left", "outcome"),
    [
        ("before", [], "dropped-before"),
        ("after", ["m"], "dropped-after-effect"),
    ],
)
def test_whoever_is_killed_while_its_request_is_held_before_has_done_nothing_and_after_has(
    calm_served_sim: Any, when: str, left: list[str], outcome: str
) -> None:
    aws = calm_served_sim
    aws.control.hold({"write": 1}, when=when)
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, aws.url])
    assert aws.control.held(timeout=60)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    aws.control.release()
    assert models(aws) == left
    assert aws.control.calls()[-1]["outcome"] == outcome


def test_while_one_request_is_held_others_are_served(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    client = aws.client("sagemaker")
    aws.control.hold({"resource": "held"}, when="before")
    call = InThread(lambda: create_model(client, "held"))
    assert aws.control.held()
    create_model(client, "other")
    assert models(aws) == ["other"]
    aws.control.release()
    call.ended()
    assert sorted(models(aws)) == ["held", "other"]


def test_the_nth_match_or_the_kth_write_since_the_log_was_cleared_is_held(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    client = aws.client("sagemaker")
    create_model(client, "first")
    aws.control.clear_calls()
    aws.control.hold({"write": 2}, when="before")
    client.list_models()
    create_model(client, "second")
    call = InThread(lambda: create_model(client, "third"))
    (parked,) = aws.control.held()
    assert (parked["resource"], parked["write_number"]) == ("third", 2)
    aws.control.release()
    call.ended()
    aws.control.hold({"operation": "DeleteModel", "nth": 2}, when="before")
    client.delete_model(ModelName="first")
    call = InThread(lambda: client.delete_model(ModelName="second"))
    (parked,) = aws.control.held()
    assert parked["resource"] == "second"
    aws.control.release()
    call.ended()


def test_an_order_to_hold_may_be_withdrawn_and_nothing_held_is_an_empty_answer(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    aws.control.hold({}, when="before")
    aws.control.forget_holds()
    create_model(aws.client("sagemaker"))
    assert aws.control.held(timeout=0.1) == []
    assert aws.control.release() == 0


def test_the_log_tells_when_a_held_request_took_effect(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    aws.control.hold({"resource": "held"}, when="before")
    call = InThread(lambda: create_model(aws.client("sagemaker"), "held"))
    aws.control.held()
    (pending,) = aws.control.calls()
    assert (pending["outcome"], pending["performed"], pending["position"]) == ("pending", None, 0)
    create_model(aws.client("sagemaker", access_key="AKIASOMEBODY"), "other")
    aws.control.advance(30)
    aws.control.release()
    call.ended()
    held, other = aws.control.calls()
    assert (held["resource"], held["access_key"], held["position"]) == ("held", "AKIASANDBOX", 2)
    assert (other["resource"], other["access_key"], other["position"]) == ("other", "AKIASOMEBODY", 1)
    assert held["performed"] == held["time"] + 30
