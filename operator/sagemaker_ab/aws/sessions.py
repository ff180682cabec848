"""One session, and one set of clients for each region; clients are thread-safe, sessions are not.

Credentials, endpoints and the default region come from boto3's own chain: IRSA, EKS Pod Identity,
environment, AWS_ENDPOINT_URL.
"""

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.failures import classified

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sts import STSClient

_CONNECTIONS = 32

_READS = Config(
    connect_timeout=5,
    read_timeout=10,
    max_pool_connections=_CONNECTIONS,
    retries={"mode": "adaptive", "total_max_attempts": 3},
    user_agent_extra="sagemaker-ab-operator",
)
"""Reads share clients, so that all passes together adapt to AWS's throttling."""

_WRITES = _READS.merge(Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1}))
"""A write goes out once: a second one would hide whether the first, whose answer was lost, took effect."""

_INVOCATIONS = _READS.merge(Config(read_timeout=70, retries={"mode": "standard", "total_max_attempts": 1}))
"""A model may take 60 seconds to answer, and an invocation is not the operator's to repeat."""


class NoRegion(RuntimeError):
    """Neither the resource nor the operator's environment names a region."""


@dataclass(frozen=True, slots=True)
class AwsClients:
    """Clients of one region; plain names read, `…_writes` write."""

    region: str
    clock: AwsClock
    sagemaker: "SageMakerClient"
    sagemaker_writes: "SageMakerClient"
    autoscaling: "ApplicationAutoScalingClient"
    autoscaling_writes: "ApplicationAutoScalingClient"
    cloudwatch: "CloudWatchClient"
    runtime: "SageMakerRuntimeClient"
    sts: "STSClient"

    @classmethod
    def for_region(cls, region: str | None = None) -> "AwsClients":
        """Make clients for one use, as a command does.

        Raises:
            NoRegion: no region is given and the environment names none.
        """
        return AwsSession().clients(region)


class AwsSession:
    """All clients of one identity, made once for each region.

    Every region has a clock of its own, since its answers alone tell its time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # boto3 itself knows only AWS_DEFAULT_REGION and profiles.
        self._default_region = os.environ.get("AWS_REGION") or boto3.Session().region_name
        self._clients: dict[str, AwsClients] = {}
        self._accounts: dict[str, str] = {}

    def clients(self, region: str | None = None) -> AwsClients:
        """Return the clients of a region, by default the environment's.

        Raises:
            NoRegion: no region is given and the environment names none.
        """
        name = region or self._default_region
        if name is None:
            raise NoRegion("no AWS region: set spec.region, or AWS_REGION for the operator")
        with self._lock:
            if name not in self._clients:
                self._clients[name] = _connect(name)
            return self._clients[name]

    @classified()
    def account(self, clients: AwsClients) -> str:
        """Return the account of our identity, asked for once. Raises AwsError."""
        if clients.region not in self._accounts:
            self._accounts[clients.region] = clients.sts.get_caller_identity()["Account"]
        return self._accounts[clients.region]


def _connect(region: str) -> AwsClients:
    session = boto3.Session(region_name=region)
    clock = AwsClock()
    clock.attach(session.events)
    return AwsClients(
        region=region,
        clock=clock,
        sagemaker=session.client("sagemaker", config=_READS),
        sagemaker_writes=session.client("sagemaker", config=_WRITES),
        autoscaling=session.client("application-autoscaling", config=_READS),
        autoscaling_writes=session.client("application-autoscaling", config=_WRITES),
        cloudwatch=session.client("cloudwatch", config=_READS),
        runtime=session.client("sagemaker-runtime", config=_INVOCATIONS),
        sts=session.client("sts", config=_READS),
    )
