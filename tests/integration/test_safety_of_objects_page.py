"""docs/safety.md, S4 and later: what AWS serves meanwhile is as it says, and its ways out are ways out."""

import itertools
import json
import re

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, REGION
from tests.integration import safety_runs as runs
from tests.integration.safety_runs import (
    PAGE,
    by_hand,
    command,
    counts,
    held,
    live,
    request_reconcile,
    run,
    run_until,
    settled,
    weights,
)
from tests.unit.planning.worlds import spec, with_variant


def patched(operator):
    """Patch the spec as the page says."""
    patch = re.search(r"-p '(.*)'", command("kubectl patch smab reviews --type=merge"))
    assert patch
    operator.cluster.apply(operator.cluster.resource["spec"] | json.loads(patch[1])["spec"])
    return operator


def gone(operator):
    return operator.cluster.resource is None and operator.sim.state() == {}


# S4


def test_s4_nothing_is_deleted_without_the_owner_tags():
    operator = runs.deletion_without_owner_tags()

    assert not [name for name in operator.effects() if name.startswith(("Delete", "Deregister"))]
    assert live(operator)["status"] == "InService"
    assert len(held(operator)["models"]) == 2
    assert len(held(operator)["scalableTargets"]) == 1


def test_s4_with_the_tags_restored_everything_is_deleted():
    operator = runs.deletion_without_owner_tags()
    pairs = re.findall(r"Key=([^,\s]+),Value=(\S+)", command("aws sagemaker add-tags"))
    runs.retag_endpoint(operator, "AddTags", Tags=[{"Key": key, "Value": value} for key, value in pairs])
    operator.settle()

    assert gone(operator)


def test_s4_with_retain_everything_stays_and_the_resource_is_gone_at_once():
    operator = runs.deletion_without_owner_tags()
    before = operator.sim.state()
    patched(operator).step()

    assert operator.cluster.resource is None
    assert operator.sim.state() == before


def test_s4_an_endpoint_that_was_handed_over_keeps_all_that_it_uses():
    operator = runs.deletion_after_a_handover()

    assert operator.cluster.resource is None
    assert live(operator)["status"] == "InService"
    assert live(operator)["config"] in held(operator)["endpointConfigs"]
    assert len(held(operator)["models"]) == 2


# S5


def test_s5_the_previous_models_serve_with_the_new_weights():
    operator = runs.traffic_shifted_while_a_rollout_is_stuck()

    assert weights(operator) == [0.0, 100.0]
    assert "UpdateEndpoint" not in operator.effects()


def test_s5_the_rollout_continues_when_its_cause_is_gone():
    operator = runs.traffic_shifted_while_a_rollout_is_stuck()
    operator.sim.edit(restored={"object": runs.LATE})
    request_reconcile(operator)
    operator.settle()

    assert operator.effects().count("UpdateEndpoint") == 1


# S6


def test_s6_ready_follows_when_aws_has_applied_the_weights():
    operator = runs.weights_on_their_way()
    assert weights(operator) == [50.0, 50.0]

    run_until(operator, lambda: operator.ready)

    assert weights(operator) == [10.0, 50.0]


# S7


def test_s7_the_endpoint_stays_and_so_does_the_resource():
    operator = runs.deletion_without_permission_and_status()

    assert live(operator)["status"] == "InService"
    metadata = operator.cluster.resource["metadata"]
    assert metadata["finalizers"] == [FINALIZER]
    assert metadata["annotations"].keys() == {ACCOUNT, REGION}
    assert all(f"`{name}`" in PAGE for name in (FINALIZER, ACCOUNT, REGION))


def test_s7_the_deletion_ends_when_the_permission_is_restored():
    operator = runs.deletion_without_permission_and_status()
    operator.sim.edit(policy=runs.NOTHING_ALLOWED | {"documents": None})
    operator.settle()

    assert gone(operator)


def test_s7_the_deletion_ends_with_retain():
    operator = patched(runs.deletion_without_permission_and_status())
    operator.step()

    assert operator.cluster.resource is None
    assert live(operator)["status"] == "InService"


