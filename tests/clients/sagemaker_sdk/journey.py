"""Deploy, shift, scale, measure and delete an A/B-tested endpoint with the SageMaker Python SDK v2.

It is told where AWS is by AWS_ENDPOINT_URL alone. The SDK would ask the real STS for a bucket: one is named.
What the SDK has no words for (weights, autoscaling, metrics) is done by clients of its own boto3 session.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sagemaker
from sagemaker import image_uris
from sagemaker.deserializers import JSONLinesDeserializer
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONLinesSerializer

ENDPOINT = "sdk-reviews"
MODELS = {"VariantA": "sdk-varianta", "VariantB": "sdk-variantb"}
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
POLL_SECONDS = 1
REQUESTS = 20

began = datetime.now(UTC)
session = sagemaker.Session(default_bucket="sdk-reviews")
cloudwatch = session.boto_session.client("cloudwatch")
autoscaling = session.boto_session.client("application-autoscaling")
predictor = Predictor(
    ENDPOINT,
    sagemaker_session=session,
    serializer=JSONLinesSerializer(),
    deserializer=JSONLinesDeserializer(),
)


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def until(what: str, look: Callable[[], bool]) -> None:
    for _ in range(90):
        if look():
            return
        time.sleep(POLL_SECONDS)
    raise SystemExit(f"{what} did not come to be")


def counts() -> dict[str, int]:
    described = session.wait_for_endpoint(ENDPOINT, poll=POLL_SECONDS)
    return {one["VariantName"]: one["CurrentInstanceCount"] for one in described["ProductionVariants"]}


def create() -> None:
    image = image_uris.retrieve(
        framework="pytorch",
        region="us-east-1",
        version="1.6.0",
        py_version="py3",
        instance_type="ml.m5.large",
        image_scope="inference",
    )
    expect("the image", image, IMAGE)
    variants = []
    for variant, model in MODELS.items():
        container = {"Image": image, "ModelDataUrl": f"s3://sdk-reviews/{model}/model.tar.gz"}
        session.create_model(model, ROLE, container)
        variants.append(
            sagemaker.production_variant(
                model_name=model,
                instance_type="ml.m5.large",
                initial_instance_count=1,
                variant_name=variant,
                initial_weight=1 if variant == "VariantA" else 0,
            )
        )
    tags = [{"Key": "team", "Value": "sdk"}]
    session.endpoint_from_production_variants(ENDPOINT, variants, tags=tags, wait=False)
    expect("the first instances", counts(), {"VariantA": 1, "VariantB": 1})


def predict() -> None:
    answers = predictor.predict([{"features": ["a fine book"]}])
    expect("that a review is rated", "predicted_label" in answers[0], wanted=True)
    for _ in range(REQUESTS):
        predictor.predict([{"features": ["a fine book"]}], target_variant="VariantB")


def shift() -> None:
    session.sagemaker_client.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[
            {"VariantName": "VariantA", "DesiredWeight": 1},
            {"VariantName": "VariantB", "DesiredWeight": 1},
        ],
    )
    described = session.wait_for_endpoint(ENDPOINT, poll=POLL_SECONDS)
    expect("the weights", [one["CurrentWeight"] for one in described["ProductionVariants"]], [1.0, 1.0])


def statistics(metric: str, *asked: str) -> list[dict[str, float]]:
    dimensions = {"EndpointName": ENDPOINT, "VariantName": "VariantB"}
    points: list[dict[str, float]] = cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=began - timedelta(hours=1),
        EndTime=began + timedelta(hours=12),
        Period=60,
        Statistics=asked,
    )["Datapoints"]
    return points


def measure() -> None:
    until("the metrics", lambda: sum(one["Sum"] for one in statistics("Invocations", "Sum")) == REQUESTS)
    for latency in statistics("ModelLatency", "Minimum", "Average", "Maximum"):
        in_order = 0 < latency["Minimum"] <= latency["Average"] <= latency["Maximum"]
        expect("that latencies are in order", in_order, wanted=True)
    expect(
        "that metrics are listed", bool(cloudwatch.list_metrics(Namespace="AWS/SageMaker")["Metrics"]), True
    )


def scale() -> None:
    autoscaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=3)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    autoscaling.put_scaling_policy(
        **TARGET,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100.0,
            "PredefinedMetricSpecification": metric,
        },
    )
    until("a second instance", lambda: counts()["VariantA"] == 2)
    autoscaling.deregister_scalable_target(**TARGET)


def update() -> None:
    """Let the SDK make a config of its own, with one model and two instances for all variants."""
    config = session.sagemaker_client.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    predictor.update_endpoint(
        initial_instance_count=2, instance_type="ml.m5.large", model_name=MODELS["VariantA"], wait=False
    )
    expect("the instances after the update", set(counts().values()), {2})
    session.delete_endpoint_config(config)


def remove() -> None:
    predictor.delete_endpoint()
    for model in MODELS.values():
        session.delete_model(model)


for act in (create, predict, shift, measure, scale, update, remove):
    act()
print(f"\nsagemaker {sagemaker.__version__}: image_uris.retrieve, production_variant and Predictor work")
