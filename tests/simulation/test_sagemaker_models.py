"""SageMaker models as the simulated AWS keeps them: what creation checks, and how a model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
DATA = "s3://models/ab/variant_a/model.tar.gz"


@pytest.fixture
def sagemaker(calm_sim: InProcessAws) -> Any:
    return calm_sim.client("sagemaker")


def create(sagemaker: Any, name: str = "bert-a", **changes: Any) -> Any:
    request = {
        "ModelName": name,
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": DATA},
    }
    return sagemaker.create_model(**request | changes)


@pytest.mark.ledger("sm.arn.lower-case")
def test_an_arn_carries_the_name_in_lower_case_and_the_model_keeps_its_own(sagemaker: Any) -> None:
    arn = create(sagemaker, "Bert-A")["ModelArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:123456789012:model/bert-a"
    assert sagemaker.describe_model(ModelName="Bert-A")["ModelName"] == "Bert-A"


@pytest.mark.ledger("sm.model.reads-back", "sm.model.data-source-echo")
@pytest.mark.parametrize("sim_seed", range(4))
def test_a_model_reads_back_perhaps_with_mode_and_environment_and_a_data_source(sagemaker: Any) -> None:
    create(sagemaker)
    container = sagemaker.describe_model(ModelName="bert-a")["PrimaryContainer"]
    source = container.pop("ModelDataSource", None)
    assert source in (
        None,
        {"S3DataSource": {"S3Uri": DATA, "S3DataType": "S3Object", "CompressionType": "Gzip"}},
    )
    given = {"Image": IMAGE, "ModelDataUrl": DATA}
    assert container in (given, given | {"Mode": "SingleModel", "Environment": {}})


@pytest.mark.ledger("sm.model.exists")
def test_a_taken_name_is_refused_even_with_the_same_content(sagemaker: Any, refused: Any) -> None:
    arn = create(sagemaker)["ModelArn"]
    text = f'Cannot create already existing model "{arn}".'
    assert refused(create, sagemaker) == ("ValidationException", text)


@pytest.mark.ledger("sm.model.not-found")
@pytest.mark.parametrize("operation", ["describe_model", "delete_model"])
def test_a_model_that_is_not_there_is_not_found(sagemaker: Any, operation: str, refused: Any) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model/bert-a"
    call = getattr(sagemaker, operation)
    assert refused(call, ModelName="bert-a") == ("ValidationException", f'Could not find model "{arn}".')


@pytest.mark.ledger("sm.model.role-missing")
def test_a_role_that_is_not_there_is_refused_until_it_is(
    calm_sim: InProcessAws, sagemaker: Any, refused: Any
) -> None:
    calm_sim.edit(missing={"role": ROLE})
    code, text = refused(create, sagemaker)
    assert code == "ValidationException"
    assert text.startswith(f'The execution role ARN "{ROLE}" is invalid. Please ensure that the role exists')
    calm_sim.edit(restored={"role": ROLE})
    assert create(sagemaker)


@pytest.mark.ledger("sm.model.image-missing")
@pytest.mark.parametrize("sim_seed", range(4))
def test_an_image_that_is_not_there_is_refused_until_it_is(
    calm_sim: InProcessAws, sagemaker: Any, refused: Any
) -> None:
    calm_sim.edit(missing={"image": IMAGE})
    code, text = refused(create, sagemaker)
    assert code == "ValidationException"
    assert text in {f"Requested image {IMAGE} not found.", f'ECR image "{IMAGE}" is invalid.'}
    calm_sim.edit(restored={"image": IMAGE})
    assert create(sagemaker)


@pytest.mark.ledger("sm.model.data-missing")
def test_model_data_that_is_not_there_is_refused_until_it_is(
    calm_sim: InProcessAws, sagemaker: Any, refused: Any
) -> None:
    calm_sim.edit(missing={"object": DATA})
    code, text = refused(create, sagemaker)
    assert code == "ValidationException"
    assert text.startswith(f"Could not access model data at {DATA}. Please ensure that the role")
    calm_sim.edit(restored={"object": DATA})
    assert create(sagemaker)


@pytest.mark.ledger("sm.model.package-missing")
def test_a_model_package_that_is_not_there_is_refused(
    calm_sim: InProcessAws, sagemaker: Any, refused: Any
) -> None:
    package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/bert/1"
    calm_sim.edit(missing={"modelPackage": package})
    code, text = refused(create, sagemaker, PrimaryContainer={"ModelPackageName": package})
    assert (code, package in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.model.image-not-ecr")
def test_an_image_outside_ecr_needs_the_access_mode_vpc(sagemaker: Any, refused: Any) -> None:
    container = {"Image": "docker.io/python"}
    text = 'Using non-ECR image "docker.io/python" without Vpc repository access mode is not supported.'
    assert refused(create, sagemaker, PrimaryContainer=container) == ("ValidationException", text)
    assert create(sagemaker, PrimaryContainer=container | {"ImageConfig": {"RepositoryAccessMode": "Vpc"}})


@pytest.mark.ledger("sm.model.containers")
def test_a_model_has_a_primary_container_or_a_list_of_them(sagemaker: Any, refused: Any) -> None:
    both = {"Containers": [{"Image": IMAGE}]}
    assert refused(create, sagemaker, **both)[0] == "ValidationException"
    call = sagemaker.create_model
    assert refused(call, ModelName="bert-a", ExecutionRoleArn=ROLE)[0] == "ValidationException"


@pytest.mark.ledger("sm.model.container-empty")
def test_a_container_has_an_image_or_a_package(sagemaker: Any, refused: Any) -> None:
    assert refused(create, sagemaker, PrimaryContainer={"ModelDataUrl": DATA})[0] == "ValidationException"


@pytest.mark.ledger("sm.model.role-absent")
def test_a_model_needs_a_role(sagemaker: Any, refused: Any) -> None:
    call = sagemaker.create_model
    request = {"ModelName": "bert-a", "PrimaryContainer": {"Image": IMAGE}}
    assert refused(call, **request)[0] == "ValidationException"


def test_several_containers_read_back_in_their_order(sagemaker: Any) -> None:
    containers = [{"Image": IMAGE, "ContainerHostname": host} for host in ("first", "second")]
    sagemaker.create_model(ModelName="chain", ExecutionRoleArn=ROLE, Containers=containers)
    found = sagemaker.describe_model(ModelName="chain")["Containers"]
    assert [container["ContainerHostname"] for container in found] == ["first", "second"]


def test_a_deleted_model_is_gone_and_its_name_is_free(sagemaker: Any) -> None:
    create(sagemaker)
    sagemaker.delete_model(ModelName="bert-a")
    assert sagemaker.list_models()["Models"] == []
    assert create(sagemaker)


def test_each_account_and_region_has_models_of_its_own(calm_sim: InProcessAws) -> None:
    create(calm_sim.client("sagemaker"))
    other_region = calm_sim.client("sagemaker", region="eu-west-1")
    other_account = calm_sim.client("sagemaker", access_key="AKIA111122223333")
    assert other_region.list_models()["Models"] == other_account.list_models()["Models"] == []
    arn = create(other_account)["ModelArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:111122223333:model/bert-a"
