"""Deployment guardrails: a new fleet takes over step by step, and alarms or the time limit turn it back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.runtime.serving import routed, targeted
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.inprocess import InProcessAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.aws.engine.records import Variant

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


@pytest.fixture
def guarded(calm_sim: InProcessAws, deployer: Any) -> Guarded:
    return deployed(calm_sim, deployer)


@pytest.fixture
def guarded_under(deployer: Any) -> Callable[..., Guarded]:
    """The same under certain variants of the ledger, by row."""

    def make(**variants: int) -> Guarded:
        rows = {f"sm.guardrails.{name.replace('_', '-')}": number for name, number in variants.items()}
        sim = InProcessAws(stale_reads=False, lost_answers=False, variants=rows)
        return deployed(sim, type(deployer)(sim.client("sagemaker")))

    return make


@pytest.mark.ledger("sm.guardrails.canary", "sm.guardrails.activating", "sm.guardrails.baking")
@pytest.mark.ledger("sm.guardrails.capacity-canary", "sm.guardrails.capacity-full", "sm.variant.launching")
def test_a_canary_bakes_before_the_whole_fleet_takes_over_and_bakes_again(guarded: Guarded) -> None:
    guarded.update(CANARY)
    assert list(guarded.stages()) == [
        "Creating: Launching 4 instance(s).",
        "ActivatingTraffic: Activating traffic on canary capacity of 1 instance(s).",
        CANARY_BAKING.format(1) + "instance(s).",
        "ActivatingTraffic: Activating traffic on full capacity of 4 instance(s).",
        FULL_BAKING,
    ]
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "next")
    assert "FailureReason" not in found


@pytest.mark.ledger("sm.guardrails.linear")
def test_linear_steps_go_on_until_the_whole_fleet_serves(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition("enabled on ")[2] for said in baking] == [
        "canary capacity of 1 instance(s).",
        "canary capacity of 2 instance(s).",
        "canary capacity of 3 instance(s).",
        "full capacity of 4 instance(s).",
    ]
    assert guarded.deployer.describe()["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.guardrails.termination-wait")
def test_all_at_once_bakes_once_and_without_policy_not_at_all(guarded: Guarded) -> None:
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=120))
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition(" with")[0] for said in baking] == [
        "Baking: Baking for 120 seconds (TerminationWaitInSeconds)"
    ]


@pytest.mark.ledger("sm.guardrails.terminating", "sm.guardrails.terminating-seconds")
@pytest.mark.ledger("sm.guardrails.activating-seconds")
def test_the_old_fleet_is_terminated_before_the_endpoint_is_in_service_on_its_new_config(
    guarded: Guarded,
) -> None:
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=0))
    guarded.wait_for("Baking")
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "first")
    (said,) = found["ProductionVariants"][0]["VariantStatus"]
    assert (said["Status"], said["StatusMessage"]) == ("Deleting", "Terminating 4 instance(s).")
    assert guarded.serve()["VariantB", "new"] == 75
    assert guarded.serve()["VariantB", "old"] == 0


@pytest.mark.ledger("sm.guardrails.traffic")
@pytest.mark.parametrize("active", [1, 2, 3])
def test_traffic_is_divided_between_the_fleets_by_the_instances_turned_on(
    guarded: Guarded, active: int
) -> None:
    guarded.update(LINEAR)
    for step in range(1, active + 1):
        guarded.wait_for(CANARY_BAKING.format(step))
    share = 25 * active
    served = guarded.serve()
    expected = {
        ("VariantA", "old"): (100 - share) / 4,
        ("VariantB", "old"): 3 * (100 - share) / 4,
        ("VariantA", "new"): share / 4,
        ("VariantB", "new"): 3 * share / 4,
    }
    assert served == pytest.approx(expected, abs=3)
    targeted_at = guarded.serve("VariantA")
    assert targeted_at == pytest.approx({("VariantA", "old"): 100 - share, ("VariantA", "new"): share}, abs=3)


def test_before_its_traffic_is_turned_on_the_new_fleet_serves_nothing(guarded: Guarded) -> None:
    guarded.update(CANARY)
    guarded.wait_for("ActivatingTraffic")
    assert {model for _, model in guarded.serve()} == {"old"}


def test_all_that_both_fleets_serve_counts_for_the_variant(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    guarded.wait_for("Baking")
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    start = guarded.now()
    guarded.sim.advance(seconds=10)
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    guarded.sim.advance(minutes=5)
    assert sum(guarded.invocations(name, start) for name in ("VariantA", "VariantB")) == 100


@pytest.mark.ledger("sm.guardrails.whole-instances")
@pytest.mark.parametrize(("number", "canary"), [(0, 1), (1, 2)])
def test_a_canary_of_a_third_of_four_instances_is_one_or_two(
    guarded_under: Callable[..., Guarded], number: int, canary: int
) -> None:
    guarded = guarded_under(whole_instances=number)
    guarded.update(policy("CANARY", CanarySize=percent(33)))
    guarded.wait_for(CANARY_BAKING.format(canary))


@pytest.mark.parametrize("size", [instances(2), percent(50)])
def test_a_canary_may_be_half_of_the_fleet(guarded: Guarded, size: dict[str, Any]) -> None:
    guarded.update(policy("CANARY", CanarySize=size))
    guarded.wait_for("Baking")
    assert guarded.serve()["VariantB", "new"] == pytest.approx(37.5, abs=3)


@pytest.mark.ledger("sm.guardrails.sizes", "sm.guardrails.size")
@pytest.mark.parametrize(
    "deployment",
    [
        policy("CANARY", CanarySize=percent(51)),
        policy("CANARY", CanarySize=instances(3)),
        policy("LINEAR", LinearStepSize=percent(9)),
        policy("LINEAR", LinearStepSize=instances(3)),
    ],
)
def test_steps_that_are_too_small_or_too_large_are_refused(
    guarded: Guarded, refused: Any, deployment: dict[str, Any]
) -> None:
    assert refused(guarded.update, deployment)[0] == "ValidationException"
    assert guarded.deployer.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.guardrails.size-absent")
@pytest.mark.parametrize("kind", ["CANARY", "LINEAR"])
def test_steps_need_a_size(guarded: Guarded, refused: Any, kind: str) -> None:
    assert refused(guarded.update, policy(kind))[0] == "ValidationException"


@pytest.mark.ledger("sm.guardrails.limit-short")
def test_a_time_limit_shorter_than_the_waits_is_refused(guarded: Guarded, refused: Any) -> None:
    deployment = policy("ALL_AT_ONCE", wait=300, final_wait=300, MaximumExecutionTimeoutInSeconds=600)
    assert refused(guarded.update, deployment)[0] == "ValidationException"


@pytest.mark.ledger("sm.guardrails.limit-reason", "sm.guardrails.rollback")
def test_a_deployment_that_takes_too_long_is_rolled_back(guarded: Guarded) -> None:
    guarded.update(policy("LINEAR", LinearStepSize=percent(10), MaximumExecutionTimeoutInSeconds=700))
    guarded.wait_for("Deleting")
    assert guarded.serve()["VariantB", "old"] == 75
    guarded.sim.advance(minutes=5)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert "700" in found["FailureReason"]


@pytest.mark.ledger("sm.guardrails.variant-names", "sm.guardrails.variant-names-text")
def test_guardrails_need_variants_of_the_same_names(guarded: Guarded, refused: Any) -> None:
    guarded.deployer.config("other", VariantC={"ModelName": "new"})
    update = guarded.deployer.client.update_endpoint
    names = {"EndpointName": "reviews", "EndpointConfigName": "other"}
    assert refused(update, **names, DeploymentConfig=CANARY)[0] == "ValidationException"
    update(**names)
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe()["EndpointConfigName"] == "other"


@pytest.mark.ledger("sm.guardrails.rolling-variants")
def test_rolling_deployments_are_not_for_several_variants(guarded: Guarded, refused: Any) -> None:
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(25), "WaitIntervalInSeconds": 60}}
    assert refused(guarded.update, rolling)[0] == "ValidationException"


@pytest.mark.ledger("sim.not-implemented")
def test_rolling_deployments_of_one_variant_are_refused_and_not_ignored(
    guarded: Guarded, refused: Any
) -> None:
    guarded.deployer.config("alone", VariantA={"ModelName": "old"})
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(25), "WaitIntervalInSeconds": 60}}
    create = guarded.deployer.client.create_endpoint
    names = {"EndpointName": "other", "EndpointConfigName": "alone"}
    assert refused(create, **names, DeploymentConfig=rolling)[0] == "NotImplemented"


@pytest.mark.ledger("sm.guardrails.excluded")
def test_inf1_changes_over_all_at_once_without_baking(guarded: Guarded) -> None:
    inferentia = {"ModelName": "new", "InstanceType": "ml.inf1.xlarge"}
    guarded.deployer.config("inf1", VariantA=inferentia, VariantB=inferentia)
    guarded.deployer.client.update_endpoint(
        EndpointName="reviews", EndpointConfigName="inf1", DeploymentConfig=CANARY
    )
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition(" (")[0] for said in baking] == ["Baking: Baking for 0 seconds"]


@pytest.mark.ledger("sm.guardrails.create-keeps")
def test_a_deployment_config_given_at_creation_is_kept_for_later_updates(guarded: Guarded) -> None:
    client = guarded.deployer.client
    client.create_endpoint(EndpointName="other", EndpointConfigName="first", DeploymentConfig=CANARY)
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe("other")["EndpointStatus"] == "InService"
    assert guarded.deployer.describe("other")["LastDeploymentConfig"] == CANARY
    client.update_endpoint(EndpointName="other", EndpointConfigName="next", RetainDeploymentConfig=True)
    guarded.sim.advance(minutes=5)
    (coming, _) = guarded.deployer.describe("other")["PendingDeploymentSummary"]["ProductionVariants"]
    assert coming["VariantStatus"][0]["Status"] == "Baking"
    assert (coming["CurrentInstanceCount"], coming["DesiredInstanceCount"]) == (1, 4)


def test_a_deployment_config_is_not_reused_unless_asked_for(guarded: Guarded) -> None:
    client = guarded.deployer.client
    client.create_endpoint(EndpointName="other", EndpointConfigName="first", DeploymentConfig=CANARY)
    guarded.sim.advance(minutes=5)
    client.update_endpoint(EndpointName="other", EndpointConfigName="next")
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe("other")["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.guardrails.last-config")
@pytest.mark.parametrize(("number", "told"), [(0, True), (1, False)])
def test_an_update_without_deployment_config_may_forget_the_last_one(
    guarded_under: Callable[..., Guarded], number: int, told: bool
) -> None:
    guarded = guarded_under(last_config=number)
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=0))
    guarded.sim.advance(minutes=10)
    guarded.deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="first")
    assert ("LastDeploymentConfig" in guarded.deployer.describe()) is told


@pytest.mark.ledger("sm.guardrails.given-and-retained")
@pytest.mark.parametrize(("number", "kind"), [(0, "LINEAR"), (1, "CANARY")])
def test_a_deployment_config_given_with_retain_may_lose_against_the_last(
    guarded_under: Callable[..., Guarded], number: int, kind: str
) -> None:
    guarded = guarded_under(given_and_retained=number)
    guarded.update(CANARY)
    guarded.sim.advance(minutes=30)
    guarded.deployer.client.update_endpoint(
        EndpointName="reviews",
        EndpointConfigName="first",
        DeploymentConfig=LINEAR,
        RetainDeploymentConfig=True,
    )
    told = guarded.deployer.describe()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert told["TrafficRoutingConfiguration"]["Type"] == kind


@pytest.mark.ledger("sm.endpoint.config-deleted-while-busy")
@pytest.mark.parametrize("config", ["first", "next"])
def test_deleting_a_config_while_the_fleet_bakes_rolls_back(guarded: Guarded, config: str) -> None:
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    guarded.deployer.client.delete_endpoint_config(EndpointConfigName=config)
    guarded.sim.advance(minutes=8)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert found["FailureReason"].startswith("Could not find endpoint configuration")


def test_while_it_bakes_an_endpoint_is_busy(guarded: Guarded, refused: Any) -> None:
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    code, text = refused(guarded.deployer.client.delete_endpoint, EndpointName="reviews")
    assert (code, text.split(" endpoint")[0]) == ("ValidationException", "Cannot update in-progress")


@pytest.mark.ledger("sm.quota.both-fleets")
def test_both_fleets_count_until_the_old_one_is_terminated(guarded: Guarded, refused: Any) -> None:
    guarded.deployer.config("small", VariantA={"ModelName": "new"})
    guarded.sim.edit(quota={"ml.m5.large": 16})
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    code, text = refused(guarded.deployer.endpoint, "other", "small")
    assert (code, "utilization of 16 Instances" in text) == ("ResourceLimitExceeded", True)
    guarded.sim.advance(minutes=20)
    assert guarded.deployer.endpoint("other", "small")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm on more than one failure in twenty of VariantA, of one fleet or both."""

    sim: InProcessAws

    def make(self, **dimensions: str) -> str:
        known = {"EndpointName": "reviews", "VariantName": "VariantA"} | dimensions
        self.sim.client("cloudwatch").put_metric_alarm(
            AlarmName="too-many-errors",
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": name, "Value": value} for name, value in known.items()],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        return "too-many-errors"

    def break_model(self, model: str) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 120})
        self.sim.edit(ailment={"model": model, "rate5xx": 1.0})


