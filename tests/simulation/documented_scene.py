"""The endpoint on which tests run what the page on the simulated AWS shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

RESTING_MINUTES = 60
"""Longer than anything takes that a call sets going."""


def outcome(call: Callable[..., Any], **params: Any) -> str:
    """What becomes of a call: ok, dropped, or the code and text of its refusal."""
    try:
        call(**params)
    except ClientError as error:
        return "{Code}: {Message}".format(**error.response["Error"])
    except ConnectionClosedError:
        return "dropped"
    return "ok"


class Scene:
    """The endpoint "reviews" in service behind a socket, and what somebody may do with it."""

    def __init__(self, aws: Any, deployer: Any) -> None:
        self.aws, self.control, self._deployer = aws, aws.control, deployer
        self._made = 0

    def rest(self) -> None:
        self.control.advance(60 * RESTING_MINUTES)

    def create_model(self) -> str:
        """Make one more model; its name is in the state if it was made."""
        self._made += 1
        return outcome(self._deployer.model, name=f"model-{self._made}")

    def has_last_model(self) -> bool:
        (held,) = self.control.state().values()
        return f"model-{self._made}" in held["models"]

    def update(self) -> str:
        self._deployer.config("next")
        update = self._deployer.client.update_endpoint
        return outcome(update, EndpointName="reviews", EndpointConfigName="next")

    def describe(self) -> str:
        return outcome(self._deployer.client.describe_endpoint, EndpointName="reviews")

    def status(self) -> str:
        return str(self._deployer.describe()["EndpointStatus"])

    def date(self) -> str | None:
        """The Date header of an answer."""
        found: str | None = self._deployer.describe()["ResponseMetadata"]["HTTPHeaders"].get("date")
        return found

    def reason(self) -> str:
        return str(self._deployer.describe().get("FailureReason", ""))

    def variant(self) -> dict[str, Any]:
        found: dict[str, Any] = self._deployer.variants()["VariantA"]
        return found

    def grow(self, endpoint: str) -> str:
        self._deployer.endpoint(endpoint)
        return "ok"

    def invoke(self) -> str:
        runtime = self.aws.client("sagemaker-runtime")
        asked = {"ContentType": "application/jsonlines", "Body": b'{"features": ["good"]}'}
        return outcome(runtime.invoke_endpoint, EndpointName="reviews", **asked)

    def opinion(self) -> str:
        """What the endpoint makes of a text, and how sure it is."""
        runtime = self.aws.client("sagemaker-runtime")
        asked = {"ContentType": "application/jsonlines", "Body": b'{"features": ["good"]}'}
        return str(runtime.invoke_endpoint(EndpointName="reviews", **asked)["Body"].read())

    def launched(self) -> str:
        """What becomes of one more endpoint."""
        self._made += 1
        name = f"endpoint-{self._made}"
        self._deployer.endpoint(name)
        self.rest()
        return str(self._deployer.describe(name)["EndpointStatus"])

    def digest(self) -> str:
        """What the image's tag stands for when an endpoint is made now."""
        self._made += 1
        name = f"endpoint-{self._made}"
        self._deployer.endpoint(name)
        self.rest()
        found = self._deployer.describe(name)["ProductionVariants"][0]["DeployedImages"][0]
        return str(found["ResolvedImage"])

    def invocations(self) -> float:
        """How many there were in the last hours, and in the one that passes now."""
        self.rest()
        now = self.control.now()
        found = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": "reviews"},
                {"Name": "VariantName", "Value": "VariantA"},
            ],
            StartTime=now - 3000,
            EndTime=now - 600,
            Period=60,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    def has_recent_metrics(self) -> bool:
        """Whether minutes of the last ten can be read."""
        self.rest()
        now = self.control.now()
        found = self.aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": "reviews"},
                {"Name": "VariantName", "Value": "VariantA"},
            ],
            StartTime=now - 600,
            EndTime=now,
            Period=60,
            Statistics=["Sum"],
        )
        return bool(found["Datapoints"])

    def metric_status(self) -> str:
        """The status of the invocations in an answer of GetMetricData."""
        now = self.control.now()
        named = {"EndpointName": "reviews", "VariantName": "VariantA"}
        metric = {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocations",
            "Dimensions": [{"Name": name, "Value": value} for name, value in named.items()],
        }
        query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        found = self.aws.client("cloudwatch").get_metric_data(
            StartTime=now - 600, EndTime=now, MetricDataQueries=[query]
        )
        return str(found["MetricDataResults"][0]["StatusCode"])

    def models(self) -> set[str]:
        (held,) = self.control.state().values()
        return set(held["models"])

    def endpoint_fits(self) -> str:
        """Whether one more endpoint of two instances is accepted."""
        self._made += 1
        create = self._deployer.client.create_endpoint
        name = f"endpoint-{self._made}"
        return outcome(create, EndpointName=name, EndpointConfigName="fifty-fifty").partition(":")[0]
