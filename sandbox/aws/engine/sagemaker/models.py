"""SageMaker models: what CreateModel checks, and how a model reads back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.records import Model
from sandbox.aws.engine.sagemaker.listing import listed
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.sagemaker.tags import merged
from sandbox.aws.engine.scenery import Thing
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

_ECR = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+")


def _check_image(call: Call, container: Mapping[str, Any]) -> None:
    image = container["Image"]
    access = container.get("ImageConfig", {}).get("RepositoryAccessMode")
    if not _ECR.fullmatch(image):
        if access != "Vpc":
            raise call.refuse("sm.model.image-not-ecr", image=image)
    elif not call.region.scenery.has(Thing.IMAGE, image):
        raise call.refuse("sm.model.image-missing", image=image)


def _check_container(call: Call, container: Mapping[str, Any]) -> None:
    if "Image" not in container and "ModelPackageName" not in container:
        raise call.refuse("sm.model.container-empty")
    if "Image" in container:
        _check_image(call, container)
    package = container.get("ModelPackageName")
    if package and not call.region.scenery.has(Thing.MODEL_PACKAGE, package):
        raise call.refuse("sm.model.package-missing", package=package)
    url = data_url(container)
    if url and not call.region.scenery.has(Thing.OBJECT, url):
        role = call.params.get("ExecutionRoleArn", "")
        raise call.refuse("sm.model.data-missing", url=url, role=role, region=call.region.name)


def data_url(container: Mapping[str, Any]) -> str:
    """Return where a container's model data lies, or an empty string."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    return str(container.get("ModelDataUrl") or source.get("S3Uri", ""))


def _check_role(call: Call) -> None:
    role = call.params.get("ExecutionRoleArn")
    if role is None:
        raise call.refuse("sm.model.role-absent")
    if not call.region.scenery.has(Thing.ROLE, role):
        raise call.refuse("sm.model.role-missing", role=role)


@operation("sagemaker", "CreateModel", write=True, resource="ModelName")
@holds("sm.arn.lower-case")
def create_model(call: Call) -> JSON:
    name = call.params["ModelName"]
    store, arn = store_of(call.region), arn_of(call.region, "model", name)
    request = {key: value for key, value in call.params.items() if key != "Tags"}
    model = Model(name=name, arn=arn, created=call.now, request=request)
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise call.refuse("sm.model.containers")
    if store.model(name):
        raise call.refuse("sm.model.exists", arn=arn)
    _check_role(call)
    for container in model.containers:
        _check_container(call, container)
    tags = merged(call, (), call.params.get("Tags", ()))
    store.models.put(name.lower(), model)
    store.tags.put(arn, tags)
    return {"ModelArn": arn}


def _container_answer(call: Call, container: Mapping[str, Any]) -> JSON:
    bare = call.ledger.value("sm.model.reads-back") == "bare"
    answer = ({} if bare else {"Mode": "SingleModel", "Environment": {}}) | dict(container)
    url = container.get("ModelDataUrl")
    if url and call.ledger.value("sm.model.data-source-echo") == "echo":
        source = {"S3Uri": url, "S3DataType": "S3Object", "CompressionType": "Gzip"}
        answer["ModelDataSource"] = {"S3DataSource": source}
    return answer


@operation("sagemaker", "DescribeModel", resource="ModelName")
def describe_model(call: Call) -> JSON:
    model = _found(call, call.as_of)
    answer: JSON = {"EnableNetworkIsolation": False} | dict(model.request)
    if "PrimaryContainer" in answer:
        answer["PrimaryContainer"] = _container_answer(call, answer["PrimaryContainer"])
    if "Containers" in answer:
        answer["Containers"] = [_container_answer(call, one) for one in answer["Containers"]]
    return answer | {"ModelArn": model.arn, "CreationTime": model.created}


@operation("sagemaker", "DeleteModel", write=True, resource="ModelName")
@holds("sm.model.delete-unprotected")
def delete_model(call: Call) -> JSON:
    model = _found(call, call.now)
    store = store_of(call.region)
    store.models.drop(model.name.lower())
    store.tags.drop(model.arn)
    return {}


@operation("sagemaker", "ListModels")
def list_models(call: Call) -> JSON:
    found, token = listed(call, store_of(call.region).models.all(call.as_of))
    models = [
        {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created} for model in found
    ]
    return {"Models": models} | token


def _found(call: Call, at: float) -> Model:
    name = call.params["ModelName"]
    model = store_of(call.region).model(name, at)
    if model is None:
        raise call.refuse("sm.model.not-found", arn=arn_of(call.region, "model", name))
    return model