def guarded_by(*alarms: str, wait: int = 1200) -> dict[str, Any]:
    names = [{"AlarmName": alarm} for alarm in alarms]
    canary = policy("CANARY", wait=wait, CanarySize=percent(25))
    return canary | {"AutoRollbackConfiguration": {"Alarms": names}}


@pytest.mark.ledger("sm.guardrails.any-alarm", "sm.guardrails.alarm-reason", "sm.guardrails.alarm-poll")
@pytest.mark.ledger("sm.guardrails.rollback")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_alarm_that_trips_while_the_canary_bakes_gives_all_traffic_back(guarded: Guarded) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make()
    alarm.break_model("new")
    guarded.update(guarded_by(name))
    guarded.wait_for("Deleting")
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "first")
    assert {model for _, model in guarded.serve()} == {"old"}
    guarded.sim.advance(minutes=3)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert name in found["FailureReason"]
    assert "PendingDeploymentSummary" not in found


def test_an_alarm_that_stays_quiet_lets_the_new_fleet_take_over(guarded: Guarded) -> None:
    guarded.update(guarded_by(Alarm(guarded.sim).make()))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == "next"


def test_an_alarm_on_both_fleets_minds_the_old_ones_failures(guarded: Guarded) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make()
    alarm.break_model("old")
    guarded.update(guarded_by(name, wait=600))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == "first"


