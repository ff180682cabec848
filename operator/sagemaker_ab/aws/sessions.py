"""One boto3 session, and one set of clients for each region.

boto3's own chain supplies credentials, endpoints and the default region: IRSA, EKS Pod Identity, environment,
profiles, AWS_ENDPOINT_URL. Clients are thread-safe; sessions are not.
"""

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import CredentialRetrievalError, NoCredentialsError

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.singleflight import SingleFlight

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
"""All reconciles share the clients for reads, so that they adapt to AWS's throttling together."""

_WRITES = _READS.merge(Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1}))
"""A write is sent once: after a retry nobody knows whether the lost first attempt took effect."""

_INVOCATIONS = _READS.merge(Config(read_timeout=70, retries={"mode": "standard", "total_max_attempts": 1}))
"""A model may take 60 seconds to respond. An invocation is sent once: it may have side effects."""


class NoRegion(RuntimeError):
    """Neither the resource nor the environment names a region."""


@dataclass(frozen=True, slots=True)
class AwsClients:
    """Clients of one region. Those named `…_writes` send writes, the others send reads."""

    region: str
    clock: AwsClock
    sagemaker: "SageMakerClient"
    sagemaker_writes: "SageMakerClient"
    autoscaling: "ApplicationAutoScalingClient"
    autoscaling_writes: "ApplicationAutoScalingClient"
    cloudwatch: "CloudWatchClient"
    cloudwatch_writes: "CloudWatchClient"
    runtime: "SageMakerRuntimeClient"
    sts: "STSClient"

    @classmethod
    @classified()
    def for_region(cls, region: str | None = None) -> "AwsClients":
        """Make the clients for one command.

        Raises:
            NoRegion: `region` is None and the environment names no region.
            AwsError: there are no credentials, or the profile does not exist.
        """
        return AwsSession().clients(region)


class AwsSession:
    """All clients of one AWS identity, made once for each region.

    Each region has its own clock. All regions share one boto3 session, because a session holds 20 MiB of
    service models.
    """

    def __init__(self) -> None:
        self._session = boto3.Session()
        # boto3 reads AWS_DEFAULT_REGION and profiles, but not AWS_REGION.
        self._default_region = os.environ.get("AWS_REGION") or self._session.region_name
        self._clients: dict[str, AwsClients] = {}
        self._accounts: dict[str, str] = {}
        self._credentials: SingleFlight[object | None] = SingleFlight()
        self._making = threading.Lock()

    @classified()
    def clients(self, region: str | None = None) -> AwsClients:
        """Return the clients of `region`, by default of the environment's region.

        Raises:
            NoRegion: `region` is None and the environment names no region.
            AwsError: there are no credentials, or their provider failed.
        """
        name = region or self._default_region
        if name is None:
            raise NoRegion("no AWS region: set spec.region, or AWS_REGION for the operator")
        known = self._clients.get(name)
        return known or self._connected(name)

    @classified()
    def account(self, clients: AwsClients) -> str:
        """Return the account of the identity in use, read once for each region. Raises AwsError."""
        if clients.region not in self._accounts:
            self._accounts[clients.region] = clients.sts.get_caller_identity()["Account"]
        return self._accounts[clients.region]

    def _connected(self, region: str) -> AwsClients:
        """Make the clients of a region, after fetching credentials.

        A client that is made without credentials never gets any. Fetching them may use the network and take
        long, so no lock is held meanwhile. Making clients only reads files, but is not thread-safe.
        """
        if self._credentials.run(self._fetched) is None:
            raise NoCredentialsError
        with self._making:
            if region not in self._clients:
                self._clients[region] = _connect(self._session, region)
            return self._clients[region]

    def _fetched(self) -> object | None:
        try:
            return self._session.get_credentials()
        except (OSError, ValueError) as error:  # a missing token file, an invalid address
            raise CredentialRetrievalError(provider="environment", error_msg=error) from error


def _connect(session: boto3.Session, region: str) -> AwsClients:
    clients = AwsClients(
        region=region,
        clock=AwsClock(),
        sagemaker=session.client("sagemaker", region, config=_READS),
        sagemaker_writes=session.client("sagemaker", region, config=_WRITES),
        autoscaling=session.client("application-autoscaling", region, config=_READS),
        autoscaling_writes=session.client("application-autoscaling", region, config=_WRITES),
        cloudwatch=session.client("cloudwatch", region, config=_READS),
        cloudwatch_writes=session.client("cloudwatch", region, config=_WRITES),
        runtime=session.client("sagemaker-runtime", region, config=_INVOCATIONS),
        sts=session.client("sts", region, config=_READS),
    )
    for client in (
        *(clients.sagemaker, clients.sagemaker_writes, clients.autoscaling, clients.autoscaling_writes),
        *(clients.cloudwatch, clients.cloudwatch_writes, clients.runtime, clients.sts),
    ):
        clients.clock.attach(client.meta.events)
    return clients
