"""Which models and endpoint configs are deleted."""

from dataclasses import replace

from sagemaker_ab.planning.garbage import (
    Listing,
    OwnedObjects,
    in_use,
    models_in_use_unknown,
    named_by,
    plan_garbage_collection,
    plan_image_pins,
)
from sagemaker_ab.planning.observed import ObservedConfig
from tests.unit.planning.worlds import NOW, nothing, spec, want, with_variant, world


def deletions(step):
    return [command.operation for command in step.commands] if step else []


def test_configs_and_models_that_nothing_refers_to_are_deleted_configs_first():
    wanted = want(spec())
    used = {model.name for model in wanted.models}
    owned = OwnedObjects(frozenset({*used, "old-model"}), frozenset({wanted.config_name, "old-config"}))

    step = plan_garbage_collection(owned, keep=in_use(world(wanted)) | named_by(wanted), read_at=NOW)

    assert deletions(step) == ["DeleteEndpointConfig", "DeleteModel"]


def test_the_config_in_use_stays_though_weights_have_moved_on():
    live, wanted = want(spec()), want(with_variant(spec(), "VariantA", weight=10))
    shifted = tuple(
        replace(v, current_weight=wanted.weights[v.name], desired_weight=wanted.weights[v.name])
        for v in world(live).endpoint.variants
    )
    owned = OwnedObjects(configs=frozenset({live.config_name}))

    step = plan_garbage_collection(
        owned, keep=in_use(world(live, variants=shifted)) | named_by(wanted), read_at=NOW
    )

    assert step is None


def test_after_the_endpoint_of_a_deleted_resource_all_configs_and_models_go():
    owned = OwnedObjects(models=frozenset({"model"}), configs=frozenset({"config"}))

    assert deletions(plan_garbage_collection(owned, keep=OwnedObjects(), read_at=NOW)) == [
        "DeleteEndpointConfig",
        "DeleteModel",
    ]


def test_nothing_owned_is_nothing_to_delete():
    assert plan_garbage_collection(OwnedObjects(), keep=OwnedObjects(), read_at=NOW) is None


def test_what_an_endpoint_of_that_name_uses_stays_whoever_owns_it():
    theirs = want(spec())
    observed = world(theirs, tags={"team": "other"})
    owned = OwnedObjects(frozenset(m.name for m in theirs.models), frozenset({theirs.config_name}))

    assert plan_garbage_collection(owned, keep=in_use(observed), read_at=NOW) is None


def test_what_an_endpoint_is_being_updated_to_stays():
    live, coming = want(spec()), want(with_variant(spec(), "VariantA", model="bert-b", weight=7))
    observed = replace(
        world(live, pending_config_name=coming.config_name),
        pending_config=ObservedConfig(coming.config_name, coming.config_content),
    )
    owned = OwnedObjects(frozenset(m.name for m in coming.models), frozenset({coming.config_name}))

    assert plan_garbage_collection(owned, keep=in_use(observed), read_at=NOW) is None


def test_a_deletion_rests_on_a_read_of_the_last_minute():
    step = plan_garbage_collection(OwnedObjects(models=frozenset({"m"})), keep=OwnedObjects(), read_at=NOW)

    assert step.valid_until <= NOW + 60


def test_models_in_use_are_unknown_while_a_config_that_the_endpoint_names_is_not_read():
    wanted = want(spec())

    assert not models_in_use_unknown(world(wanted))
    assert not models_in_use_unknown(nothing())
    assert models_in_use_unknown(replace(world(wanted), config_in_use=None))
    assert models_in_use_unknown(world(wanted, pending_config_name="another"))


# Pins of images


def resolved():
    """A desired state whose models run a framework, and the ARN of the first."""
    framework = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
    models = [{"name": name, "primaryContainer": {"framework": framework}} for name in ("bert-a", "bert-b")]
    wanted = want(spec(models=models))
    return wanted, [f"arn:aws:sagemaker:us-east-1:123456789012:model/{model.name}" for model in wanted.models]


def listing(tags):
    return Listing(OwnedObjects(), model_tags=tags)


def test_models_without_the_pin_of_their_images_are_tagged_with_it():
    wanted, (first, second) = resolved()

    step = plan_image_pins(wanted, listing({first: {"team": "search"}, second: wanted.models[1].tags}))

    (command,) = step.commands
    assert (step.kind, command.operation) == ("Tag", "AddTags")
    pin = {"Key": "sagemaker-ab.dev/image-pin", "Value": wanted.models[0].image_pin}
    assert command.request == {"ResourceArn": first, "Tags": [pin]}


def test_the_names_in_arns_are_compared_without_case():
    """AWS writes them in lower case."""
    wanted, arns = resolved()

    step = plan_image_pins(wanted, listing({arn.lower(): {} for arn in arns}))

    assert [command.request["ResourceArn"] for command in step.commands] == sorted(arns)


def test_models_that_are_pinned_or_not_desired_or_have_no_framework_are_not_tagged():
    wanted, (first, _) = resolved()
    other = "arn:aws:sagemaker:us-east-1:123456789012:model/reviews-old-0123456789"

    assert plan_image_pins(wanted, listing({first: wanted.models[0].tags, other: {}})) is None
    given = want(spec())
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model/{given.models[0].name}"
    assert plan_image_pins(given, listing({arn: {}})) is None
    assert plan_image_pins(wanted, listing({})) is None


def test_alarms_are_deleted_by_as_many_as_one_call_takes():
    owned = OwnedObjects(alarms=frozenset(f"alarm-{number}" for number in range(201)))

    step = plan_garbage_collection(owned, keep=OwnedObjects(), read_at=NOW)

    assert [len(command.request["AlarmNames"]) for command in step.commands] == [100, 100, 1]
