"""S5: what serves is steered, whatever else is stuck."""

import pytest

from tests.unit.safety.stage import Stage, fixed, scaled, spec

SHIFTED = spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10))


def test_a_weight_left_unsent_is_caught(stage):
    stage.apply(SHIFTED)
    stage.poll(minutes=10)

    (violation,) = stage.violations()
    assert violation.rule == "S5"
    assert "shift the traffic of VariantA from 50.0% to 90.0%" in violation.found


def test_a_count_a_minimum_and_a_tag_left_unsent_are_caught(stage):
    wanted = spec(fixed("VariantA", count=2), scaled("VariantB", minimum=2))
    stage.apply(wanted | {"tags": [{"key": "team", "value": "search"}]})
    stage.poll(minutes=10)

    assert stage.found() == ["S5"] * 3
    found = " ".join(violation.found for violation in stage.violations())
    for words in ("change VariantA from 1 to 2", "VariantB scales between 1 and 4", "tag team"):
        assert words in found


def test_what_is_sent_in_time_is_right(stage):
    stage.apply(SHIFTED)
    stage.poll(minutes=3)
    stage.weigh(VariantA=90, VariantB=10)
    stage.poll(minutes=20)

    assert stage.found_at_rest() == []


def test_while_additions_are_pending_the_weights_of_the_others_are_due(stage):
    more = spec(fixed("VariantA"), scaled("VariantB", weight=0), fixed("VariantC"))
    stage.apply(more)
    stage.poll(minutes=10)

    assert "VariantB from 50.0% to 0.0%" in stage.violations()[0].found


def test_while_removals_are_pending_only_zeros_are_due(stage):
    stage.apply(spec(fixed("VariantA", weight=10)))
    stage.poll(minutes=10)

    assert stage.found() == []


def test_a_weight_that_waits_for_instances_is_held(stage):
    stage.apply(spec(fixed("VariantA", weight=90, count=4), scaled("VariantB", weight=10)))
    stage.aws.edit(quota={"ml.m5.large": 2})
    for _ in range(3):
        stage.count("VariantA", 4)
        stage.poll(minutes=5)

    assert stage.found() == []


def test_what_waits_is_named_at_rest(stage):
    stage.apply(spec(fixed("VariantA", weight=90, count=4), scaled("VariantB", weight=10)))
    stage.aws.edit(quota={"ml.m5.large": 2})
    stage.count("VariantA", 4)
    stage.read()
    stalled = {"type": "Stalled", "status": "True", "reason": "QuotaExceeded"}
    stage.write_status(conditions=[stalled | {"message": "AWS refused it"}])
    assert stage.found_at_rest() == ["S5"]
    assert "it waits for VariantA, which no condition names" in stage.violations()[0].found


def test_what_waits_and_is_named_is_right(stage):
    stage.apply(spec(fixed("VariantA", weight=90, count=4), scaled("VariantB", weight=10)))
    stage.aws.edit(quota={"ml.m5.large": 2})
    stage.count("VariantA", 4)
    stage.read()
    stalled = {"type": "Stalled", "status": "True", "reason": "QuotaExceeded"}
    stage.write_status(conditions=[stalled | {"message": "VariantA has 1 of 4 instances; weights wait"}])

    assert stage.found_at_rest() == []


def test_a_count_that_waits_for_the_traffic_is_held():
    stage = Stage()
    stage.deploy(spec(fixed("VariantA", count=2), scaled("VariantB")))
    stage.apply(spec(fixed("VariantA", count=1, weight=0), scaled("VariantB", weight=100, minimum=2)))
    stage.aws.edit(quota={"ml.m5.large": 3})
    stage.register("VariantB", minimum=2)
    stage.poll(minutes=20)

    assert stage.found() == []


def test_a_refused_adjustment_waits_for_its_backoff(stage):
    stage.apply(SHIFTED)
    stage.poll(minutes=5)
    for _ in range(4):
        stage.aws.fault({"denied": True}, match={"write": True})
        stage.weigh(VariantA=90, VariantB=10)
        stage.aws.advance(minutes=20)
    stage.weigh(VariantA=90, VariantB=10)
    stage.poll(minutes=5)

    assert stage.found() == []


