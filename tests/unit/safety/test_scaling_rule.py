"""S3: a variant that serves keeps its autoscaling, except from a release until it is restored."""

import pytest

from tests.unit.safety.stage import ARN, TRACKING, Stage, fixed, scaled, spec, tags, target

SAVED = {
    "releasedScaling": [
        {
            "variant": "VariantB",
            "minCapacity": 1,
            "maxCapacity": 4,
            "policies": [{"name": "invocations", "type": "TargetTrackingScaling", "config": TRACKING}],
        }
    ]
}
LARGER = spec(fixed("VariantA"), scaled("VariantB") | {"instanceType": "ml.m5.xlarge"})
RETAINED = {"RetainAllVariantProperties": True}


@pytest.fixture
def ready(stage) -> Stage:
    """All is ready for an update that AWS refuses while VariantB is registered, and its scaling is saved."""
    stage.apply(LARGER)
    stage.read()
    stage.create_config("second", LARGER)
    stage.write_status(**SAVED)
    return stage


def restore(stage: Stage, **more: object) -> None:
    stage.register("VariantB", **more)
    stage.put_policy("VariantB")


def test_a_release_its_update_and_the_restoration_are_right(ready):
    ready.deregister("VariantB")
    ready.update("second", **RETAINED)
    ready.settle()
    restore(ready)
    ready.poll(minutes=10)

    assert ready.found_at_rest() == []


def test_nothing_is_restored_while_the_owner_tags_are_gone(ready):
    ready.deregister("VariantB")
    ready.update("second", **RETAINED)
    ready.settle()
    keys = [tag["Key"] for tag in ready.sagemaker.list_tags(ResourceArn=ARN)["Tags"]]
    ready.somebody("DeleteTags", service="sagemaker", ResourceArn=ARN, TagKeys=keys)
    ready.poll(minutes=10)
    assert ready.found() == []

    ready.somebody("AddTags", service="sagemaker", ResourceArn=ARN, Tags=tags())
    ready.poll(minutes=10)
    assert "S3" in ready.found()


def test_a_release_that_no_update_needs_is_caught(stage):
    stage.write_status(**SAVED)
    stage.deregister("VariantB")

    (violation,) = stage.violations()
    assert violation.rule == "S3"
    assert "DeregisterScalableTarget" in violation.subject
    assert "leaves it autoscaled on its instance type" in violation.found


def test_a_release_that_is_not_saved_is_caught(ready):
    ready.write_status()
    ready.deregister("VariantB")

    assert "the status does not hold what is taken off VariantB" in ready.violations()[0].found


def test_what_is_saved_of_another_variant_does_not_count(ready):
    (saved,) = SAVED["releasedScaling"]
    ready.write_status(releasedScaling=[saved | {"variant": "VariantA"}, {"variant": "VariantB"}])
    ready.deregister("VariantB")

    assert "the status does not hold what is taken off VariantB" in ready.violations()[0].found


def schedule_theirs(stage: Stage) -> None:
    stage.somebody(
        "PutScheduledAction",
        **target("VariantB"),
        ScheduledActionName="theirs",
        Schedule="cron(0 8 * * ? *)",
        ScalableTargetAction={"MinCapacity": 2},
    )


def test_foreign_policies_and_scheduled_actions_have_to_be_saved_too(ready):
    schedule_theirs(ready)
    ready.read()
    ready.deregister("VariantB")

    assert "scheduled actions ['theirs']" in ready.violations()[0].found


def test_what_somebody_adds_after_the_last_read_need_not_be_saved(ready):
    ready.read()
    schedule_theirs(ready)
    ready.deregister("VariantB")
    ready.update("second", **RETAINED)

    assert ready.found() == []


def test_a_read_that_does_not_show_yet_what_the_operator_put_excuses_nothing(ready):
    ready.read()
    ready.put_steps("VariantB")
    ready.deregister("VariantB")

    assert "policies ['burst', 'invocations']" in ready.violations()[-1].found


def test_what_is_reported_about_a_variant_saves_nothing(ready):
    variants = [{"name": "VariantB", "instances": {"min": 1, "max": 4}, "policies": SAVED}]
    ready.write_status(variants=variants)
    ready.deregister("VariantB")

    assert ready.found() == ["S3"]


def test_a_release_before_the_config_exists_is_caught(stage):
    stage.apply(LARGER)
    stage.read()
    stage.write_status(**SAVED)
    stage.deregister("VariantB")
    stage.create_config("second", LARGER)
    stage.update("second")

    assert "released just before" in stage.violations()[0].found


def test_a_release_before_a_model_of_the_config_exists_is_caught(ready):
    ready.aws.edit(delete={"model": "bert-a"})
    ready.deregister("VariantB")
    ready.update("second")

    (violation,) = ready.violations()
    assert "DeregisterScalableTarget" in violation.subject
    assert violation.found == "model bert-a did not exist yet"


def test_another_write_between_release_and_update_is_caught(ready):
    ready.deregister("VariantB")
    ready.create_model("bert-c")

    (violation,) = ready.violations()
    assert "CreateModel" in violation.subject
    assert "send the UpdateEndpoint" in violation.right


def test_an_update_that_comes_late_is_caught(ready):
    ready.deregister("VariantB")
    ready.poll(minutes=1.5)
    ready.update("second")

    assert "VariantB had been released 90 s before" in ready.violations()[0].found


