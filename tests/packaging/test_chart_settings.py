"""The operator understands what the chart sets, and both have the same defaults."""

import os
from pathlib import Path

import pytest
import yaml

from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.settings import Settings

ROOT = Path(__file__).parents[2]
OPERATOR = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())["operator"]
OTHER = {
    "resyncSeconds": 61,
    "pollSeconds": 11,
    "retrySeconds": 6,
    "refusedRetrySeconds": 62,
    "metricsTickSeconds": 16,
    "scalingActivitiesSeconds": 601,
    "runMinutesSeconds": 61,
    "workers": 17,
    "clusterId": "production/eu",
}


@pytest.fixture
def keys_alone(monkeypatch):
    """Of all that the environment may set for AWS, only keys: without any, no client is made."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASANDBOX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")


def snake_case(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def environment(manifests):
    (deployment,) = (m for m in manifests if m["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


def settings_of(manifests):
    return Settings.from_environment(environment(manifests))


def test_the_chart_has_a_value_for_every_setting_and_the_same_default():
    assert {snake_case(name): value for name, value in OPERATOR.items()} == Settings().model_dump()


def test_the_defaults_arrive(default_objects, kustomized):
    assert settings_of(default_objects) == settings_of(kustomized) == Settings()


def test_every_value_arrives(render):
    assert OTHER.keys() == OPERATOR.keys()
    expected = {snake_case(name): value for name, value in OTHER.items()}
    assert settings_of(render(operator=OTHER)).model_dump() == expected


@pytest.mark.usefixtures("keys_alone")
def test_the_region_and_the_address_of_aws_arrive(render, monkeypatch):
    """boto3 does not read AWS_REGION: the operator must."""
    aws = {"region": "eu-central-1", "endpointUrl": "http://127.0.0.1:4566"}
    for name, value in environment(render(aws=aws)).items():
        monkeypatch.setenv(name, value)
    clients = AwsSession().clients()
    assert clients.region == "eu-central-1"
    for client in (clients.sagemaker, clients.sagemaker_writes, clients.autoscaling, clients.cloudwatch):
        assert client.meta.region_name == "eu-central-1"
        assert client.meta.endpoint_url == "http://127.0.0.1:4566"


@pytest.mark.usefixtures("keys_alone")
def test_a_pass_under_way_has_time_to_end(default_objects, kustomized):
    """What a write waits for its connection and its answer is less than what a pod is given to end."""
    write = AwsSession().clients("us-east-1").sagemaker_writes.meta.config
    for manifests in (default_objects, kustomized):
        (deployment,) = (m for m in manifests if m["kind"] == "Deployment")
        given = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert given > write.connect_timeout + write.read_timeout
