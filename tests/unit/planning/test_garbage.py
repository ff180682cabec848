"""Which models and endpoint configs are deleted."""

from dataclasses import replace

from sagemaker_ab.planning.garbage import OwnedObjects, in_use, plan_garbage_collection
from tests.unit.planning.worlds import spec, want, with_variant, world


def deletions(step):
    return [command.operation for command in step.commands] if step else []


def test_configs_and_models_that_nothing_refers_to_are_deleted_configs_first():
    wanted = want(spec())
    used = {model.name for model in wanted.models}
    owned = OwnedObjects(frozenset({*used, "old-model"}), frozenset({wanted.config_name, "old-config"}))

    step = plan_garbage_collection(owned, keep=in_use(world(wanted), wanted))

    assert deletions(step) == ["DeleteEndpointConfig", "DeleteModel"]


def test_the_config_in_use_stays_though_weights_have_moved_on():
    live, wanted = want(spec()), want(with_variant(spec(), "VariantA", weight=10))
    shifted = tuple(
        replace(v, current_weight=wanted.weights[v.name], desired_weight=wanted.weights[v.name])
        for v in world(live).endpoint.variants
    )
    owned = OwnedObjects(configs=frozenset({live.config_name}))

    step = plan_garbage_collection(owned, keep=in_use(world(live, variants=shifted), wanted))

    assert step is None


def test_after_the_endpoint_of_a_deleted_resource_all_configs_and_models_go():
    owned = OwnedObjects(models=frozenset({"model"}), configs=frozenset({"config"}))

    assert deletions(plan_garbage_collection(owned, keep=OwnedObjects())) == [
        "DeleteEndpointConfig",
        "DeleteModel",
    ]


def test_nothing_owned_is_nothing_to_delete():
    assert plan_garbage_collection(OwnedObjects(), keep=OwnedObjects()) is None
