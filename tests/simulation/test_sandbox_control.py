"""The control over HTTP, and `python -m sandbox.aws` as a process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from sandbox.aws.control import Control, ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator
from pathlib import Path

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


def test_the_clock_is_read_moved_and_set_going(calm_served_sim: Any) -> None:
    control = calm_served_sim.control
    before = control.now()
    assert control.advance(90) == before + 90
    control.set_speed(1_000_000)
    deadline = time.monotonic() + 10
    while control.now() < before + 3600:
        assert time.monotonic() < deadline
    control.set_speed(0)
    assert control.now() == control.now()


def test_time_runs_on_while_nobody_asks(calm_served_sim: Any) -> None:
    """An endpoint's way into service needs no request to go on."""
    aws = calm_served_sim
    client = aws.client("sagemaker")
    client.create_model(ModelName="m", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    aws.control.set_speed(600)
    deadline = time.monotonic() + 10
    while aws.control.state()["123456789012/us-east-1"]["endpoints"]["e"]["status"] != "InService":
        assert time.monotonic() < deadline


def test_the_state_is_stable_json_without_times(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    for name in ("b", "a"):
        aws.client("sagemaker").create_model(
            ModelName=name,
            PrimaryContainer={"Image": IMAGE},
            ExecutionRoleArn=ROLE,
            Tags=[{"Key": "k", "Value": name}],
        )
    with urllib.request.urlopen(aws.url + "/_sandbox/state") as answer:  # noqa: S310  our own URL
        text = answer.read().decode()
    assert json.dumps(json.loads(text), sort_keys=True) == text
    assert "1767" not in text
    (sections,) = json.loads(text).values()
    assert list(sections["models"]) == ["a", "b"]
    assert sections["tags"]["arn:aws:sagemaker:us-east-1:123456789012:model/a"] == {"k": "a"}


def test_faults_chaos_and_ledger_are_reached_over_http(calm_served_sim: Any) -> None:
    control, client = calm_served_sim.control, calm_served_sim.client("sagemaker")
    rule = control.add_fault({"throttle": True}, match={"operation": "ListModels"}, count=None)
    with pytest.raises(client.exceptions.ClientError, match="Rate exceeded"):
        client.list_models()
    assert [(one["id"], one["seen"], one["fired"]) for one in control.faults()] == [(rule, 1, 1)]
    control.remove_fault(rule)
    assert control.faults() == []
    assert client.list_models()["Models"] == []
    assert control.counts() == {"ListModels": 2}
    control.set_chaos(stale=True, throttling=True)
    assert control.chaos() == {"stale": True, "lost_answers": False, "throttling": True}
    assert control.ledger()["seed"] == 0
    assert "sm.uewc.two-counts" in control.ledger()["choices"]


def test_latency_on_order_is_waited_for(calm_served_sim: Any) -> None:
    calm_served_sim.control.add_fault({"latency": 0.3})
    client = calm_served_sim.client("sagemaker")
    began = time.monotonic()
    client.list_models()
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda control: control.add_fault({"nonsense": 1}),
        lambda control: control.hold({"operation": "X"}, when="later"),
        lambda control: control.edit(nonsense={}),
        lambda control: control.edit(weights={"endpoint": "none", "variants": {}}),
        lambda control: control.edit(missing={"moon": "x"}),
        lambda control: control.remove_fault("f99"),
        lambda control: control.set_speed("fast"),
        lambda control: control.set_chaos(throttling="on"),
        lambda control: control.edit(policy={"principal": "AKIASANDBOX", "documents": [{}]}),
    ],
)
def test_what_the_control_does_not_understand_it_refuses(calm_served_sim: Any, wrong: Any) -> None:
    with pytest.raises(ControlError):
        wrong(calm_served_sim.control)
    assert calm_served_sim.control.state() == {}


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """`python -m sandbox.aws` on a port of its own, at sixty times the speed of real time."""
    command = [sys.executable, "-m", "sandbox.aws", "--port", "0", "--speed", "60", "--seed", "3"]
    command += ["--start", "2026-03-01T12:00:00Z", "--stale", "off", "--lost-answers", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def test_the_process_says_where_it_listens_and_ends_on_sigterm(process: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    line = process.stdout.readline()
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", line)
    control = Control(line.split()[-1])
    assert control.ledger()["seed"] == 3
    assert 0 <= control.now() - 1772366400 < 60 * (time.monotonic() - began + 5)
    with socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2]))) as idle:
        process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""
    assert process.wait(10) == 0
    assert process.stderr.read() == ""


def test_a_client_needs_nothing_but_the_address_in_its_environment(
    process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", process.stdout.readline().split()[-1])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA000011112222")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"] == "000011112222"


def test_the_process_dies_with_its_parent_if_asked_to() -> None:
    parent = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'sandbox.aws', '--port', '0', '--die-with-parent'],"
        " stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline().split()[-1], flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as started:
        pid, url = started.stdout.readline().split()
        assert Control(url).now()
        started.kill()
    deadline = time.monotonic() + 10
    while _lives(int(pid)):
        assert time.monotonic() < deadline


def _lives(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to take note of its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
