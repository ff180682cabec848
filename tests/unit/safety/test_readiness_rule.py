"""S6: Ready=True is written only if the newest read of all that the spec governs matches it."""

import pytest

from tests.unit.safety.stage import ARN, IMAGE, ROLE, TRACKING, Stage, fixed, model, scaled, spec, target


def found_by(stage):
    """What differed, as the one violation tells it."""
    (violation,) = stage.violations()
    assert violation.rule == "S6"
    assert "Ready=True written to ml/reviews" in violation.subject
    return violation.found


def test_ready_after_a_read_that_matches_is_right(stage):
    stage.write_status(ready=True)

    assert stage.found() == []


def test_not_ready_may_be_written_at_any_time(stage):
    stage.apply(spec(fixed("VariantA", weight=90), scaled("VariantB")))
    stage.write_status(ready=False)

    assert stage.found() == []


def test_ready_about_another_generation_is_caught(stage):
    stage.apply(spec(fixed("VariantA", weight=50), scaled("VariantB"), deletionPolicy="Retain"))
    stage.write_status(ready=True, generation=1)

    assert found_by(stage) == "the status is about generation 1"


def test_a_status_about_an_older_spec_that_nobody_wrote_again_is_right(stage):
    stage.write_status(ready=True)
    stage.apply(spec(fixed("VariantA", weight=90), scaled("VariantB")))

    assert stage.found() == []


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10)), "the current share of VariantA"),
        (spec(fixed("VariantA", count=2), scaled("VariantB")), "VariantA has 1 instances, not 2"),
        (spec(fixed("VariantA"), scaled("VariantB", minimum=2)), "VariantB scales between 1 and 4"),
        (spec(fixed("VariantA"), fixed("VariantB", model="bert-b")), "VariantB has a scalable target"),
        (spec(fixed("VariantA"), scaled("VariantB", model="bert-a")), "VariantB serves ModelDataUrl"),
        (spec(fixed("VariantA")), "the variants are ['VariantA', 'VariantB'], not ['VariantA']"),
        (spec(tags=[{"key": "team", "value": "search"}]), "tag team is None, not 'search'"),
        (
            spec(fixed("VariantA") | {"instanceType": "ml.m5.xlarge"}, scaled("VariantB")),
            "VariantA runs on ml.m5.large, not ml.m5.xlarge",
        ),
    ],
    ids=["weight", "count", "minimum", "scaling", "model", "variants", "tag", "type"],
)
def test_ready_while_something_differs_is_caught(stage, wanted, words):
    stage.apply(wanted)
    stage.read()
    stage.write_status(ready=True)

    assert words in found_by(stage)


def test_weights_are_compared_as_shares(stage):
    stage.apply(spec(fixed("VariantA", weight=5), scaled("VariantB", weight=5)))
    stage.read()
    stage.write_status(ready=True)

    assert stage.found() == []


def test_a_weight_that_is_on_its_way_is_not_there_yet(stage):
    stage.apply(spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10)))
    stage.weigh(VariantA=90, VariantB=10)
    stage.aws.advance(seconds=1)
    stage.read()
    stage.write_status(ready=True)

    assert "the current share of VariantA is 50.0%, not 90.0%" in found_by(stage)


def test_what_others_did_since_the_newest_read_cannot_be_known(stage):
    stage.aws.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 7}})
    stage.write_status(ready=True)

    assert stage.found() == []


def test_what_the_operator_asked_for_since_the_newest_read_counts(stage):
    """The spec changes and changes back: the newest read shows the old weights, which are wanted again."""
    stage.apply(spec(fixed("VariantA", weight=90), scaled("VariantB", weight=10)))
    stage.weigh(VariantA=90, VariantB=10)
    stage.apply(spec())
    stage.write_status(ready=True)

    assert "the desired share of VariantA is 90.0%, not 50.0% (as the operator asked" in found_by(stage)


