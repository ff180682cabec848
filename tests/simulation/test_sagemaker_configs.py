"""Endpoint configs as the simulated AWS keeps them: immutable, checked, and unprotected against deletion."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.ledger import Ledger, row

SEED_THAT_REFUSES = next(seed for seed in range(50) if Ledger(seed).value("sm.weights.all-zero") == "refuse")
CONFIG_ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/fifty-fifty"


PLAIN = {
    "VariantName": "VariantA",
    "ModelName": "bert-a",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 2,
}
CAPTURE = {
    "InitialSamplingPercentage": 20,
    "DestinationS3Uri": "s3://captured/reviews",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def by_hand(sim: Any, variant: Any, **members: Any) -> Any:
    """Make the config "plain" as somebody else; return what DescribeEndpointConfig tells of it."""
    client = sim.client("sagemaker", access_key="AKIASOMEBODY")
    client.create_endpoint_config(EndpointConfigName="plain", ProductionVariants=[variant], **members)
    found = client.describe_endpoint_config(EndpointConfigName="plain")
    del found["ResponseMetadata"], found["CreationTime"], found["EndpointConfigArn"]
    return found


@pytest.mark.ledger("sm.config.variants-read-back", "sm.config.weight-default")
@pytest.mark.parametrize("added", [variant.value for variant in row("sm.config.variants-read-back").variants])
def test_a_variant_reads_back_as_it_was_given_and_perhaps_with_more(serving: Any, added: Any) -> None:
    sim, _ = serving({"sm.config.variants-read-back": added})
    found = by_hand(sim, PLAIN)
    assert found["ProductionVariants"] == [PLAIN | {"InitialVariantWeight": 1.0} | added]


@pytest.mark.ledger("sm.config.reads-back", "sm.config.variants-read-back", "sm.config.capture-reads-back")
@pytest.mark.parametrize("sim_seed", range(6))
def test_members_that_were_given_read_back_exactly(calm_sim: Any, deployer: Any) -> None:
    deployer.model()
    variant = PLAIN | {
        "InitialVariantWeight": 0.5,
        "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        "EnableSSMAccess": True,
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-2",
        "ModelDataDownloadTimeoutInSeconds": 900,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        "VolumeSizeInGB": 100,
    }
    members = {
        "DataCaptureConfig": CAPTURE | {"EnableCapture": False, "KmsKeyId": KEY},
        "EnableNetworkIsolation": True,
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "KmsKeyId": KEY,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
    }
    found = by_hand(calm_sim, variant, **members)
    (read,) = found.pop("ProductionVariants")
    assert read.items() >= variant.items()
    assert found == members | {"EndpointConfigName": "plain"}


@pytest.mark.ledger("sm.config.reads-back", "sm.config.capture-reads-back")
@pytest.mark.parametrize("added", [variant.value for variant in row("sm.config.capture-reads-back").variants])
def test_data_capture_reads_back_as_it_was_given_and_perhaps_with_more(serving: Any, added: Any) -> None:
    sim, _ = serving({"sm.config.capture-reads-back": added, "sm.config.reads-back": "bare"})
    found = by_hand(sim, PLAIN, DataCaptureConfig=CAPTURE)
    assert found["DataCaptureConfig"] == CAPTURE | added
    assert found.keys() == {"EndpointConfigName", "ProductionVariants", "DataCaptureConfig"}


@pytest.mark.ledger("sm.endpoint.data-capture", "sm.config.capture-default")
@pytest.mark.parametrize(("given", "status"), [({}, "Started"), ({"EnableCapture": False}, "Stopped")])
def test_an_endpoint_tells_of_its_data_capture_until_an_update_ends_it(
    calm_sim: Any, in_service: Any, given: Any, status: str
) -> None:
    by_hand(calm_sim, PLAIN, DataCaptureConfig=CAPTURE | given)
    update = in_service.client.update_endpoint
    update(EndpointName="reviews", EndpointConfigName="plain")
    assert "DataCaptureConfig" not in in_service.describe()
    calm_sim.advance(minutes=5)
    assert in_service.describe()["DataCaptureConfig"] == {
        "EnableCapture": status == "Started",
        "CaptureStatus": status,
        "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": "s3://captured/reviews",
        "KmsKeyId": "",
    }
    update(EndpointName="reviews", EndpointConfigName="fifty-fifty")
    calm_sim.advance(minutes=5)
    assert "DataCaptureConfig" not in in_service.describe()


@pytest.mark.ledger("sm.config.exists")
def test_a_taken_name_is_refused(deployer: Any, refused: Any) -> None:
    deployer.model()
    deployer.config()
    text = f'Cannot create already existing endpoint configuration "{CONFIG_ARN}".'
    assert refused(deployer.config) == ("ValidationException", text)


@pytest.mark.ledger("sm.model.not-found")
def test_a_config_needs_models_that_exist(deployer: Any, refused: Any) -> None:
    code, text = refused(deployer.config)
    assert (code, text.startswith("Could not find model")) == ("ValidationException", True)


@pytest.mark.ledger("sm.config.variant-twice")
def test_two_variants_of_one_name_are_refused(deployer: Any, refused: Any) -> None:
    deployer.model()
    code, _ = refused(deployer.config, one={}, two={"VariantName": "one"})
    assert code == "ValidationException"


@pytest.mark.ledger("sm.config.variant-incomplete")
@pytest.mark.parametrize("member", ["ModelName", "InstanceType", "InitialInstanceCount"])
def test_a_variant_names_model_type_and_count(deployer: Any, refused: Any, member: str) -> None:
    deployer.model()
    variant = {
        "VariantName": "one",
        "ModelName": "bert-a",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    del variant[member]
    call = deployer.client.create_endpoint_config
    code, text = refused(call, EndpointConfigName="c", ProductionVariants=[variant])
    assert (code, member in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.config.managed-scaling")
def test_managed_instance_scaling_is_for_inference_components(deployer: Any, refused: Any) -> None:
    deployer.model()
    scaling = {"ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}}
    text = "ManagedInstanceScaling is only supported for inference component endpoints."
    assert refused(deployer.config, one=scaling) == ("ValidationException", text)


@pytest.mark.ledger("sim.not-implemented")
def test_what_is_not_simulated_is_refused_and_not_ignored(deployer: Any, refused: Any) -> None:
    deployer.model()
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    code, text = refused(deployer.config, one=serverless)
    assert (code, "ServerlessConfig" in text) == ("NotImplemented", True)


@pytest.mark.ledger("sm.weights.all-zero")
@pytest.mark.parametrize("sim_seed", range(6))
def test_weights_that_are_all_zero_are_refused_or_not_as_the_seed_says(
    calm_sim: Any, deployer: Any, refused: Any
) -> None:
    deployer.model()
    idle = {"one": {"InitialVariantWeight": 0}, "two": {"InitialVariantWeight": 0}}
    if calm_sim.engine.ledger.value("sm.weights.all-zero") == "accept":
        assert deployer.config(**idle)
    else:
        assert refused(deployer.config, **idle)[0] == "ValidationException"


@pytest.mark.ledger("sm.weights.all-zero-text")
@pytest.mark.parametrize("sim_seed", [SEED_THAT_REFUSES])
def test_weights_that_are_all_zero_are_refused_with_a_sentence(refused: Any, deployer: Any) -> None:
    deployer.model()
    code, text = refused(deployer.config, one={"InitialVariantWeight": 0})
    assert (code, "weight" in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.config.not-found")
@pytest.mark.parametrize("operation", ["describe_endpoint_config", "delete_endpoint_config"])
def test_a_config_that_is_not_there_is_not_found(deployer: Any, refused: Any, operation: str) -> None:
    call = getattr(deployer.client, operation)
    text = f'Could not find endpoint configuration "{CONFIG_ARN}".'
    assert refused(call, EndpointConfigName="fifty-fifty") == ("ValidationException", text)


@pytest.mark.ledger("sm.config.delete-unprotected", "sm.model.delete-unprotected")
def test_config_and_model_in_use_can_be_deleted_and_the_endpoint_serves_on(in_service: Any) -> None:
    in_service.client.delete_endpoint_config(EndpointConfigName="fifty-fifty")
    in_service.client.delete_model(ModelName="bert-a")
    assert in_service.describe()["EndpointStatus"] == "InService"
    assert set(in_service.variants()) == {"VariantA", "VariantB"}
