"""S8: what failed is not deployed again unasked."""

import pytest

from tests.unit.safety.stage import Stage, fixed, model, scaled, spec, tags

REVISED = spec(models=[model("bert-a", revision="2"), model("bert-b")])


def fail(stage: Stage, **how: object) -> None:
    stage.aws.fault({"fail": how}, match={"operation": "UpdateEndpoint"})


@pytest.fixture
def failed(stage) -> Stage:
    """An update to a config with another model has failed its health check, and the one before serves."""
    stage.apply(REVISED)
    stage.create_model("bert-a-2")
    deploy(stage, "second")
    return stage


def deploy(stage: Stage, config: str, *, how: dict[str, object] | None = None, **counts: int) -> None:
    variants = [fixed("VariantA", model="bert-a-2"), scaled("VariantB")]
    stage.create_config(config, {"variants": variants}, **counts)
    fail(stage, **(how or {"reason": "ping"}))
    stage.update(config)
    stage.settle()


def prepared() -> Stage:
    """All is ready for the creation of an endpoint with the config `first`."""
    stage = Stage()
    stage.apply(spec())
    stage.read()
    stage.pin()
    for name in ("bert-a", "bert-b"):
        stage.create_model(name)
    stage.create_config("first", spec())
    return stage


def test_the_same_content_again_is_caught(failed):
    deploy(failed, "third")

    (violation,) = failed.violations()
    assert violation.rule == "S8"
    assert '"EndpointConfigName": "third"' in violation.subject
    assert "the same content failed after call" in violation.found
    assert violation.found.endswith("ping")


def test_other_counts_and_weights_are_the_same_content(failed):
    failed.apply(REVISED | {"variants": [fixed("VariantA", count=2), scaled("VariantB", minimum=2)]})
    failed.read()
    deploy(failed, "third", VariantA=2, VariantB=2)

    assert "S8" in failed.found()


def test_a_failure_without_a_reason_is_no_excuse(stage):
    stage.apply(REVISED)
    stage.create_model("bert-a-2")
    deploy(stage, "second", how={"silent": True})
    deploy(stage, "third")

    assert "AWS gave no reason" in stage.violations()[0].found


@pytest.mark.parametrize(
    "how",
    [{"capacity": True}, {"reason": "Request to service failed. Please try again."}],
    ids=["capacity", "internal"],
)
def test_a_passing_cause_may_be_tried_again(stage, how):
    stage.apply(REVISED)
    stage.create_model("bert-a-2")
    deploy(stage, "second", how=how)
    deploy(stage, "third")

    assert stage.found() == []


def test_a_retry_may_be_requested(failed):
    failed.apply(REVISED, reconcile_requested_at="now")
    deploy(failed, "third")

    assert failed.found() == []


def test_a_retry_requested_before_the_failure_is_spent(stage):
    stage.apply(REVISED, reconcile_requested_at="now")
    stage.create_model("bert-a-2")
    deploy(stage, "second")
    deploy(stage, "third")

    assert stage.found() == ["S8"]


def test_a_spec_that_changed_and_changed_back_asks_again(failed):
    failed.apply(spec())
    failed.apply(REVISED)
    deploy(failed, "third")

    assert failed.found() == []


def test_other_content_is_another_attempt(failed):
    failed.create_model("bert-a-3")
    failed.create_config("third", spec(fixed("VariantA", model="bert-a-3"), scaled("VariantB")))
    failed.update("third")

    assert failed.found() == []


def test_repairing_what_others_deployed_is_asked_for(failed):
    params = {"EndpointName": "reviews", "EndpointConfigName": "theirs"}
    failed.create_config("theirs", spec())
    failed.aws.edit(call={"service": "sagemaker", "operation": "UpdateEndpoint", "params": params})
    failed.settle()
    deploy(failed, "third")

    assert failed.found() == []


def test_an_endpoint_deleted_by_hand_is_asked_for(failed):
    failed.aws.edit(delete={"endpoint": "reviews"})
    failed.read()
    failed.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="second")

    assert failed.found() == []


def test_a_creation_that_failed_is_not_tried_again_either():
    stage = prepared()
    stage.aws.fault({"fail": {"reason": "ping"}}, match={"operation": "CreateEndpoint"})
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first")
    stage.aws.advance(minutes=120)
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.settle()
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first")

    assert stage.found() == ["S8"]


@pytest.mark.parametrize(("stale", "found"), [(4.0, []), (0.0, ["S8"])])
def test_a_creation_that_a_read_has_shown_in_service_has_not_failed(stale, found):
    """It fails afterwards, before AWS is called again; a read of a few seconds ago shows what was."""
    stage = prepared()
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first")
    stage.aws.advance(minutes=60)
    stage.aws.edit(status={"endpoint": "reviews", "status": "Failed"})
    stage.aws.advance(seconds=2)
    stage.aws.fault({"stale": stale}, match={"operation": "DescribeEndpoint"})
    stage.read()
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.settle()
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first")

    assert stage.found() == found


def test_content_that_came_into_service_later_has_not_failed(failed):
    failed.apply(REVISED, reconcile_requested_at="now")
    failed.update("second")
    failed.settle()
    failed.update("first")
    failed.settle()
    failed.update("second")

    assert failed.found() == []


def test_a_failure_that_nobody_can_know_does_not_count(stage):
    """The answer was lost, no read showed the update, and AWS gives no reason."""
    stage.apply(REVISED)
    stage.create_model("bert-a-2")
    stage.create_config("second", spec(fixed("VariantA", model="bert-a-2"), scaled("VariantB")))
    fail(stage, silent=True)
    stage.aws.fault({"drop": "after"}, match={"operation": "UpdateEndpoint"})
    with pytest.raises(Exception, match="Connection was closed"):
        stage.update("second")
    stage.settle()
    stage.update("second")

    assert stage.found() == []


def create(stage: Stage) -> None:
    """Create the endpoint, which fails, and delete it."""
    stage.aws.fault({"fail": {"reason": "ping"}}, match={"operation": "CreateEndpoint"})
    stage.sagemaker.create_endpoint(EndpointName="reviews", EndpointConfigName="first", Tags=tags())
    stage.aws.advance(minutes=30)
    stage.read()
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.aws.advance(minutes=30)
    stage.read()


@pytest.mark.parametrize("lost", [False, True], ids=["known", "status lost since"])
def test_a_creation_that_failed_is_repeated_only_if_the_status_was_lost(lost):
    stage = Stage()
    stage.apply(spec())
    stage.read()
    stage.pin()
    for each in ("bert-a", "bert-b"):
        stage.create_model(each)
    stage.create_config("first", spec())
    stage.write_status()
    create(stage)
    if lost:
        stage.lose_status()
    create(stage)

    assert stage.found() == ([] if lost else ["S8"])


def test_an_update_that_failed_is_not_repeated_though_the_status_was_lost(failed):
    failed.lose_status()
    deploy(failed, "third")

    assert "S8" in failed.found()
