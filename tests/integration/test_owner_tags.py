"""What happens to objects whose owner tags somebody takes away, and gives back."""

from tests.integration.test_steering import settled
from tests.unit.planning.worlds import spec

PLACE = "123456789012/us-east-1"


def tags_of(operator, kind):
    """Return ARN and tags of the one object of a kind."""
    found = operator.sim.state()[PLACE]["tags"].items()
    return next((arn, tags) for arn, tags in found if f":{kind}/" in arn)


def call(operator, operation, **params):
    operator.sim.edit(call={"service": "sagemaker", "operation": operation, "params": params})


def test_a_config_that_somebody_gives_back_is_deleted_with_the_resource():
    operator = settled()
    arn, tags = tags_of(operator, "endpoint-config")
    call(operator, "DeleteTags", ResourceArn=arn, TagKeys=["sagemaker-ab.dev/name"])
    revised = spec()
    revised["models"][0]["revision"] = "2"
    operator.cluster.apply(revised)
    operator.settle()
    assert len(operator.sim.state()[PLACE]["endpointConfigs"]) == 2

    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    call(operator, "AddTags", ResourceArn=arn, Tags=given)
    operator.cluster.delete()
    operator.settle()

    assert operator.sim.state() == {}
