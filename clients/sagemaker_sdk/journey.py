"""Deploy, shift, scale and delete an A/B-tested endpoint with the SageMaker Python SDK v2.

It is told where AWS is by AWS_ENDPOINT_URL alone. The SDK would ask the real STS for a bucket: one is named.
"""

import boto3
import sagemaker
from sagemaker import image_uris
from sagemaker.deserializers import JSONLinesDeserializer
from sagemaker.predictor import Predictor
from sagemaker.serializers import JSONLinesSerializer

ENDPOINT = "sdk-reviews"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
POLL_SECONDS = 1

session = sagemaker.Session(default_bucket="sdk-reviews")
image = image_uris.retrieve(
    framework="pytorch",
    region="us-east-1",
    version="1.6.0",
    py_version="py3",
    instance_type="ml.m5.large",
    image_scope="inference",
)
variants = []
for name, weight in (("VariantA", 1), ("VariantB", 0)):
    model = f"sdk-{name.lower()}"
    container = {"Image": image, "ModelDataUrl": f"s3://sdk-reviews/{model}/model.tar.gz"}
    session.create_model(model, ROLE, container)
    variants.append(
        sagemaker.production_variant(
            model_name=model,
            instance_type="ml.m5.large",
            initial_instance_count=1,
            variant_name=name,
            initial_weight=weight,
        )
    )
session.endpoint_from_production_variants(
    ENDPOINT, variants, tags=[{"Key": "team", "Value": "sdk"}], wait=False
)
session.wait_for_endpoint(ENDPOINT, poll=POLL_SECONDS)

predictor = Predictor(
    ENDPOINT,
    sagemaker_session=session,
    serializer=JSONLinesSerializer(),
    deserializer=JSONLinesDeserializer(),
)
print("VariantA says", predictor.predict([{"features": ["a fine book"]}]))
print("VariantB says", predictor.predict([{"features": ["a fine book"]}], target_variant="VariantB"))

session.sagemaker_client.update_endpoint_weights_and_capacities(
    EndpointName=ENDPOINT,
    DesiredWeightsAndCapacities=[
        {"VariantName": "VariantA", "DesiredWeight": 1},
        {"VariantName": "VariantB", "DesiredWeight": 1},
    ],
)
session.wait_for_endpoint(ENDPOINT, poll=POLL_SECONDS)

predictor.update_endpoint(
    initial_instance_count=2, instance_type="ml.m5.large", model_name="sdk-varianta", wait=False
)
described = session.wait_for_endpoint(ENDPOINT, poll=POLL_SECONDS)
counts = {one["VariantName"]: one["CurrentInstanceCount"] for one in described["ProductionVariants"]}
if set(counts.values()) != {2}:
    raise SystemExit(f"the update came to {counts}")
print("after the update", counts)
metrics = boto3.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker")["Metrics"]
print(len(metrics), "metrics")

predictor.delete_endpoint()
for name in ("sdk-varianta", "sdk-variantb"):
    session.delete_model(name)
