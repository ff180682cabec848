"""The simulated AWS as the story uses it: a process of its own, its clock, and clients that look into it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from sandbox.aws.control import Control
from sandbox.served import served_aws

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

REGION = "us-east-1"
# Key ids tell callers apart in the simulation's log of calls; secrets are not checked.
OPERATOR_KEY = "AKIASANDBOXOPERATOR"
PERSON_KEY = "AKIASANDBOXPERSON"
CHECKS_KEY = "AKIASANDBOXCHECKS"
_SECRET = "simulated"  # noqa: S105 - signatures are not checked


@dataclass(frozen=True, slots=True)
class SimulatedAws:
    url: str
    control: Control

    @classmethod
    @contextmanager
    def start(cls, *, seed: int, log: Path) -> Iterator[Self]:
        """Run it at the speed of real time. Raise SimulationFailed."""
        with served_aws("--speed", "1", "--seed", str(seed), log=log) as served:
            yield cls(url=served.url, control=Control(served.url))

    def environment(self, key: str) -> dict[str, str]:
        """Return what makes AWS's own libraries come here, as the holder of an access key."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
        }

    def sagemaker(self, key: str) -> "SageMakerClient":
        return self._session(key).client("sagemaker", endpoint_url=self.url, config=_ONCE)

    def cloudwatch(self) -> "CloudWatchClient":
        return self._session(CHECKS_KEY).client("cloudwatch", endpoint_url=self.url)

    def autoscaling(self) -> "ApplicationAutoScalingClient":
        return self._session(CHECKS_KEY).client("application-autoscaling", endpoint_url=self.url)

    def _session(self, key: str) -> boto3.Session:
        return boto3.Session(aws_access_key_id=key, aws_secret_access_key=_SECRET, region_name=REGION)

    def remembered(self) -> Mapping[str, Any]:
        """Return all that AWS holds in the story's account and region, as it truly is: no read is stale."""
        everything: Mapping[str, Any] = self.control.state()
        found: Mapping[str, Any] = everything.get(f"123456789012/{REGION}", {})
        return found


_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
"""A person who gets no answer looks before trying again."""