def test_a_policy_that_is_missing_or_another_is_caught(stage):
    stage.scaling.put_scaling_policy(
        **target("VariantB"),
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING | {"TargetValue": 5.0},
    )
    stage.read()
    stage.write_status(ready=True)

    assert "VariantB has another policy invocations" in found_by(stage)


def redeployed(stage, variant, **members):
    """Deploy, by somebody else's hand, the config in use with other members for each variant and beside."""
    state = stage.aws.state()["123456789012/us-east-1"]
    variants = [dict(one) | variant for one in state["endpointConfigs"]["first"]["ProductionVariants"]]
    made = {"EndpointConfigName": "theirs", "ProductionVariants": variants, **members}
    calls = {
        "CreateEndpointConfig": made,
        "UpdateEndpoint": {"EndpointName": "reviews", "EndpointConfigName": "theirs"},
    }
    for operation, params in calls.items():
        stage.aws.edit(call={"service": "sagemaker", "operation": operation, "params": params})
    stage.settle()


def test_members_of_the_config_that_no_spec_asks_for_are_drift(stage):
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    redeployed(stage, {}, DataCaptureConfig=capture)
    stage.write_status(ready=True)

    assert "config theirs has DataCaptureConfig" in found_by(stage)


def test_members_of_the_config_that_have_their_default_are_no_drift(stage):
    """A config that is created again after a deletion may have what AWS showed of the first one."""
    redeployed(stage, {"RoutingConfig": {"RoutingStrategy": "RANDOM"}}, EnableNetworkIsolation=False)
    stage.write_status(ready=True)

    assert stage.found() == []


def test_what_was_never_read_is_not_known_to_match():
    stage = Stage()
    stage.apply(spec())
    stage.sagemaker.list_tags(ResourceArn=ARN) if stage.live() else None
    stage.attempt("describe_endpoint", EndpointName="reviews")
    stage.write_status(ready=True)

    assert "endpoint reviews does not exist" in found_by(stage)
    assert "the scalable targets of reviews was never read" in found_by(stage)


def test_another_revision_is_another_model(stage):
    stage.write_status(ready=True)
    stage.apply(spec(models=[model("bert-a", revision="2"), model("bert-b")]))
    stage.write_status(ready=True)

    assert "VariantA serves bert-a, which was revision '', not '2'" in found_by(stage)


def test_a_model_whose_name_somebody_took_under_the_endpoint_says_nothing_of_what_serves(stage):
    stage.aws.edit(delete={"model": "bert-a"})
    theirs = {"ModelName": "bert-a", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": f"{IMAGE}-2"}}
    stage.somebody("CreateModel", service="sagemaker", **theirs)
    stage.read()
    stage.write_status(ready=True)

    assert stage.found() == []


def test_a_model_of_ours_with_other_content_is_caught(stage):
    stage.apply(spec(models=[model("bert-a", primaryContainer={"image": f"{IMAGE}-2"}), model("bert-b")]))
    stage.write_status(ready=True)

    assert f"VariantA serves Image {IMAGE}, not {IMAGE}-2" in found_by(stage)


def test_an_endpoint_that_the_autoscaler_changes_may_be_ready(stage):
    params = {
        "EndpointName": "reviews",
        "DesiredWeightsAndCapacities": [{"VariantName": "VariantB", "DesiredInstanceCount": 3}],
    }
    stage.aws.edit(
        call={
            "service": "sagemaker",
            "operation": "UpdateEndpointWeightsAndCapacities",
            "params": params,
        }
    )
    stage.read()
    assert stage.live()["status"] == "Updating"
    stage.write_status(ready=True)

    assert stage.found() == []


def test_an_endpoint_on_its_way_to_another_config_is_not_ready(stage):
    stage.create_config("second", spec())
    stage.update("second")
    stage.read()
    stage.write_status(ready=True)

    assert "endpoint reviews is Updating" in found_by(stage)
