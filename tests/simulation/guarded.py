"""An endpoint that moves to another config behind deployment guardrails, and the words for that."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.runtime.serving import routed, targeted
from sandbox.aws.engine.sagemaker.store import store_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.records import Variant
    from sandbox.aws.inprocess import InProcessAws

FOUR_EACH = {"InitialInstanceCount": 4}


def policy(kind: str, *, wait: int = 300, final_wait: int = 300, **more: Any) -> dict[str, Any]:
    """A BlueGreenUpdatePolicy; ``more`` are CanarySize, LinearStepSize and the time limit."""
    limit = {key: more.pop(key) for key in ("MaximumExecutionTimeoutInSeconds",) if key in more}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait} | more
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": final_wait,
        }
        | limit
    }


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


CANARY = policy("CANARY", CanarySize=percent(25))
CANARY_BAKING = (
    "Baking: Baking for 300 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of {} "
)
FULL_BAKING = (
    "Baking: Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 4 "
    "instance(s)."
)
LINEAR = policy("LINEAR", LinearStepSize=percent(25))


@dataclass(frozen=True, slots=True)
class Guarded:
    """The endpoint "reviews" of two variants with four instances each, and a config "next" to move to."""

    sim: InProcessAws
    deployer: Any

    def update(self, deployment: dict[str, Any] | None = None, **options: Any) -> None:
        if deployment is not None:
            options["DeploymentConfig"] = deployment
        self.deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next", **options)

    def stages(self) -> Iterator[str]:
        """What the coming fleet says of itself, each time that changes, until the update is over."""
        said = ""
        while (found := self.deployer.describe())["EndpointStatus"] == "Updating":
            (status,) = found["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"]
            if f"{status['Status']}: {status['StatusMessage']}" != said:
                said = f"{status['Status']}: {status['StatusMessage']}"
                yield said
            due = self.sim.engine.clock.next_due()
            assert due is not None, "an endpoint is busy and nothing is due"
            self.sim.advance(seconds=due - self.now())

    def wait_for(self, beginning: str) -> None:
        """Let time pass until a stage begins that says so."""
        assert any(said.startswith(beginning) for said in self.stages()), f"no stage {beginning}"

    def now(self) -> float:
        return self.sim.engine.clock.now()

    def invocations(self, variant: str, start: float, config: str = "") -> float:
        """How many CloudWatch tells of since a time, of the fleet of one config or of all."""
        dimensions = [
            {"Name": "EndpointName", "Value": "reviews"},
            {"Name": "VariantName", "Value": variant},
        ]
        if config:
            dimensions.append({"Name": "EndpointConfigName", "Value": config})
        found = self.sim.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=dimensions,
            StartTime=start,
            EndTime=self.now(),
            Period=60,
            Statistics=["Sum"],
        )
        return sum(float(point["Sum"]) for point in found["Datapoints"])

    def serve(self, target: str = "", *, requests: int = 4000) -> Counter[tuple[str, str]]:
        """Which share of so many requests, in whole per cent, goes to which variant and model."""
        region = self.sim.engine.region("123456789012", "us-east-1")
        endpoint = store_of(region).endpoint("reviews")
        assert endpoint is not None

        def pick() -> Variant:
            found = targeted(region, endpoint, target) if target else routed(region, endpoint)
            assert found is not None
            return found

        served = Counter((one.name, one.model.name) for one in (pick() for _ in range(requests)))
        return Counter({who: round(100 * count / requests) for who, count in served.items()})


def deployed(sim: InProcessAws, deployer: Any) -> Guarded:
    deployer.model("old")
    deployer.model("new")
    for config, model in (("first", "old"), ("next", "new")):
        shape = FOUR_EACH | {"ModelName": model}
        deployer.config(config, VariantA=shape, VariantB=shape | {"InitialVariantWeight": 150})
    deployer.endpoint("reviews", "first")
    sim.advance(minutes=10)
    return Guarded(sim, deployer)
