"""A model that was deleted by hand: what serves goes on, and what is launched later may need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

BYHAND = "AKIASOMEBODY"
LAUNCHED, MISSING = "sm.model.deleted-then-launched", "sm.model.missing-at-launch"


def delete_model(sim: InProcessAws, name: str = "bert-a") -> None:
    sim.client("sagemaker", access_key=BYHAND).delete_model(ModelName=name)


def ask(deployer: Any, **asked: float) -> None:
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=[{"VariantName": "VariantA", **asked}]
    )


def update(deployer: Any) -> None:
    deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")


def counts(deployer: Any) -> set[tuple[int, int]]:
    """Current and desired counts of the variants."""
    variants = deployer.variants().values()
    return {(one["CurrentInstanceCount"], one["DesiredInstanceCount"]) for one in variants}


def statuses(sim: Any, deployer: Any) -> list[str]:
    """The statuses that the endpoint goes through within two hours."""
    seen = [deployer.describe()["EndpointStatus"]]
    for _ in range(240):
        sim.advance(seconds=30)
        status = deployer.describe()["EndpointStatus"]
        if status != seen[-1]:
            seen.append(status)
    return seen


@pytest.mark.ledger("sm.model.deleted-then-launched")
def test_later_instances_may_come_up_without_the_model(serving: Any) -> None:
    sim, reviews = serving({LAUNCHED: "come up"})
    delete_model(sim)
    ask(reviews, DesiredInstanceCount=3)
    assert statuses(sim, reviews) == ["Updating", "InService"]
    assert reviews.variants()["VariantA"]["CurrentInstanceCount"] == 3


@pytest.mark.ledger("sm.model.deleted-then-launched", "sm.failure.model-deleted", "sm.uewc.rolling-back")
def test_later_instances_may_fail_without_the_model(serving: Any) -> None:
    sim, reviews = serving({LAUNCHED: "fail"})
    delete_model(sim)
    ask(reviews, DesiredInstanceCount=3)
    assert statuses(sim, reviews) == ["Updating", "RollingBack", "InService"]
    assert counts(reviews) == {(1, 1)}
    assert "bert-a" in reviews.describe()["FailureReason"]
    reviews.model()
    ask(reviews, DesiredInstanceCount=3)
    assert statuses(sim, reviews) == ["Updating", "InService"]
    assert reviews.variants()["VariantA"]["CurrentInstanceCount"] == 3


def test_weights_and_fewer_instances_need_no_model(serving: Any) -> None:
    sim, reviews = serving({LAUNCHED: "fail"})
    ask(reviews, DesiredInstanceCount=3)
    sim.advance(minutes=10)
    delete_model(sim)
    ask(reviews, DesiredInstanceCount=2)
    sim.advance(minutes=10)
    ask(reviews, DesiredWeight=10.0)
    sim.advance(minutes=5)
    found = reviews.variants()["VariantA"]
    assert (found["CurrentInstanceCount"], found["CurrentWeight"]) == (2, 10)
    assert "FailureReason" not in reviews.describe()


@pytest.mark.ledger("sm.model.deleted-then-launched", "autoscaling.activity-unfulfilled")
def test_a_scale_out_that_fails_without_the_model_is_unfulfilled(serving: Any) -> None:
    sim, reviews = serving({LAUNCHED: "fail"})
    delete_model(sim)
    client = sim.client("application-autoscaling")
    client.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/reviews/variant/VariantA",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=2,
        MaxCapacity=2,
    )
    sim.advance(minutes=15)
    found = client.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert "Unfulfilled" in {activity["StatusCode"] for activity in found}
    assert reviews.variants()["VariantA"]["CurrentInstanceCount"] == 1


@pytest.mark.ledger("sm.model.deleted-then-launched")
@pytest.mark.parametrize(("played", "ends"), [("come up", "InService"), ("fail", "Failed")])
def test_a_model_deleted_while_its_endpoint_is_created(serving: Any, played: str, ends: str) -> None:
    sim, reviews = serving({LAUNCHED: played})
    reviews.endpoint("second")
    delete_model(sim)
    sim.advance(minutes=5)
    assert reviews.describe("second")["EndpointStatus"] == ends


@pytest.mark.ledger("sm.model.missing-at-launch", "sm.model.not-found")
def test_a_config_whose_model_was_deleted_may_be_refused(serving: Any, refused: Any) -> None:
    sim, reviews = serving({MISSING: "refuse"})
    reviews.config("next")
    delete_model(sim)
    for call in (reviews.endpoint, lambda *_: update(reviews)):
        code, text = refused(call, "second")
        assert (code, text.startswith("Could not find model")) == ("ValidationException", True)


@pytest.mark.ledger(
    "sm.model.missing-at-launch",
    "sm.model.missing-seconds",
    "sm.failure.model-deleted",
    "sm.endpoint.failed-create",
)
def test_creating_with_a_deleted_model_may_fail_after_an_hour(serving: Any) -> None:
    sim, reviews = serving({MISSING: "fail", LAUNCHED: "come up"})
    delete_model(sim)
    reviews.endpoint("second")
    sim.advance(minutes=49)
    assert reviews.describe("second")["EndpointStatus"] == "Creating"
    sim.advance(minutes=22)
    found = reviews.describe("second")
    assert (found["EndpointStatus"], "bert-a" in found["FailureReason"]) == ("Failed", True)


@pytest.mark.ledger(
    "sm.model.missing-at-launch",
    "sm.model.missing-seconds",
    "sm.failure.model-deleted",
    "sm.update.failed-keeps-old",
)
def test_an_update_with_a_deleted_model_may_fail_after_an_hour(serving: Any) -> None:
    sim, reviews = serving({MISSING: "fail", LAUNCHED: "come up"})
    reviews.config("next")
    delete_model(sim)
    update(reviews)
    sim.advance(minutes=49)
    assert reviews.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=22)
    found = reviews.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert "bert-a" in found["FailureReason"]
