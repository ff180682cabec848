"""Whatever is called in whatever order, an endpoint goes only where AWS's state machine lets it go."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sandbox.aws.inprocess import InProcessAws

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
GONE = "gone"

LEGAL = {
    (GONE, "Creating"),
    ("Creating", "InService"),
    ("Creating", "Failed"),
    ("InService", "Updating"),
    ("InService", "Deleting"),
    ("Updating", "InService"),
    ("Updating", "RollingBack"),
    ("RollingBack", "InService"),
    ("InService", "SystemUpdating"),
    ("SystemUpdating", "InService"),
    ("Failed", "Deleting"),
    ("Deleting", GONE),
}
"""From the meaning of EndpointStatus in the API reference of DescribeEndpoint."""

ACCEPTED_IN = {
    "create_endpoint": {GONE},
    "update_endpoint": {"InService"},
    "update_endpoint_weights_and_capacities": {"InService"},
    "delete_endpoint": {"InService", "Failed", "Deleting"},
}


class EndpointLife(RuleBasedStateMachine):
    """Calls, failures, maintenance, quotas; time moves from event to event, so that no status is missed."""

    @initialize(seed=st.integers(0, 1000))
    def start(self, seed: int) -> None:
        self.aws = InProcessAws(seed=seed, stale_reads=False, lost_answers=False)
        self.client = self.aws.client("sagemaker")
        self.client.create_model(ModelName="m", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
        for config, weight in (("one", 50), ("two", 10)):
            variants = [
                {
                    "VariantName": name,
                    "ModelName": "m",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                    "InitialVariantWeight": weight,
                }
                for name in ("a", "b")
            ]
            self.client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
        self.status = GONE

    def describe(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.client.describe_endpoint(EndpointName="e")
        except ClientError:
            return {"EndpointStatus": GONE}
        return found

    def observe(self) -> None:
        status = self.describe()["EndpointStatus"]
        if status != self.status:
            assert (self.status, status) in LEGAL
            self.status = status

    def call(self, operation: str, **params: Any) -> None:
        before = self.status
        try:
            getattr(self.client, operation)(EndpointName="e", **params)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        else:
            code = "ok"
        refused = code in {"ValidationException", "ResourceLimitExceeded"}
        assert refused or (code == "ok" and before in ACCEPTED_IN[operation])
        self.observe()

    @rule(config=st.sampled_from(["one", "two"]))
    def create(self, config: str) -> None:
        self.call("create_endpoint", EndpointConfigName=config)

    @rule(config=st.sampled_from(["one", "two"]), retain=st.booleans())
    def update(self, config: str, retain: bool) -> None:
        self.call("update_endpoint", EndpointConfigName=config, RetainAllVariantProperties=retain)

    @rule(config=st.sampled_from(["one", "two"]), kind=st.sampled_from(["ALL_AT_ONCE", "CANARY", "LINEAR"]))
    def update_behind_guardrails(self, config: str, kind: str) -> None:
        routing = {
            "Type": kind,
            "WaitIntervalInSeconds": 300,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 34},
        }
        policy = {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": 120,
            "MaximumExecutionTimeoutInSeconds": 900,
        }
        self.call(
            "update_endpoint",
            EndpointConfigName=config,
            DeploymentConfig={"BlueGreenUpdatePolicy": policy},
        )

    @rule(seconds=st.integers(1, 900))
    def maintain(self, seconds: int) -> None:
        if self.status == "InService":
            asked = {"endpoint": "e", "status": "SystemUpdating", "seconds": seconds}
            self.aws.edit(status=asked)
            self.observe()

    @rule(limit=st.none() | st.integers(1, 8))
    def limit_instances(self, limit: int | None) -> None:
        self.aws.edit(quota={"ml.m5.large": limit})

    @rule(weight=st.integers(0, 100), count=st.none() | st.integers(1, 4))
    def resize(self, weight: int, count: int | None) -> None:
        asked = {"VariantName": "a", "DesiredWeight": weight}
        asked |= {} if count is None else {"DesiredInstanceCount": count}
        self.call("update_endpoint_weights_and_capacities", DesiredWeightsAndCapacities=[asked])

    @rule()
    def delete(self) -> None:
        self.call("delete_endpoint")

    @rule(silent=st.booleans())
    def order_a_failure(self, silent: bool) -> None:
        self.aws.fault({"fail": {"silent": silent}}, match={"service": "sagemaker", "write": True})

    @rule(minutes=st.integers(1, 30))
    def wait(self, minutes: int) -> None:
        clock = self.aws.engine.clock
        end = clock.now() + 60 * minutes
        while (due := clock.next_due()) is not None and due <= end:
            clock.advance(due - clock.now())
            self.observe()
        clock.advance(end - clock.now())

    @invariant()
    def what_is_calm_is_as_it_is_desired(self) -> None:
        if not hasattr(self, "aws"):
            return
        found = self.describe()
        if found["EndpointStatus"] == "InService":
            assert "PendingDeploymentSummary" not in found
            for variant in found["ProductionVariants"]:
                assert variant["CurrentWeight"] == variant["DesiredWeight"]
                assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] >= 1


TestEndpointLife = EndpointLife.TestCase
TestEndpointLife.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)
