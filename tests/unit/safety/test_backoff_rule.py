"""S9: a refused request waits: 5 s doubling to 60 s if transient, 60 s doubling to an hour otherwise."""

import pytest

from tests.unit.safety.stage import Stage, fixed, scaled, spec
from tests.unit.safety.steered import choose, steered

DENIED = {"denied": True}
THROTTLED = {"throttle": True}
NO_CODE = {"error": {"code": "Unknown", "text": "", "http": 500}}


def send(stage: Stage, effect: dict[str, object] | None, *, after: float = 0.0) -> None:
    """Send the weights again some seconds after the last time; AWS refuses them as ordered."""
    stage.aws.advance(seconds=after)
    if effect is not None:
        stage.aws.fault(effect, match={"operation": "UpdateEndpointWeightsAndCapacities"})
    stage.weigh(VariantA=50, VariantB=50)


def test_a_refused_request_that_is_sent_again_too_soon_is_caught(stage):
    send(stage, DENIED)
    send(stage, DENIED, after=47)

    (violation,) = stage.violations()
    assert violation.rule == "S9"
    assert "the same request was refused once, last 47.0 s before" in violation.found
    assert "wait at least 48 s" in violation.right


@pytest.mark.parametrize(
    ("effect", "gaps"),
    [
        (THROTTLED, (4, 8, 16, 32, 48, 48, 48)),
        (NO_CODE, (4, 8, 16, 32, 48, 48, 48)),
        (DENIED, (48, 96, 192, 384, 768, 1536, 2880, 2880)),
    ],
    ids=["transient", "failed without a code", "other"],
)
def test_the_gaps_double_up_to_a_limit(stage, effect, gaps):
    send(stage, effect)
    for gap in gaps:
        send(stage, effect, after=gap)
    assert stage.found() == []

    send(stage, effect, after=gaps[-1] - 1)
    assert stage.found() == ["S9"]


def test_the_weights_of_a_rollback_wait_no_longer_than_a_minute():
    stage = steered()
    choose(stage, 100, 0, outcome="RolledBack")
    for _ in range(5):
        stage.aws.fault(DENIED, match={"operation": "UpdateEndpointWeightsAndCapacities"})
        stage.weigh(VariantA=100, VariantB=0)
        stage.aws.advance(seconds=49)
    assert "S9" not in stage.found()


def test_another_request_does_not_wait(stage):
    send(stage, DENIED)
    stage.count("VariantA", 1)

    assert stage.found() == []


def test_a_new_generation_clears_the_wait(stage):
    send(stage, DENIED)
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", minimum=2)))
    send(stage, DENIED)

    assert stage.found() == []


def test_a_request_to_reconcile_clears_the_wait_once(stage):
    send(stage, DENIED)
    stage.apply(spec(), reconcile_requested_at="now")
    send(stage, DENIED)
    assert stage.found() == []

    send(stage, DENIED)
    assert stage.found() == ["S9"]


def test_a_restart_may_forget(stage):
    send(stage, DENIED)
    stage.monitor.restarted()
    send(stage, DENIED)

    assert stage.found() == []


def test_a_request_that_took_effect_has_not_been_refused(stage):
    send(stage, DENIED)
    send(stage, None, after=60)
    stage.settle()
    send(stage, DENIED)
    send(stage, DENIED, after=60)

    assert stage.found() == []


def test_busy_is_no_refusal(stage):
    stage.aws.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 600})
    for _ in range(3):
        send(stage, None, after=1)

    assert stage.refused
    assert stage.found() == []


def test_busy_does_not_end_the_wait(stage):
    send(stage, DENIED)
    send(stage, DENIED, after=48)
    stage.aws.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 200})
    stage.aws.advance(seconds=96)
    send(stage, None)
    stage.aws.advance(seconds=300)
    send(stage, DENIED)
    send(stage, DENIED, after=96)

    assert stage.found() == ["S9"]


def test_nothing_is_released_for_an_update_that_waits(stage):
    larger = spec(fixed("VariantA"), scaled("VariantB") | {"instanceType": "ml.m5.xlarge"})
    stage.apply(larger)
    stage.read()
    stage.create_config("second", larger)
    stage.aws.fault(DENIED, match={"operation": "UpdateEndpoint"})
    stage.update("second")
    stage.write_status(released=[{"variant": "VariantB", "everything": TARGET}])
    stage.deregister("VariantB")

    (violation,) = stage.violations()
    assert violation.rule == "S9"
    assert "the update that it is released for waits" in violation.found


def test_a_release_after_the_backoff_is_right(stage):
    larger = spec(fixed("VariantA"), scaled("VariantB") | {"instanceType": "ml.m5.xlarge"})
    stage.apply(larger)
    stage.read()
    stage.create_config("second", larger)
    stage.aws.fault(DENIED, match={"operation": "UpdateEndpoint"})
    stage.update("second")
    stage.settle()
    stage.write_status(released=[{"variant": "VariantB", "everything": TARGET}])
    stage.deregister("VariantB")
    stage.update("second")

    assert stage.found() == []


TARGET = {
    "bounds": [1, 4],
    "policies": {
        "invocations": {
            "type": "TargetTrackingScaling",
            "target": "70",
            "metric": "SageMakerVariantInvocationsPerInstance",
        }
    },
}
