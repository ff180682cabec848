"""docs/troubleshooting.md knows every reason, and its ways out of a deletion that waits are ways out."""

import os
import re
from pathlib import Path

import pytest
import yaml

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.planning.scaling_activities import ScalingReason
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text()


def test_every_reason_has_one_row_in_the_table():
    assert sorted(rows("## Reasons")) == sorted(Reason)


def test_every_scaling_reason_has_one_row_in_its_table():
    assert sorted(rows("## Why a variant does not scale")) == sorted(ScalingReason)


def rows(heading):
    """Return the first cell of each row of the section's table."""
    section = PAGE.split(f"{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.fixture
def sim():
    return InProcessAws(stale_reads=False, lost_answers=False)


@pytest.fixture
def waiting(sim):
    """An operator whose resource was deleted while its role allows nothing any more."""
    operator = InProcessOperator(sim)
    operator.cluster.apply(spec())
    operator.settle()
    sim.edit(policy={"principal": "AKIASANDBOX", "documents": [{"Version": "2012-10-17", "Statement": []}]})
    operator.cluster.delete()
    for _ in range(3):
        operator.step()
    return operator


def test_a_deletion_without_permission_waits_and_says_so(waiting):
    assert waiting.cluster.resource is not None
    assert "AccessDenied" in waiting.conditions["Ready"]


def test_retain_lets_go_of_a_deletion_that_waits(sim, waiting):
    before = sim.state()
    waiting.cluster.apply(spec() | {"deletionPolicy": "Retain"})
    waiting.step()
    assert waiting.cluster.resource is None
    assert sim.state() == before != {}


def test_fips_addresses_are_called_when_the_environment_asks(monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASANDBOX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    clients = AwsSession().clients("us-east-1")
    for client in (clients.sagemaker_writes, clients.autoscaling_writes, clients.cloudwatch, clients.sts):
        assert "fips" in client.meta.endpoint_url


@pytest.fixture
def proxy_values():
    """The values with which the page sets a proxy."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return yaml.safe_load(block)


def test_the_values_for_a_proxy_are_values_of_the_chart(render, proxy_values):
    (deployment,) = (each for each in render(**proxy_values) if each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["env"][-2:] == proxy_values["extraEnv"]
