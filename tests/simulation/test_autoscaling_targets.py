"""Scalable targets and policies: what is taken, what is refused, what goes with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.scaling import METRIC, RESOURCE, Scaling

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws


@pytest.fixture
def scaling(calm_sim: InProcessAws, in_service: Any) -> Scaling:
    del in_service
    return Scaling(calm_sim)


def alarms(sim: InProcessAws) -> list[str]:
    return [alarm["AlarmName"] for alarm in sim.client("cloudwatch").describe_alarms()["MetricAlarms"]]


@pytest.mark.ledger("autoscaling.role")
def test_a_target_reads_back_with_the_service_linked_role_whatever_was_sent(scaling: Scaling) -> None:
    arn = scaling.register(RoleARN="arn:aws:iam::123456789012:role/mine")["ScalableTargetARN"]
    (target,) = scaling.targets()
    role = target.pop("RoleARN")
    assert role.endswith("AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")
    assert target.pop("CreationTime")
    assert target == {
        "ServiceNamespace": "sagemaker",
        "ResourceId": RESOURCE,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 2,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": arn,
    }


@pytest.mark.ledger("autoscaling.first-capacity")
def test_the_first_registration_needs_both_bounds(scaling: Scaling, refused: Any) -> None:
    assert refused(scaling.change, MaxCapacity=2)[0] == "ValidationException"


@pytest.mark.ledger("autoscaling.capacity-order", "autoscaling.min-one")
@pytest.mark.parametrize("sim_seed", range(3))
def test_bounds_are_in_order_and_above_zero(scaling: Scaling, refused: Any) -> None:
    assert refused(scaling.register, MinCapacity=3)[0] == "ValidationException"
    assert refused(scaling.register, MinCapacity=0)[0] == "ValidationException"
    assert not scaling.targets()


@pytest.mark.ledger("autoscaling.endpoint-missing")
@pytest.mark.parametrize("sim_seed", range(3))
@pytest.mark.parametrize(
    "resource",
    [
        "endpoint/nobody/variant/VariantA",
        "endpoint/reviews/variant/VariantZ",
        "endpoint/Reviews/variant/VariantA",
    ],
)
def test_endpoint_and_variant_must_exist(scaling: Scaling, refused: Any, resource: str) -> None:
    assert refused(scaling.register, resource)[0] == "ValidationException"


@pytest.mark.ledger("autoscaling.resource-id")
@pytest.mark.parametrize("resource", ["endpoint/reviews", "reviews", "variant/A/endpoint/reviews"])
def test_a_resource_id_names_endpoint_and_variant(scaling: Scaling, refused: Any, resource: str) -> None:
    assert refused(scaling.register, resource)[0] == "ValidationException"


@pytest.mark.ledger("autoscaling.endpoint-not-in-service")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_endpoint_that_is_not_in_service_takes_no_first_registration(
    calm_sim: InProcessAws, deployer: Any, refused: Any
) -> None:
    deployer.model()
    deployer.config()
    deployer.endpoint()
    scaling = Scaling(calm_sim)
    assert refused(scaling.register)[0] == "ValidationException"
    calm_sim.advance(minutes=10)
    scaling.register()
    weights = [{"VariantName": "VariantA", "DesiredWeight": 9}]
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=weights
    )
    assert scaling.register(MaxCapacity=5)
    assert refused(scaling.register, "endpoint/reviews/variant/VariantB")[0] == "ValidationException"


@pytest.mark.ledger("autoscaling.burstable", "autoscaling.burstable-types")
def test_burstable_instances_do_not_scale(calm_sim: InProcessAws, deployer: Any, refused: Any) -> None:
    deployer.model()
    types = {"T": "ml.t2.medium", "Trainium": "ml.trn1.2xlarge", "M": "ml.m5.large"}
    deployer.config(**{name: {"InstanceType": kind} for name, kind in types.items()})
    deployer.endpoint()
    calm_sim.advance(minutes=20)
    scaling = Scaling(calm_sim)
    for name in ("Trainium", "M"):
        assert scaling.register(f"endpoint/reviews/variant/{name}")
    code, text = refused(scaling.register, "endpoint/reviews/variant/T")
    assert code == "ValidationException"
    assert text.startswith(
        "You cannot register a variant with ml.t2.medium instance type as a scalable target."
    )


@pytest.mark.ledger("autoscaling.only-variants")
def test_other_dimensions_say_that_they_are_not_simulated(scaling: Scaling, refused: Any) -> None:
    code, text = refused(
        scaling.register, ScalableDimension="sagemaker:variant:DesiredProvisionedConcurrency"
    )
    assert code == "ValidationException"
    assert "simulated" in text


@pytest.mark.ledger(
    "autoscaling.tag-on-update",
    "autoscaling.tagged-missing",
    "autoscaling.tags-per-target",
    "autoscaling.too-many-tags",
)
def test_tags_come_with_the_first_registration_or_by_their_own_calls(scaling: Scaling, refused: Any) -> None:
    client = scaling.client
    arn = scaling.register(Tags={"team": "ml"})["ScalableTargetARN"]
    code, text = refused(scaling.register, Tags={"team": "x"})
    assert code == "ValidationException"
    assert text.startswith("The scalable target that you tried to tag already exists.")
    client.tag_resource(ResourceARN=arn, Tags={"owner": "me"})
    client.untag_resource(ResourceARN=arn, TagKeys=["team", "never"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"owner": "me"}
    many = {f"key{number}": "x" for number in range(50)}
    assert refused(client.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
    scaling.deregister()
    assert refused(client.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"


@pytest.mark.ledger("autoscaling.cooldown-default", "autoscaling.alarm-description")
def test_a_policy_brings_two_alarms_and_reads_back(calm_sim: InProcessAws, scaling: Scaling) -> None:
    scaling.register()
    put = scaling.put(ScaleOutCooldown=60, ScaleInCooldown=300)
    (policy,) = scaling.policies()
    assert policy["PolicyARN"] == put["PolicyARN"]
    assert put["PolicyARN"].endswith(f":resource/sagemaker/{RESOURCE}:policyName/invocations")
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 2.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }
    names = [alarm["AlarmName"] for alarm in put["Alarms"]]
    assert sorted(names) == sorted(alarms(calm_sim))
    assert [name.split(RESOURCE)[1][:10] for name in names] == ["-AlarmHigh", "-AlarmLow-"]
    high, low = calm_sim.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert (high["Threshold"], high["EvaluationPeriods"], high["ComparisonOperator"]) == (
        2.0,
        3,
        "GreaterThanThreshold",
    )
    assert (low["Threshold"], low["EvaluationPeriods"]) == (pytest.approx(1.8), 15)
    assert high["AlarmActions"] == [put["PolicyARN"]]
    calm_sim.advance(minutes=2)


def test_putting_a_policy_again_keeps_its_name_and_alarms(scaling: Scaling) -> None:
    scaling.register()
    first = scaling.put()
    again = scaling.put(TargetValue=70.5)
    assert {key: again[key] for key in ("PolicyARN", "Alarms")} == {
        key: first[key] for key in ("PolicyARN", "Alarms")
    }
    (policy,) = scaling.policies()
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.5


def test_a_policy_that_does_not_scale_in_has_one_alarm(scaling: Scaling) -> None:
    scaling.register()
    assert len(scaling.put(DisableScaleIn=True)["Alarms"]) == 1


@pytest.mark.ledger("autoscaling.target-missing", "autoscaling.policy-missing")
def test_what_is_not_there_is_not_found(scaling: Scaling, refused: Any) -> None:
    text = (
        f"No scalable target found for service namespace: sagemaker, resource ID: {RESOURCE},"
        " scalable dimension: sagemaker:variant:DesiredInstanceCount"
    )
    assert refused(scaling.put) == ("ObjectNotFoundException", text)
    assert refused(scaling.deregister) == ("ObjectNotFoundException", text)
    assert refused(scaling.drop)[0] == "ObjectNotFoundException"


@pytest.mark.ledger("autoscaling.one-policy-per-metric")
def test_a_target_has_one_policy_per_metric(scaling: Scaling, refused: Any) -> None:
    scaling.register()
    scaling.put()
    text = "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    assert refused(scaling.put, "another") == ("ValidationException", text)
    scaling.drop()
    assert scaling.put("another")


@pytest.mark.ledger("autoscaling.target-value", "autoscaling.metric-type")
def test_what_a_policy_may_track(scaling: Scaling, refused: Any) -> None:
    scaling.register()
    other = {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}
    assert refused(scaling.put, TargetValue=0.0)[0] == "ValidationException"
    assert "only supports" in refused(scaling.put, PredefinedMetricSpecification=other)[1]


@pytest.mark.ledger("autoscaling.deregister-cascades")
def test_deregistering_takes_policies_and_alarms_with_it(calm_sim: InProcessAws, scaling: Scaling) -> None:
    scaling.register()
    scaling.put()
    scaling.deregister()
    assert not scaling.targets()
    assert not scaling.policies()
    assert not alarms(calm_sim)


@pytest.mark.ledger("autoscaling.delete-endpoint-deregisters")
def test_deleting_the_endpoint_deregisters(calm_sim: InProcessAws, in_service: Any, scaling: Scaling) -> None:
    scaling.register()
    scaling.put()
    in_service.client.delete_endpoint(EndpointName="reviews")
    assert not scaling.targets()
    assert not alarms(calm_sim)


@pytest.mark.ledger("autoscaling.gate-instance-type", "autoscaling.gate-removal")
@pytest.mark.parametrize("sim_seed", range(3))
def test_a_registered_variant_keeps_its_instance_type_and_its_place_but_not_its_model(
    calm_sim: InProcessAws, in_service: Any, scaling: Scaling, refused: Any
) -> None:
    scaling.register()
    update = in_service.client.update_endpoint
    in_service.model("bert-b")
    for name, variants in {
        "larger": {"VariantA": {"InstanceType": "ml.m5.xlarge"}, "VariantB": {}},
        "without": {"VariantB": {}},
        "other-model": {"VariantA": {"ModelName": "bert-b"}, "VariantB": {"InstanceType": "ml.c5.large"}},
    }.items():
        in_service.config(name, **variants)
    for name in ("larger", "without"):
        code, text = refused(update, EndpointName="reviews", EndpointConfigName=name)
        assert code == "ValidationException"
        assert '"VariantA"' in text
    assert in_service.describe()["EndpointStatus"] == "InService"
    update(EndpointName="reviews", EndpointConfigName="other-model")
    calm_sim.advance(minutes=10)
    scaling.deregister()
    assert update(EndpointName="reviews", EndpointConfigName="larger")


@pytest.mark.ledger("autoscaling.target-page", "autoscaling.policy-page", "autoscaling.next-token")
@pytest.mark.ledger("cloudwatch.alarm-page")
def test_pages_hold_50_targets_and_10_policies_even_if_more_is_asked_for(
    calm_sim: InProcessAws, deployer: Any, refused: Any
) -> None:
    deployer.model()
    deployer.config(**{f"V{number}": {} for number in range(10)})
    for number in range(6):
        deployer.endpoint(f"reviews-{number}")
    calm_sim.advance(minutes=10)
    scaling = Scaling(calm_sim)
    resources = [f"endpoint/reviews-{one}/variant/V{two}" for one in range(6) for two in range(10)]
    for resource in resources:
        scaling.register(resource)
        scaling.put(resource=resource)
    assert len(scaling.targets(MaxResults=100)) == 50
    assert len(scaling.policies(MaxResults=100)) == 10
    assert len(scaling.targets(ResourceIds=resources[:3])) == 3
    assert [policy["ResourceId"] for policy in scaling.policies(ResourceId=resources[7])] == resources[7:8]
    assert not scaling.policies(PolicyNames=["other"])
    for name, key in (
        ("describe_scalable_targets", "ScalableTargets"),
        ("describe_scaling_policies", "ScalingPolicies"),
    ):
        pages = scaling.client.get_paginator(name).paginate(ServiceNamespace="sagemaker")
        found = [item["ResourceId"] for page in pages for item in page[key]]
        assert sorted(found) == sorted(resources)
    assert refused(scaling.targets, NextToken="x")[0] == "InvalidNextTokenException"
    cloudwatch = calm_sim.client("cloudwatch")
    names = [
        alarm["AlarmName"]
        for page in cloudwatch.get_paginator("describe_alarms").paginate()
        for alarm in page["MetricAlarms"]
    ]
    assert len(set(names)) == len(names) == 2 * len(resources)
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) in {50, 100}
    one = cloudwatch.describe_alarms(AlarmNamePrefix=f"TargetTracking-{resources[7]}-AlarmHigh")
    assert len(one["MetricAlarms"]) == 1
    assert not cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert refused(cloudwatch.describe_alarms, NextToken="x")[0] == "InvalidNextToken"


def test_the_state_of_the_simulation_shows_targets_with_their_policies(
    calm_sim: InProcessAws, scaling: Scaling
) -> None:
    scaling.register(Tags={"team": "ml"})
    scaling.put()
    state = calm_sim.state()["123456789012/us-east-1"]["scalableTargets"][RESOURCE]
    assert (state["min"], state["max"], state["tags"]) == (1, 2, {"team": "ml"})
    assert state["policies"]["invocations"]["TargetValue"] == 2.0


def test_somebody_else_may_do_anything_and_the_call_log_does_not_show_it(
    calm_sim: InProcessAws, scaling: Scaling
) -> None:
    scaling.register()
    before = len(calm_sim.calls())
    variant = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": RESOURCE,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    calm_sim.edit(
        call={
            "service": "application-autoscaling",
            "operation": "RegisterScalableTarget",
            "params": variant | {"MaxCapacity": 9},
        }
    )
    assert len(calm_sim.calls()) == before
    assert scaling.targets()[0]["MaxCapacity"] == 9


def test_an_endpoint_that_somebody_else_deletes_takes_its_targets_with_it(
    calm_sim: InProcessAws, scaling: Scaling
) -> None:
    scaling.register()
    scaling.put()
    calm_sim.edit(delete={"endpoint": "reviews"})
    assert not scaling.targets()
    assert not scaling.policies()
