"""S4: nothing is deleted that an endpoint uses or is updating to, and none without a fresh read."""

import pytest

from tests.unit.safety.stage import spec


def drop_config(stage, name):
    stage.sagemaker.delete_endpoint_config(EndpointConfigName=name)


def drop_model(stage, name):
    stage.sagemaker.delete_model(ModelName=name)


def test_deleting_the_config_in_use_is_caught(stage):
    drop_config(stage, "first")

    (violation,) = stage.violations()
    assert violation.rule == "S4"
    assert "DeleteEndpointConfig" in violation.subject
    assert violation.found == "endpoint reviews uses it: InService on first"


def test_deleting_a_model_in_use_is_caught(stage):
    drop_model(stage, "bert-a")

    assert stage.found() == ["S4"]


def test_deleting_what_the_endpoint_is_updating_to_is_caught(stage):
    stage.create_config("second", spec())
    stage.update("second")
    stage.read()
    drop_config(stage, "second")

    assert "updating to second" in stage.violations()[0].found


def test_the_config_before_stays_until_the_update_has_ended(stage):
    stage.create_config("second", spec())
    stage.update("second")
    stage.read()
    drop_config(stage, "first")
    assert stage.found() == ["S4"]


def test_deleting_the_config_before_once_the_update_has_ended_is_right(stage):
    stage.create_config("second", spec())
    stage.update("second")
    stage.settle()
    drop_config(stage, "first")

    assert stage.found() == []


def test_an_endpoint_that_has_lost_its_tags_is_used_all_the_same(stage):
    keys = ["sagemaker-ab.dev/cluster-id"]
    params = {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews", "TagKeys": keys}
    stage.aws.edit(call={"service": "sagemaker", "operation": "DeleteTags", "params": params})
    stage.read()
    drop_config(stage, "first")

    assert stage.found() == ["S4"]


def test_an_endpoint_of_somebody_else_uses_it_too(stage):
    params = {"EndpointName": "theirs", "EndpointConfigName": "first"}
    stage.aws.edit(call={"service": "sagemaker", "operation": "CreateEndpoint", "params": params})
    stage.create_config("second", spec())
    stage.update("second")
    stage.settle()
    stage.sagemaker.describe_endpoint(EndpointName="theirs")
    drop_config(stage, "first")

    assert "endpoint theirs uses it" in stage.violations()[0].found


def test_a_deletion_long_after_the_read_is_caught(stage):
    stage.create_config("second", spec())
    stage.aws.advance(seconds=61)
    drop_config(stage, "second")

    assert stage.violations()[0].found == "endpoint reviews was read 61 s before"


def test_an_endpoint_that_cannot_be_read_blocks_the_deletion(stage):
    stage.create_config("second", spec())
    stage.aws.advance(seconds=61)
    stage.aws.fault({"denied": True}, match={"operation": "DescribeEndpoint"})
    stage.attempt("describe_endpoint", EndpointName="reviews")
    drop_config(stage, "second")

    assert stage.found() == ["S4"]


def test_a_definite_could_not_find_is_a_read(stage):
    stage.delete()
    stage.deregister("VariantB")
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.settle()
    drop_config(stage, "first")
    drop_model(stage, "bert-a")

    assert stage.found() == []


def test_a_refused_deletion_has_deleted_nothing(stage):
    stage.aws.fault({"denied": True}, match={"operation": "DeleteEndpointConfig"})
    with pytest.raises(Exception, match="AccessDenied"):
        drop_config(stage, "first")

    assert stage.found() == []


def test_a_use_that_began_after_the_read_cannot_be_known(stage):
    stage.create_config("second", spec())
    stage.read()
    params = {"EndpointName": "reviews", "EndpointConfigName": "second"}
    stage.aws.edit(call={"service": "sagemaker", "operation": "UpdateEndpoint", "params": params})
    drop_config(stage, "second")

    assert stage.found() == []


def test_a_stale_read_does_not_hide_the_operators_own_update(stage):
    stage.create_config("second", spec())
    stage.settle()
    stage.update("second")
    stage.aws.advance(seconds=2)
    stage.aws.fault({"stale": 5.0}, match={"operation": "DescribeEndpoint"})
    stage.read()
    drop_config(stage, "second")

    assert stage.found() == ["S4"]
