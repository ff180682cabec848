"""What the observer reads of an endpoint, its config and the scalable targets of its variants."""

from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.observe import DirectObserver, live_endpoint
from sagemaker_ab.planning.observed import EndpointStatus, ObservedVariant
from sandbox.aws.inprocess import InProcessAws

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class Region:
    """An AWS in this process, with the clients that the observer uses and a person's."""

    def __init__(self):
        self.sim = InProcessAws(stale_reads=False, lost_answers=False)
        self.by_hand = self.sim.client("sagemaker")
        clients = {
            "sagemaker": self.sim.client("sagemaker"),
            "autoscaling": self.sim.client("application-autoscaling"),
        }
        clock = AwsClock(local_clock=self.sim.engine.clock.now)
        for client in clients.values():
            clock.attach(client.meta.events)
        self.clients = SimpleNamespace(region="us-east-1", clock=clock, **clients)

    def create(self, *variants):
        """An endpoint `reviews` of these variants, which is being created."""
        role = "arn:aws:iam::123456789012:role/sagemaker"
        self.by_hand.create_model(ModelName="bert", ExecutionRoleArn=role, PrimaryContainer={"Image": IMAGE})
        self.config("first", *variants)
        tags = [{"Key": "team", "Value": "search"}]
        self.by_hand.create_endpoint(EndpointName="reviews", EndpointConfigName="first", Tags=tags)

    def config(self, name, *variants):
        members = {"ModelName": "bert", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
        self.by_hand.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {"VariantName": variant, "InitialVariantWeight": 0.5, **members} for variant in variants
            ],
        )

    def register(self, variant, *, most=4):
        self.clients.autoscaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/reviews/variant/{variant}",
            ScalableDimension=DIMENSION,
            MinCapacity=1,
            MaxCapacity=most,
        )

    def put_policy(self, name, kind, **configuration):
        self.clients.autoscaling.put_scaling_policy(
            PolicyName=name,
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/reviews/variant/VariantB",
            ScalableDimension=DIMENSION,
            PolicyType=kind,
            **{f"{kind}PolicyConfiguration": configuration},
        )
        self.sim.advance(seconds=60)

    def leave_out(self, service, operation, items, *members):
        """Let AWS answer without these members of its items, which the API reference calls optional."""

        def leave_out(parsed, **_):
            for item in parsed[items]:
                for member in members:
                    item.pop(member, None)

        getattr(self.clients, service).meta.events.register(f"after-call.*.{operation}", leave_out)

    def requests(self, operation):
        return [call["params"] for call in self.sim.calls() if call["operation"] == operation]

    def observe(self, **options):
        return DirectObserver().observe(self.clients, "reviews", **options)


@pytest.fixture
def region():
    return Region()


@pytest.fixture
def serving(region):
    """An endpoint of two variants in service; VariantB scales."""
    region.create("VariantA", "VariantB")
    region.sim.advance(minutes=20)
    region.register("VariantB")
    region.sim.advance(seconds=60)
    return region


def test_an_endpoint_that_does_not_exist_is_absent_and_has_no_targets(region):
    observed = region.observe()

    assert (observed.endpoint, observed.config_in_use, observed.targets) == (None, None, {})
    assert region.requests("DescribeScalableTargets") == []
    assert observed.now == region.sim.engine.clock.now()
    assert observed.now - 1 <= observed.read_at <= observed.now


def test_an_endpoint_in_service_is_read_with_its_variants_and_tags(serving):
    endpoint = serving.observe().endpoint

    assert (endpoint.status, endpoint.config_name) == (EndpointStatus.IN_SERVICE, "first")
    assert endpoint.arn == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
    assert endpoint.tags == {"team": "search"}
    assert (endpoint.pending_config_name, endpoint.failure_reason) == (None, None)
    assert (
        endpoint.last_modified
        == serving.by_hand.describe_endpoint(EndpointName="reviews")["LastModifiedTime"].timestamp()
    )
    (first, second) = endpoint.variants
    assert (first.name, second.name) == ("VariantA", "VariantB")
    assert (first.current_weight, first.desired_weight) == (0.5, 0.5)
    assert (first.current_count, first.desired_count) == (2, 2)
    assert first.image_digest.startswith("sha256:")


def test_the_image_of_a_variant_is_known_by_its_digest(serving):
    described = serving.by_hand.describe_endpoint(EndpointName="reviews")["ProductionVariants"][0]
    (image,) = described["DeployedImages"]

    assert serving.observe().endpoint.variants[0].image_digest == image["ResolvedImage"].split("@")[1]


def test_a_variant_of_which_aws_shows_the_name_only_has_no_weights_no_instances_and_no_image(serving):
    members = ("CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount")
    serving.leave_out("sagemaker", "DescribeEndpoint", "ProductionVariants", "DeployedImages", *members)

    assert serving.observe().endpoint.variants == (
        ObservedVariant("VariantA", 0.0, 0.0, 0, 0, image_digest=None),
        ObservedVariant("VariantB", 0.0, 0.0, 0, 0, image_digest=None),
    )


def test_an_image_that_is_not_resolved_has_no_digest(serving):
    def none_deployed(parsed, **_):
        first, second = parsed["ProductionVariants"]
        first["DeployedImages"] = []
        second["DeployedImages"] = [{"SpecifiedImage": IMAGE}]

    serving.clients.sagemaker.meta.events.register("after-call.*.DescribeEndpoint", none_deployed)

    assert [variant.image_digest for variant in serving.observe().endpoint.variants] == [None, None]


