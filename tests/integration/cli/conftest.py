"""The plugin as users run it: real kubectl, a real API server, and AWS simulated in another process."""

import copy
import json
import os
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest

from sandbox.aws.control import Control
from sandbox.cluster.cluster import Cluster
from sandbox.served import served_aws

CRD = Path(__file__).parents[3] / "crds" / "sagemaker-ab.dev_sagemakerabendpoints.yaml"
SCRIPTS = Path(sysconfig.get_path("scripts"))
NAMESPACE = "cli"
ENDPOINT = "reviews-prod"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"

RESOURCE = {
    "apiVersion": "sagemaker-ab.dev/v1alpha1",
    "kind": "SageMakerABEndpoint",
    "metadata": {"name": "reviews", "namespace": NAMESPACE},
    "spec": {
        "endpointName": ENDPOINT,
        "region": "us-east-1",
        "executionRoleArn": ROLE,
        "models": [
            {"name": f"bert-{letter}", "existingModelName": f"bert-{letter}"} for letter in ("a", "b")
        ],
        "variants": [
            {
                "name": f"Variant{letter.upper()}",
                "model": f"bert-{letter}",
                "instanceType": "ml.m5.large",
                "instanceCount": 1,
                "weight": 50,
            }
            for letter in ("a", "b")
        ],
    },
}


class Plugin(Protocol):
    def __call__(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002  # subprocess.run's word for it
        **env: str,
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def plugin_env(control_plane: Cluster) -> dict[str, str]:
    """An environment in which kubectl finds the cluster and the plugin, and nobody's AWS account."""
    plugin = SCRIPTS / "kubectl-sagemaker_ab"
    assert plugin.exists(), f"{plugin} is missing: install the project into this environment"
    env = {name: value for name, value in control_plane.env.items() if not name.startswith("AWS_")}
    return env | {
        "PATH": f"{SCRIPTS}{os.pathsep}{env['PATH']}",
        "COLUMNS": "120",
        "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.fixture(scope="session")
def plugin_command(control_plane: Cluster) -> list[str]:
    return [str(control_plane.binaries.kubectl), "sagemaker-ab"]


@pytest.fixture
def plugin(plugin_command: list[str], plugin_env: dict[str, str]) -> Plugin:
    """`kubectl sagemaker-ab ...` to its end, with additions to its environment."""

    def run(
        *arguments: str,
        input: str | None = None,  # noqa: A002  # subprocess.run's word for it
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*plugin_command, *arguments],
            env=plugin_env | env,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def cli_namespace(control_plane: Cluster) -> Iterator[str]:
    """A namespace of a cluster that knows the resource's type."""
    control_plane.define(CRD)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(namespace), check=True)
    yield NAMESPACE
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=True)


@pytest.fixture
def reviews(control_plane: Cluster, cli_namespace: str) -> Iterator[dict[str, Any]]:
    """The resource `reviews`, fresh, without a status."""
    control_plane.kubectl("apply", "-f", "-", input=json.dumps(RESOURCE), check=True)
    yield copy.deepcopy(RESOURCE)
    control_plane.kubectl("delete", "smab", "reviews", "-n", cli_namespace, "--ignore-not-found", check=True)


@pytest.fixture
def set_status(control_plane: Cluster, cli_namespace: str) -> Callable[[dict[str, Any]], None]:
    """Write a status as an operator would."""

    def write(status: dict[str, Any]) -> None:
        body = json.dumps({"status": status})
        where = ("smab", "reviews", "-n", cli_namespace, "--subresource=status")
        control_plane.kubectl("patch", *where, "--type=merge", "-p", body, check=True)

    return write


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a simulated AWS listens; its clock runs as fast as ours.

    No answer is lost, for the endpoint below is made by plain boto3, which does not look again.
    """
    log = tmp_path_factory.mktemp("aws") / "aws.log"
    with served_aws("--seed", "3", "--lost-answers", "off", log=log) as served:
        yield served.url


@pytest.fixture(scope="session")
def aws_control(aws_url: str) -> Control:
    return Control(aws_url)


@pytest.fixture(scope="session")
def endpoint(aws_url: str, aws_control: Control, eventually: Callable[..., Any]) -> str:
    """An endpoint in service with two variants of equal weight; returns its name."""
    sagemaker = boto3.client(
        "sagemaker",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id="AKIASANDBOX",
        aws_secret_access_key="sandbox",
    )
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
    for letter in ("a", "b"):
        container = {"Image": image, "ModelDataUrl": f"s3://models/variant_{letter}/model.tar.gz"}
        sagemaker.create_model(ModelName=f"bert-{letter}", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variants = [
        {
            "VariantName": variant["name"],
            "ModelName": variant["model"],
            "InstanceType": variant["instanceType"],
            "InitialInstanceCount": variant["instanceCount"],
            "InitialVariantWeight": variant["weight"],
        }
        for variant in RESOURCE["spec"]["variants"]
    ]
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=variants)
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)

    def status() -> str:
        aws_control.advance(60)
        return sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]

    eventually(status, lambda seen: seen == "InService")
    return ENDPOINT