def test_a_release_that_nothing_follows_is_caught(ready):
    ready.deregister("VariantB")
    ready.poll(minutes=5)

    (violation,) = ready.violations()
    assert "no write for the endpoint has followed" in violation.found


def test_a_killed_operator_goes_on_where_it_was(ready):
    ready.deregister("VariantB")
    ready.monitor.restarted()
    ready.poll(minutes=3)
    restore(ready)

    assert ready.found() == []


def test_a_changed_spec_may_make_the_update_unnecessary(ready):
    ready.deregister("VariantB")
    ready.apply(spec())
    restore(ready)

    assert ready.found() == []


def test_two_variants_may_be_released_for_one_update():
    stage = Stage()
    stage.deploy(spec(scaled("VariantA"), scaled("VariantB")))
    larger = spec(*(scaled(name) | {"instanceType": "ml.m5.xlarge"} for name in ("VariantA", "VariantB")))
    stage.apply(larger)
    stage.create_config("second", larger)
    (saved,) = SAVED["releasedScaling"]
    stage.write_status(releasedScaling=[saved, saved | {"variant": "VariantA"}])
    stage.deregister("VariantA")
    stage.deregister("VariantB")
    stage.update("second", **RETAINED)

    assert stage.found() == []


def test_what_is_not_restored_after_a_refused_update_is_caught(ready):
    ready.aws.edit(quota={"ml.m5.xlarge": 0})
    ready.deregister("VariantB")
    ready.update("second")
    ready.poll(minutes=6)

    (violation,) = ready.violations()
    assert violation.rule == "S3"
    assert "VariantB serves without its scalable target" in violation.found


def test_a_restoration_that_aws_refuses_is_waited_for(ready):
    ready.aws.edit(quota={"ml.m5.xlarge": 0})
    ready.deregister("VariantB")
    ready.update("second")
    ready.aws.fault({"denied": True}, match={"operation": "RegisterScalableTarget"})
    with pytest.raises(Exception, match="AccessDenied"):
        ready.register("VariantB")
    ready.poll(minutes=2)
    restore(ready)
    ready.poll(minutes=6)

    assert ready.found() == []


def test_bounds_that_are_not_restored_as_read_are_caught_when_the_variant_leaves(stage):
    """The update that removes the variant is refused: it serves on, and the spec says nothing of it."""
    without = spec(fixed("VariantA"))
    stage.apply(without)
    stage.create_config("second", without)
    stage.write_status(**SAVED)
    stage.aws.edit(quota={"ml.m5.large": 0})
    stage.deregister("VariantB")
    stage.update("second")
    stage.register("VariantB", minimum=1, maximum=9)
    stage.put_policy("VariantB")
    stage.poll(minutes=6)

    assert "its bounds 1 to 4" in stage.violations()[0].found


def test_what_only_a_lost_status_recorded_need_not_come_back(stage):
    """The variant leaves the spec, so that nothing else says how it was scaled."""
    without = spec(fixed("VariantA"))
    stage.apply(without)
    stage.create_config("second", without)
    stage.write_status(**SAVED)
    stage.aws.edit(quota={"ml.m5.large": 0})
    stage.deregister("VariantB")
    stage.update("second")
    stage.lose_status()
    stage.write_status()
    stage.poll(minutes=6)

    assert stage.found() == []


def test_what_the_spec_declares_comes_back_whatever_happened_to_the_status(ready):
    ready.aws.edit(quota={"ml.m5.xlarge": 0})
    ready.deregister("VariantB")
    ready.update("second")
    ready.lose_status()
    ready.write_status()
    ready.poll(minutes=6)

    assert "VariantB serves without its scalable target" in ready.violations()[0].found


def test_a_suspension_that_is_not_restored_is_caught(ready):
    suspended = {"DynamicScalingInSuspended": True}
    ready.aws.edit(
        call={
            "service": "application-autoscaling",
            "operation": "RegisterScalableTarget",
            "params": target("VariantB") | {"SuspendedState": suspended},
        }
    )
    ready.write_status(releasedScaling=[SAVED["releasedScaling"][0] | {"suspended": {"scaleIn": True}}])
    ready.deregister("VariantB")
    ready.update("second", **RETAINED)
    ready.settle()
    restore(ready)
    ready.poll(minutes=6)

    assert "VariantB serves without its suspension" in ready.violations()[0].found


def test_scaling_that_the_spec_turns_off_is_no_release(stage):
    stage.apply(spec(fixed("VariantA"), fixed("VariantB", model="bert-b")))
    stage.deregister("VariantB")

    assert stage.found() == []


def test_scaling_goes_with_the_resource(stage):
    stage.delete()
    stage.deregister("VariantB")

    assert stage.found() == []


def test_a_policy_that_the_spec_names_stays(stage):
    stage.scaling.delete_scaling_policy(**target("VariantB"), PolicyName="invocations")

    (violation,) = stage.violations()
    assert "does not ask for its policy invocations to go" in violation.found


def test_a_policy_that_the_spec_does_not_name_may_go(stage):
    renamed = dict(scaled("VariantB")["autoscaling"]["policies"][0], name="load")
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", policies=[renamed])))
    stage.scaling.delete_scaling_policy(**target("VariantB"), PolicyName="invocations")

    assert stage.found() == []


def test_a_suspension_that_nobody_asked_for_is_caught(stage):
    stage.register("VariantB", SuspendedState={"DynamicScalingInSuspended": True})

    assert stage.found() == ["S3"]