def test_s7_a_resource_for_which_aws_was_never_read_can_be_deleted_at_any_time():
    operator = runs.started()
    operator.sim.edit(policy=runs.NOTHING_ALLOWED)
    operator.cluster.apply(spec())
    run(operator, 5)
    operator.cluster.delete()

    assert operator.cluster.resource is None


# S8


def test_s8_the_healthy_variant_gets_its_instances_without_another_deployment():
    operator = runs.capacity_raised_after_a_failed_deployment()

    assert counts(operator) == [1, 3]
    assert operator.effects().count("UpdateEndpoint") == 1


def test_s8_a_reconcile_request_deploys_the_same_content_again():
    operator = runs.capacity_raised_after_a_failed_deployment()
    request_reconcile(operator)
    operator.settle()

    assert operator.effects().count("UpdateEndpoint") == 2


def test_s8_the_previous_model_is_a_way_out():
    operator = runs.capacity_raised_after_a_failed_deployment()
    operator.cluster.apply(runs.REVISED | {"models": runs.SCALING["models"]})
    operator.settle()

    assert operator.effects().count("UpdateEndpoint") == 1


def test_s8_capacity_is_tried_for_four_times_while_something_serves():
    operator = settled(spec())
    operator.sim.fault({"fail": {"capacity": True}}, match={"operation": "UpdateEndpoint"}, count=None)
    operator.cluster.apply(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
    began = operator.sim.engine.clock.now()
    run_until(operator, lambda: operator.sim.engine.clock.now() - began > 4 * 3600)

    assert operator.effects().count("UpdateEndpoint") == 4


def test_s8_capacity_is_tried_for_more_often_while_nothing_serves():
    operator = runs.capacity_missing_for_the_first_deployment()
    run_until(operator, lambda: operator.ready)

    assert operator.effects().count("CreateEndpoint") == 5


def test_s8_an_endpoint_deleted_in_aws_is_created_again_with_content_that_failed():
    operator = runs.capacity_raised_after_a_failed_deployment()
    operator.sim.edit(delete={"endpoint": "reviews"})
    operator.settle()

    assert operator.effects().count("CreateEndpoint") == 2


# S9


def test_s9_the_gaps_double_from_a_minute_to_an_hour():
    sent = [call["performed"] for call in runs.refused_calls().writes()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    promised = re.search(r"after about (.*?)\s+minutes, and then every hour", PAGE, re.DOTALL)
    assert promised
    minutes = [int(number) for number in re.findall(r"\d+", promised[1])]

    for gap, expected in zip(gaps, [*minutes, 60, 60], strict=True):
        assert 0.8 * 60 * expected <= gap <= 1.2 * 60 * expected + 1


def test_s9_a_reconcile_request_ends_the_backoff():
    operator = runs.refused_calls()
    operator.sim.edit(restored={"role": runs.ROLE})
    request_reconcile(operator)
    operator.step()

    assert operator.effects() == ["CreateModel", "CreateModel"]


# An endpoint config that was deleted


def test_a_deleted_config_whose_content_is_in_status_is_created_again():
    operator = settled(runs.SCALING)
    config = live(operator)["config"]
    operator.sim.edit(delete={"config": config})
    operator.settle()

    assert config in held(operator)["endpointConfigs"]
    assert "UpdateEndpoint" not in operator.effects()


def test_without_its_content_weights_still_follow_the_spec_and_nothing_is_released():
    operator = runs.config_deleted_and_status_lost()

    assert weights(operator) == [50.0, 10.0]
    assert len(held(operator)["scalableTargets"]) == 1
    assert "UpdateEndpoint" not in operator.effects()


def test_a_config_of_that_name_created_by_hand_is_a_way_out():
    before = settled(runs.SCALING)
    content = json.loads(before.cluster.resource["status"]["endpoint"]["configContent"])
    operator = runs.config_deleted_and_status_lost()
    name = live(operator)["config"]
    by_hand(operator, "sagemaker", "CreateEndpointConfig", EndpointConfigName=name, **content)
    operator.settle()

    assert operator.effects().count("UpdateEndpoint") == 1


def test_deleting_the_endpoint_is_a_way_out():
    operator = runs.config_deleted_and_status_lost()
    operator.sim.edit(delete={"endpoint": "reviews"})
    operator.settle()

    assert operator.effects().count("CreateEndpoint") == 2