def test_the_config_in_use_is_read_by_its_content(serving):
    config = serving.observe().config_in_use

    assert config.name == "first"
    assert [variant["VariantName"] for variant in config.production_variants] == ["VariantA", "VariantB"]
    assert config.content.keys().isdisjoint(
        {"EndpointConfigName", "EndpointConfigArn", "CreationTime", "ResponseMetadata"}
    )


def test_the_pending_config_is_read_for_a_deletion_only(serving):
    serving.config("second", "VariantA", "VariantB")
    serving.by_hand.update_endpoint(EndpointName="reviews", EndpointConfigName="second")
    serving.sim.advance(seconds=60)

    assert serving.observe().endpoint.pending_config_name == "second"
    assert serving.observe().pending_config is None
    assert serving.observe(deleting=True).pending_config.name == "second"


def test_a_target_is_found_by_its_variant(serving):
    target = serving.observe().targets["VariantB"]

    assert list(serving.observe().targets) == ["VariantB"]
    assert (target.min_capacity, target.max_capacity) == (1, 4)
    assert target.policies == {}


def test_targets_are_asked_for_by_namespace_variants_and_dimension(serving):
    serving.observe()

    assert serving.requests("DescribeScalableTargets")[-1] == {
        "ServiceNamespace": "sagemaker",
        "ResourceIds": ["endpoint/reviews/variant/VariantA", "endpoint/reviews/variant/VariantB"],
        "ScalableDimension": DIMENSION,
    }


def test_targets_of_variants_that_only_the_endpoint_names_are_found(serving):
    """Somebody deleted the config in use."""
    serving.by_hand.delete_endpoint_config(EndpointConfigName="first")
    serving.sim.advance(seconds=60)

    observed = serving.observe()
    assert observed.config_in_use is None
    assert list(observed.targets) == ["VariantB"]


def test_variants_that_only_the_config_names_are_asked_for(region):
    """An endpoint that is being created names no variants yet."""
    region.create("VariantA", "VariantB")
    region.sim.advance(seconds=20)

    observed = region.observe()
    assert observed.endpoint.status is EndpointStatus.CREATING
    assert observed.endpoint.variants == ()
    assert region.requests("DescribeScalableTargets")[-1]["ResourceIds"] == [
        "endpoint/reviews/variant/VariantA",
        "endpoint/reviews/variant/VariantB",
    ]


def test_policies_of_a_target_are_read_with_type_and_configuration(serving):
    configuration = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    serving.put_policy("invocations", "TargetTrackingScaling", **configuration)

    (policy,) = serving.observe().targets["VariantB"].policies.values()
    assert policy.type == "TargetTrackingScaling"
    assert configuration.items() <= policy.configuration.items()
    assert policy.arn.endswith(":policyName/invocations")
    assert len(policy.alarms) == 2
    assert all("TargetTracking" in name for name in policy.alarms)
    assert serving.requests("DescribeScalingPolicies")[-1] == {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/reviews/variant/VariantB",
        "ScalableDimension": DIMENSION,
    }


def test_a_policy_of_which_aws_lists_no_alarm_has_none(serving):
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    serving.put_policy("burst", "StepScaling", AdjustmentType="ChangeInCapacity", StepAdjustments=steps)
    assert serving.observe().targets["VariantB"].policies["burst"].alarms == ()

    serving.leave_out("autoscaling", "DescribeScalingPolicies", "ScalingPolicies", "Alarms")
    assert serving.observe().targets["VariantB"].policies["burst"].alarms == ()


def test_what_is_suspended_of_a_target_is_read(serving):
    serving.clients.autoscaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/reviews/variant/VariantB",
        ScalableDimension=DIMENSION,
        SuspendedState={"DynamicScalingInSuspended": True},
    )
    serving.sim.advance(seconds=60)

    assert serving.observe().targets["VariantB"].suspended["DynamicScalingInSuspended"] is True


def test_a_read_that_aws_refuses_is_an_error_and_not_an_absence(serving):
    denied = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    for operation in ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeScalableTargets", "ListTags"):
        serving.sim.fault(denied, match={"operation": operation}, count=1)
        with pytest.raises(AwsError, match="not authorized"):
            serving.observe()


def test_a_command_describes_the_variants_that_serve_and_aws_time(serving):
    live = live_endpoint(serving.clients, endpoint_name="reviews")

    assert live.variants == ("VariantA", "VariantB")
    assert live.at.timestamp() == serving.sim.engine.clock.now()
    with pytest.raises(AwsError, match="Could not find endpoint"):
        live_endpoint(serving.clients, endpoint_name="nothing")


def test_weights_are_floats_although_json_may_have_whole_numbers(region):
    region.create("VariantA")
    region.sim.advance(minutes=15)
    region.sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 9}})

    def without_fractions(parsed, **_):
        for variant in parsed["ProductionVariants"]:
            variant.update({member: int(variant[member]) for member in ("CurrentWeight", "DesiredWeight")})

    region.clients.sagemaker.meta.events.register("after-call.*.DescribeEndpoint", without_fractions)

    (variant,) = region.observe().endpoint.variants

    assert (variant.current_weight, variant.desired_weight) == (9.0, 9.0)
    assert isinstance(variant.current_weight, float)
    assert isinstance(variant.desired_weight, float)
