"""Fleets: the variants that a config asks for, the instances they count for, and what they start from."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.records import DeployedImage, EndpointConfig, Model, Variant, VariantPhase
from sandbox.aws.engine.sagemaker.models import data_url
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.scenery import Thing
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.aws.engine.core import Region

_GPU = re.compile(r"ml\.(p|g)\d")


def has_gpu(instance_type: str) -> bool:
    return _GPU.match(instance_type) is not None


@holds("sm.variant.image-digest")
def _deployed(region: Region, model: Model) -> Iterator[DeployedImage]:
    for image in (container["Image"] for container in model.containers if "Image" in container):
        content = hashlib.sha256(f"{image}/{region.scenery.pushes(image)}".encode()).hexdigest()
        repository = image.partition("@")[0].rpartition(":")[0] or image
        yield DeployedImage(
            specified=image, resolved=f"{repository}@sha256:{content}", resolved_at=region.clock.now()
        )


def _model(region: Region, name: str) -> Model:
    """Return the model of a name, refuse one that is missing, or return a record that cannot come up."""
    found, arn = store_of(region).model(name), arn_of(region, "model", name)
    if found is not None:
        return found
    if region.ledger.value("sm.model.missing-at-launch") == "refuse":
        raise region.refuse("sm.model.not-found", arn=arn)
    return Model(name=name, arn=arn, created=region.clock.now(), request={})


def _variant(region: Region, asked: Mapping[str, Any]) -> Variant:
    model = _model(region, asked["ModelName"])
    weight, count = asked["InitialVariantWeight"], asked["InitialInstanceCount"]
    message = region.ledger.text("sm.variant.launching", count=count)
    phase = VariantPhase(status="Creating", message=message, since=region.clock.now())
    return Variant(
        name=asked["VariantName"],
        model=model,
        instance_type=asked["InstanceType"],
        current_weight=weight,
        desired_weight=weight,
        current_instance_count=0,
        desired_instance_count=count,
        images=tuple(_deployed(region, model)),
        phases=(phase,),
        provision_timeout=asked.get("VariantInstanceProvisionTimeoutInSeconds"),
    )


def launched(region: Region, config: EndpointConfig) -> tuple[Variant, ...]:
    """Return the variants of a config as they are launched; may refuse a model that is missing."""
    return tuple(_variant(region, asked) for asked in config.variants)


def _lacks_model(region: Region, model: Model) -> bool:
    """Tell whether instances fail to come up because their model was deleted."""
    if model.missing:
        return True
    deleted = store_of(region).model(model.name) is None
    return deleted and region.ledger.value("sm.model.deleted-then-launched") == "fail"


def trouble(region: Region, variants: Iterable[Variant]) -> str:
    """Return why a fleet cannot come up now, as a failure reason; an empty string if it can."""
    for variant in variants:
        if not region.scenery.has_capacity(variant.instance_type, region.clock.now()):
            return region.ledger.text("sm.failure.capacity")
        if _lacks_model(region, variant.model):
            name, arn = variant.model.name, variant.model.arn
            return region.ledger.text("sm.failure.model-deleted", arn=arn, name=name, variant=variant.name)
        role = variant.model.request.get("ExecutionRoleArn", "")
        if not region.scenery.has(Thing.ROLE, role):
            return region.ledger.text("sm.failure.role", role=role)
        for container in variant.model.containers:
            if not region.scenery.has(Thing.OBJECT, data_url(container)):
                return region.ledger.text("sm.failure.model-data", url=data_url(container))
            if not region.scenery.has(Thing.IMAGE, container.get("Image", "")):
                return region.ledger.text("sm.failure.image", variant=variant.name)
    return ""