def test_a_refused_adjustment_that_is_given_up_is_caught(stage):
    stage.apply(SHIFTED)
    stage.aws.fault({"denied": True}, match={"write": True})
    stage.weigh(VariantA=90, VariantB=10)
    stage.poll(minutes=15)

    assert stage.found() == ["S5"]


def test_a_dead_operator_is_not_idle(stage):
    stage.apply(SHIFTED)
    for _ in range(10):
        stage.aws.advance(minutes=20)
        stage.monitor.restarted()
        stage.read()

    assert stage.found() == []


def test_time_in_which_aws_is_busy_does_not_count(stage):
    stage.apply(SHIFTED)
    for _ in range(4):
        stage.aws.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 600})
        stage.poll(minutes=11)

    assert stage.found() == []


def test_a_resource_that_goes_is_not_steered(stage):
    stage.apply(SHIFTED)
    stage.delete()
    stage.poll(minutes=10)

    assert stage.found() == []


def test_an_endpoint_that_is_not_ours_is_not_steered(stage):
    stage.apply(SHIFTED)
    params = {
        "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews",
        "TagKeys": ["sagemaker-ab.dev/cluster-id"],
    }
    stage.aws.edit(call={"service": "sagemaker", "operation": "DeleteTags", "params": params})
    stage.poll(minutes=10)

    assert stage.found() == []


def test_an_adjustment_that_aws_takes_back_waits_for_its_backoff(stage):
    stage.apply(SHIFTED)
    stage.read()
    going_back = {"fail": {"reason": "no capacity"}}
    for minutes in (6, 6, 8, 12, 20):
        stage.aws.fault(going_back, match={"operation": "UpdateEndpointWeightsAndCapacities"})
        stage.weigh(VariantA=90, VariantB=10)
        stage.poll(minutes=minutes)
    assert stage.found() == []

    stage.poll(minutes=30)
    assert stage.found() == ["S5"]


def test_a_location_that_changed_keeps_the_operator_from_looking(stage):
    stage.apply(SHIFTED)
    stalled = {"type": "Stalled", "status": "True", "reason": "LocationChanged", "message": "elsewhere"}
    stage.read()
    stage.write_status(conditions=[stalled])

    assert stage.found_at_rest() == []


def test_time_in_which_an_adjustment_is_held_does_not_count(stage):
    """VariantA shrinks when VariantB has taken its traffic, which waits for instances of VariantB."""
    stage.apply(spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10, minimum=3)))
    stage.weigh(VariantA=90, VariantB=10)
    stage.count("VariantA", 2)
    stage.register("VariantB", minimum=3)
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 2, "VariantB": 1}})
    stage.apply(spec(fixed("VariantA", weight=10), scaled("VariantB", weight=90, minimum=3)))
    stage.poll(minutes=10)
    stage.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantB": 3}})
    stage.weigh(VariantA=10, VariantB=90)
    stage.poll(minutes=5)
    assert stage.found() == []

    stage.poll(minutes=10)
    assert stage.found() == ["S5"]
    assert "change VariantA from 2 to 1 instances" in stage.violations()[0].found


def without_config(stage):
    stage.aws.edit(delete={"config": "first"})
    stage.apply(spec(fixed("VariantA", count=2, weight=10), scaled("VariantB", weight=90, maxCapacity=6)))


@pytest.mark.parametrize("recorded", [None, 7], ids=["not recorded", "in a form that is not known"])
def test_counts_and_bounds_wait_while_nothing_shows_the_instance_types(stage, recorded):
    without_config(stage)
    stage.write_status(endpoint=recorded)
    stage.poll(minutes=10)

    assert [violation.found.partition(": ")[2] for violation in stage.violations()] == [
        "shift the traffic of VariantA from 50.0% to 10.0%, VariantB from 50.0% to 90.0%"
    ]


def test_counts_and_bounds_are_due_when_the_status_holds_the_content_of_a_deleted_config(stage):
    without_config(stage)
    stage.write_status(endpoint={"configName": "first", "configContent": "{}"})
    stage.poll(minutes=10)

    found = " ".join(violation.found for violation in stage.violations())
    assert "change VariantA from 1 to 2" in found
    assert "VariantB scales between 1 and 4" in found
