"""The events of a reconcile: Normal for what is done, Warning for what a person should read."""

from sagemaker_ab.api.resource import FORCE_WEIGHTS
from tests.integration.stage import aws, settled, steps, until, updates_fail, with_revision
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec, with_variant

DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
EXISTS = {"error": {"code": "ValidationException", "text": 'Cannot create already existing model "arn".'}}


def events(operator):
    return [(event["type"], event["reason"], event["message"]) for event in operator.cluster.events]


def types_of(operator, reason):
    return {event["type"] for event in operator.cluster.events if event["reason"] == reason}


def refusing(operator, effect, operation, count=None):
    return operator.sim.fault(effect, match={"operation": operation}, count=count)


def test_each_write_is_a_normal_event_of_its_step_and_a_sentence():
    operator = settled(spec())

    assert events(operator) == [
        ("Normal", "CreateModels", "Create model reviews-bert-a-1fef6cc901"),
        ("Normal", "CreateModels", "Create model reviews-bert-b-8265f1a70f"),
        ("Normal", "CreateEndpointConfig", "Create endpoint config reviews-a306f87fc4"),
        ("Normal", "CreateEndpoint", "Create endpoint reviews with config reviews-a306f87fc4"),
        ("Normal", "InService", "The endpoint is in service as the spec asks"),
    ]


def test_a_refused_write_is_one_warning_with_the_words_of_aws():
    operator = settled(spec())
    refusing(operator, DENIED, "UpdateEndpointWeightsAndCapacities")
    before = len(operator.cluster.events)
    operator.cluster.apply(with_variant(spec(), "VariantA", weight=10))
    steps(operator, 12)

    ((kind, reason, message),) = events(operator)[before:]
    assert (kind, reason) == ("Warning", "AccessDenied")
    assert message.startswith("AWS refused to set weights VariantA=10, VariantB=50: ")
    assert "not authorized" in message


def test_a_change_that_aws_rolls_back_is_a_warning():
    operator = settled(spec())
    updates_fail(operator)
    operator.cluster.apply(with_revision(spec(), "2"))
    until(operator, lambda: types_of(operator, "DeploymentFailed"))

    assert types_of(operator, "DeploymentFailed") == {"Warning"}


def test_garbage_that_cannot_be_deleted_is_a_warning_and_no_condition():
    operator = settled(spec())
    refusing(operator, DENIED, "DeleteModel")
    operator.cluster.apply(with_revision(spec(), "2"))
    operator.settle()

    (message,) = {event["message"] for event in operator.cluster.events if event["reason"] == "AccessDenied"}
    assert types_of(operator, "AccessDenied") == {"Warning"}
    assert message.startswith("AWS refused to delete model reviews-bert-b-8265f1a70f: ")
    assert operator.ready


def test_weights_that_a_person_forces_are_a_warning_that_names_what_was_overridden():
    before = with_variant(spec(), "VariantB", weight=0)
    operator = settled(before)
    operator.sim.edit(quota={"ml.m5.large": 2})
    operator.cluster.apply(with_variant(before, "VariantB", weight=50, instanceCount=4))
    generation = operator.cluster.resource["metadata"]["generation"]
    operator.cluster.annotate(**{FORCE_WEIGHTS: str(generation)})
    until(operator, lambda: types_of(operator, "WeightsForced"))

    assert types_of(operator, "WeightsForced") == {"Warning"}
    (message,) = {event["message"] for event in operator.cluster.events if event["reason"] == "WeightsForced"}
    assert message.startswith(f"Weights are sent at once, as the annotation {FORCE_WEIGHTS} asks: ")
    assert "VariantB has 1 of 4 instances in service" in message


def test_an_object_that_exists_already_is_no_event_and_the_step_goes_on():
    """The call that created it was sent before, and its answer was lost."""
    operator = InProcessOperator(aws())
    refusing(operator, EXISTS, "CreateModel", count=1)
    operator.cluster.apply(spec())
    operator.step()

    assert events(operator) == [("Normal", "CreateModels", "Create model reviews-bert-b-8265f1a70f")]
