"""A resource in the middle of a weight shift, and the clients that commands get in unit tests."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result
from rich.console import Console, Group, RenderableType

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.main import commands
from sagemaker_ab.kube.client import Conflict, NotFound
from tests.unit.cli.recorded_cluster import Cluster

NOW = datetime(2026, 11, 25, 15, 51, 52, tzinfo=UTC)
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference@sha256:" + "ab12cd34" * 8


def _condition(kind: str, status: str, reason: str, at: str, message: str = "") -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": f"2026-11-25T{at}Z",
    }


_SHIFTING = {
    "apiVersion": "sagemaker-ab.dev/v1alpha1",
    "kind": "SageMakerABEndpoint",
    "metadata": {
        "name": "reviews",
        "namespace": "ml",
        "generation": 3,
        "creationTimestamp": "2026-11-25T15:40:00Z",
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {
        "endpointName": "reviews-prod",
        "region": "us-east-1",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "models": [
            {"name": "bert-a", "existingModelName": "bert-a"},
            {"name": "bert-b", "existingModelName": "bert-b"},
        ],
        "variants": [
            {
                "name": "VariantA",
                "model": "bert-a",
                "instanceType": "ml.m5.large",
                "instanceCount": 1,
                "weight": 0,
            },
            {
                "name": "VariantB",
                "model": "bert-b",
                "instanceType": "ml.m5.large",
                "instanceCount": 2,
                "weight": 100,
            },
        ],
    },
    "status": {
        "observedGeneration": 3,
        "summary": "VariantA=50% VariantB=50%",
        "account": "123456789012",
        "region": "us-east-1",
        "endpoint": {
            "arn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews-prod",
            "status": "Updating",
            "configName": "reviews-prod-8c1f2ab3",
            "since": "2026-11-25T15:51:08Z",
        },
        "variants": [
            {
                "name": "VariantA",
                "modelName": "bert-a",
                "imageDigest": IMAGE,
                "desiredWeight": "0",
                "currentWeight": "50",
                "instances": {"current": 1, "desired": 1},
            },
            {
                "name": "VariantB",
                "modelName": "bert-b",
                "imageDigest": IMAGE,
                "desiredWeight": "100",
                "currentWeight": "50",
                "instances": {"current": 1, "desired": 2, "min": 1, "max": 2},
            },
        ],
        "metrics": {
            "windowStart": "2026-11-25T15:45:00Z",
            "windowEnd": "2026-11-25T15:50:00Z",
            "periodSeconds": 300,
            "variants": [
                {
                    "name": "VariantA",
                    "invocations": 171,
                    "invocationsPerInstance": "171",
                    "invocation4XXErrors": 1,
                    "invocation5XXErrors": 2,
                    "invocationModelErrors": 3,
                    "modelLatencyMicros": {"average": 24011, "p50": 22104, "p90": 31020, "p99": 48212},
                    "overheadLatencyMicros": {"average": 3120},
                    "cpuUtilizationPercent": "38.2",
                    "memoryUtilizationPercent": "21.0",
                    "diskUtilizationPercent": "12.5",
                },
                {
                    "name": "VariantB",
                    "invocations": 166,
                    "invocationsPerInstance": "83",
                    "modelLatencyMicros": {"average": 37011, "p50": 35104, "p90": 51020, "p99": 118212},
                    "cpuUtilizationPercent": "52.0",
                },
            ],
        },
        "traffic": {"strategy": "Manual"},
        "conditions": [
            _condition("Ready", "False", "Updating", "15:51:08", "the weights are on their way"),
            _condition("Reconciling", "True", "Updating", "15:51:08"),
            _condition("EndpointInService", "True", "InService", "15:44:50"),
            _condition("MetricsAvailable", "False", "NoData", "15:49:10"),
        ],
    },
}


@pytest.fixture
def shifting() -> dict[str, Any]:
    """The resource as the API server returns it, at NOW on its way from 50/50 to 0/100; a copy of its own."""
    return copy.deepcopy(_SHIFTING)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def text() -> Callable[..., str]:
    """The text that a renderable gives at a width, without blanks at the ends of lines."""

    def rendered(drawn: RenderableType, *, width: int = 100) -> str:
        console = Console(width=width, color_system=None)
        with console.capture() as captured:
            console.print(Group(drawn))
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    return rendered


class FakeKubernetes:
    """Answers from a list that tests may change while a command runs."""

    default_namespace = "ml"

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.refuses: Exception | None = None
        self.patches: list[dict[str, str | None]] = []
        """The annotations of each patch that was accepted."""

    def get(self, namespace: str, name: str) -> Mapping[str, Any]:
        for each in self.list(namespace):
            if each["metadata"]["name"] == name:
                return each
        raise NotFound(f'404 Not Found: sagemakerabendpoints.sagemaker-ab.dev "{name}" not found')

    def list(self, namespace: str | None) -> Sequence[Mapping[str, Any]]:
        if self.refuses:
            raise self.refuses
        return [each for each in self.objects if namespace in (None, each["metadata"]["namespace"])]

    def annotate(
        self, resource: Mapping[str, Any], annotations: Mapping[str, str], *, field_manager: str
    ) -> Mapping[str, Any]:
        assert field_manager == "kubectl-sagemaker-ab"
        [stored] = [each for each in self.objects if each["metadata"]["name"] == resource["metadata"]["name"]]
        metadata = stored["metadata"]
        if metadata.get("resourceVersion") != resource["metadata"].get("resourceVersion"):
            raise Conflict("409 Conflict: the object has been modified")
        metadata["annotations"] = {**metadata.get("annotations", {}), **annotations}
        metadata["resourceVersion"] = str(int(metadata.get("resourceVersion", "0")) + 1)
        self.patches.append(dict(annotations))
        return stored


@pytest.fixture
def kubernetes(shifting: dict[str, Any]) -> FakeKubernetes:
    """A namespace `ml` that holds the resource `reviews`."""
    fake = FakeKubernetes()
    fake.objects.append(shifting)
    return fake


@pytest.fixture(scope="session")
def aws_clients() -> AwsClients:
    """Real clients, made once because it takes a while; `aws` stubs them."""
    session = boto3.Session(
        aws_access_key_id="AKIAUNITTEST", aws_secret_access_key="unit", region_name="us-east-1"
    )
    return AwsClients(
        region="us-east-1",
        clock=AwsClock(),
        sagemaker=session.client("sagemaker"),
        sagemaker_writes=session.client("sagemaker"),
        autoscaling=session.client("application-autoscaling"),
        autoscaling_writes=session.client("application-autoscaling"),
        cloudwatch=session.client("cloudwatch"),
        cloudwatch_writes=session.client("cloudwatch"),
        runtime=session.client("sagemaker-runtime"),
        sts=session.client("sts"),
    )


class StubbedAws:
    """Clients whose answers are stubbed and checked against botocore's models; nothing leaves the process."""

    def __init__(self, clients: AwsClients) -> None:
        self.clients = clients
        self.sagemaker = Stubber(clients.sagemaker)
        self.cloudwatch = Stubber(clients.cloudwatch)
        self.runtime = Stubber(clients.runtime)
        self.asked_regions: list[str | None] = []

    def for_region(self, region: str | None) -> AwsClients:
        self.asked_regions.append(region)
        return self.clients


@pytest.fixture
def aws(aws_clients: AwsClients) -> Iterator[StubbedAws]:
    stubbed = StubbedAws(aws_clients)
    with stubbed.sagemaker, stubbed.cloudwatch, stubbed.runtime:
        yield stubbed


class FakeTime:
    """A clock that only sleeps move; `on_sleep` lets the world change meanwhile."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_sleep()


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def clients(kubernetes: FakeKubernetes, aws: StubbedAws, fake_time: FakeTime) -> Clients:
    return Clients(
        kubernetes=lambda _kubeconfig, _context: kubernetes,
        aws=aws.for_region,
        now=lambda: NOW,
        aws_now=lambda: NOW,
        monotonic=fake_time.monotonic,
        sleep=fake_time.sleep,
    )


@pytest.fixture
def cluster(kubernetes: FakeKubernetes) -> Cluster:
    """The API server, for a resource in a recorded state."""
    return Cluster(kubernetes)


@pytest.fixture
def run(clients: Clients) -> Callable[..., Result]:
    """Run a command of the command line in the namespace `ml`."""

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(commands, [*arguments, "-n", "ml"], obj=clients)

    return invoke