@pytest.mark.ledger("metrics.config-dimension")
@pytest.mark.parametrize(("cause", "config"), [("old", "next"), ("new", "first")])
def test_an_alarm_on_the_new_fleet_alone_minds_its_own_failures_only(
    guarded: Guarded, cause: str, config: str
) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make(EndpointConfigName="next")
    alarm.break_model(cause)
    guarded.update(guarded_by(name, wait=600))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == config


@pytest.mark.ledger("metrics.config-dimension")
def test_the_invocations_of_each_fleet_are_counted_and_listed_by_its_config(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    guarded.wait_for("Baking")
    start = guarded.now()
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    guarded.sim.advance(minutes=4)
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    guarded.sim.advance(minutes=20)
    for variant in ("VariantA", "VariantB"):
        whole = guarded.invocations(variant, start)
        old, new = (guarded.invocations(variant, start, config) for config in ("first", "next"))
        assert old + new == whole
        assert new / whole == pytest.approx(0.25, abs=0.05)
    listed = guarded.sim.client("cloudwatch").list_metrics(
        MetricName="Invocations", Dimensions=[{"Name": "EndpointConfigName", "Value": "next"}]
    )["Metrics"]
    assert len(listed) == 2


def test_without_guardrails_no_fleet_is_told_apart(guarded: Guarded) -> None:
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 60})
    start = guarded.now()
    guarded.sim.advance(minutes=10)
    assert guarded.invocations("VariantA", start) > 0
    assert guarded.invocations("VariantA", start, "first") == 0


@pytest.mark.ledger("sm.guardrails.alarm-missing", "sm.guardrails.alarm-missing-text")
def test_an_alarm_that_is_not_there_may_refuse_the_update(
    guarded_under: Callable[..., Guarded], refused: Any
) -> None:
    guarded = guarded_under(alarm_missing=0)
    code, text = refused(guarded.update, guarded_by("no-such-alarm"))
    assert (code, "no-such-alarm" in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.guardrails.alarm-missing", "sm.guardrails.alarm-missing-reason")
def test_an_alarm_that_is_not_there_may_end_the_update_when_its_fleet_bakes(
    guarded_under: Callable[..., Guarded],
) -> None:
    guarded = guarded_under(alarm_missing=1)
    guarded.update(guarded_by("no-such-alarm"))
    guarded.sim.advance(minutes=10)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert "no-such-alarm" in found["FailureReason"]
