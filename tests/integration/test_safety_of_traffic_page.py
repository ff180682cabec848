"""docs/safety.md, S1 to S3: what AWS serves meanwhile is as it says, and its ways out are ways out."""

from sagemaker_ab.api.resource import FORCE_WEIGHTS
from tests.integration import safety_runs as runs
from tests.integration.safety_runs import (
    command,
    counts,
    held,
    request_reconcile,
    run,
    run_until,
    settled,
    weights,
)
from tests.unit.planning.worlds import with_variant

# S1


def test_s1_the_variant_that_serves_keeps_its_traffic_and_its_instances():
    operator = runs.weights_that_wait_for_instances()

    assert weights(operator) == [90.0, 10.0]
    assert counts(operator) == [4, 1]


def test_s1_weights_follow_when_the_quota_is_raised_and_a_reconcile_is_requested():
    operator = runs.weights_that_wait_for_instances()
    operator.sim.edit(quota={"ml.m5.large": 8})
    request_reconcile(operator)
    operator.settle()

    assert weights(operator) == [0.0, 100.0]


def test_s1_weights_follow_when_fewer_instances_are_asked_for():
    operator = runs.weights_that_wait_for_instances()
    operator.cluster.apply(with_variant(runs.ONE_AND_FOUR, "VariantB", instanceCount=1))
    operator.settle()

    assert weights(operator) == [0.0, 100.0]


def test_s1_lowering_the_other_variant_first_frees_the_quota():
    operator = runs.weights_that_wait_for_instances()
    operator.cluster.apply(with_variant(runs.FOUR_AND_ONE, "VariantA", instanceCount=1))
    operator.settle()
    operator.cluster.apply(runs.ONE_AND_FOUR)
    operator.settle()

    assert counts(operator) == [1, 4]
    assert weights(operator) == [0.0, 100.0]


def test_s1_the_command_names_the_annotation_and_the_generation():
    annotate = command("kubectl annotate smab reviews --overwrite")

    generation = "$(kubectl get smab reviews --output jsonpath='{.metadata.generation}')"
    assert f'{FORCE_WEIGHTS}="{generation}"' in annotate


def test_s1_forced_weights_go_out_and_the_instances_follow_the_traffic():
    operator = runs.forced_weights()

    assert weights(operator) == [0.0, 100.0]
    assert counts(operator) == [1, 1]


def test_s1_forced_weights_go_although_an_update_lacks_instances():
    operator = settled(with_variant(runs.SCALING, "VariantA", weight=10))
    operator.sim.edit(quota={"ml.m5.large": 2})
    wanted = with_variant(runs.SCALING, "VariantA", weight=90, instanceCount=3)
    operator.cluster.apply(wanted | {"models": runs.REVISED["models"]})
    run(operator)
    assert weights(operator) == [10.0, 50.0]

    runs.force_weights(operator)
    run_until(operator, lambda: weights(operator) == [90.0, 50.0])


def test_s1_the_annotation_has_no_effect_on_another_generation():
    operator = settled(runs.FOUR_AND_ONE)
    runs.force_weights(operator)
    operator.sim.edit(quota={"ml.m5.large": 5})
    operator.cluster.apply(runs.ONE_AND_FOUR)
    run(operator, 40)

    assert weights(operator) == [90.0, 10.0]


# S2


def test_s2_both_variants_have_half_of_the_traffic_and_the_instances_stay():
    operator = runs.instances_that_wait_for_traffic()
    first, second = weights(operator)

    assert first == second
    assert counts(operator) == [4, 1]


def test_s2_the_instances_follow_when_the_artifact_is_there():
    operator = runs.instances_that_wait_for_traffic()
    operator.sim.edit(restored={"object": runs.LATE})
    request_reconcile(operator)
    operator.settle()

    assert counts(operator) == [1, 1, 1]


def test_s2_the_instances_follow_when_the_new_variant_leaves_the_spec():
    operator = runs.instances_that_wait_for_traffic()
    operator.cluster.apply(runs.TENTHS)
    operator.settle()

    assert counts(operator) == [1, 1]


# S3


def test_s3_the_fleet_scales_while_a_refused_update_waits():
    operator = runs.scaling_restored_after_a_refused_update()
    (target,) = held(operator)["scalableTargets"].values()

    assert "UpdateEndpoint" in [call["operation"] for call in operator.writes()]
    assert (target["min"], target["max"]) == (1, 4)
    assert list(target["policies"]) == ["invocations"]
    assert list(target["scheduledActions"]) == ["evening"]


def test_s3_what_is_released_is_in_status_and_restored_after_the_update():
    operator = runs.scaling_released_for_an_update()
    (saved,) = operator.cluster.resource["status"]["releasedScaling"]
    assert saved["name"] == "VariantB"
    assert "evening" in saved["content"]
    assert "scalableTargets" not in held(operator)
    assert weights(operator) == [50.0, 50.0]

    operator.settle()

    (target,) = held(operator)["scalableTargets"].values()
    assert list(target["scheduledActions"]) == ["evening"]
    assert "releasedScaling" not in operator.cluster.resource["status"]


def test_s3_the_previous_instance_type_is_a_way_out():
    operator = runs.scaling_restored_after_a_refused_update()
    operator.cluster.apply(runs.SCALING)
    operator.settle()

    assert operator.effects().count("UpdateEndpoint") == 0
