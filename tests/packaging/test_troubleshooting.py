"""docs/troubleshooting.md knows every reason, and its ways out of a deletion that waits are ways out."""

import os
import re
from pathlib import Path

import kubernetes.client
import pytest
import urllib3
import yaml
from botocore.utils import get_environ_proxies
from kubernetes.config.incluster_config import InClusterConfigLoader

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.sessions import AwsSession
from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text()


def test_every_reason_has_one_row_in_the_table():
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(Reason)


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


@pytest.fixture
def pod(monkeypatch, tmp_path):
    """`pod(env)`: set variables as the kubelet does, and connect as a client in the pod."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    service = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    token, authority = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("token")
    authority.write_text("-----BEGIN CERTIFICATE-----")

    def connect(env):
        for entry in env:
            expanded = re.sub(r"\$\((\w+)\)", lambda found: service[found[1]], entry["value"])
            monkeypatch.setenv(entry["name"], expanded)
        settings = kubernetes.client.Configuration()
        InClusterConfigLoader(str(token), str(authority), environ=service).load_and_set(settings)
        settings.ssl_ca_cert = None
        return kubernetes.client.ApiClient(settings).rest_client.pool_manager

    return connect


def test_the_values_for_a_proxy_are_values_of_the_chart(render, proxy_values):
    (deployment,) = (each for each in render(**proxy_values) if each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["env"][-2:] == proxy_values["extraEnv"]


def test_with_these_values_calls_to_aws_use_the_proxy_and_calls_to_the_api_server_do_not(pod, proxy_values):
    assert not isinstance(pod(proxy_values["extraEnv"]), urllib3.ProxyManager)
    used = get_environ_proxies("https://api.sagemaker.us-east-1.amazonaws.com")
    assert used["https"] == proxy_values["extraEnv"][0]["value"]


def test_without_no_proxy_the_client_would_use_the_proxy_for_the_api_server(pod, proxy_values):
    alone = [entry for entry in proxy_values["extraEnv"] if entry["name"] != "NO_PROXY"]
    assert isinstance(pod(alone), urllib3.ProxyManager)
