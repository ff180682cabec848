"""The desired state in AWS of one resource: `desired(spec, …, traffic) → Desired`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sagemaker_ab.api.spec import Container, EndpointSpec, Model, Variant
from sagemaker_ab.planning.desired_scaling import DesiredScaling, alarm_prefix_of, desired_scaling
from sagemaker_ab.planning.image_pins import IMAGE_PIN, PinnedImages, image_pin
from sagemaker_ab.planning.images import UnknownImage, resolve_image
from sagemaker_ab.planning.intended_traffic import IntendedTraffic
from sagemaker_ab.planning.names import content_hash, content_name
from sagemaker_ab.planning.ownership import RUN_TAG, Owner


@dataclass(frozen=True, slots=True)
class DesiredModel:
    """A SageMaker model. `content` is the CreateModel request without name and tags.

    `image_pin` is the pin of its resolved images, None if all its images are given in the spec.
    """

    name: str
    content: Mapping[str, Any]
    image_pin: str | None = None

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that the model carries beside those of every object."""
        return {IMAGE_PIN: self.image_pin} if self.image_pin else {}


@dataclass(frozen=True, slots=True)
class DesiredVariant:
    """A production variant.

    `instance_count` is the initial number of instances. Without autoscaling it is also the desired number.
    `initial_weight` is the weight in a new endpoint config; `Desired.weights` has the intended one.
    """

    name: str
    model_name: str
    instance_type: str
    instance_count: int
    initial_weight: int
    scaling: DesiredScaling | None

    @property
    def deployed(self) -> Mapping[str, Any]:
        """The ProductionVariant without weight and count. A change of these members requires a new fleet."""
        return {"VariantName": self.name, "ModelName": self.model_name, "InstanceType": self.instance_type}

    @property
    def declared_count(self) -> int:
        """The initial number of instances by the spec alone, without capacity that the variant takes over."""
        if self.scaling is None:
            return self.instance_count
        return self.scaling.initial_instance_count or self.scaling.declared.minimum

    @property
    def intended_minimum(self) -> int:
        """The number of instances that must be in service before the variant gets more traffic."""
        return self.scaling.bounds.minimum if self.scaling else self.instance_count

    @property
    def production_variant(self) -> Mapping[str, Any]:
        return {
            **self.deployed,
            "InitialInstanceCount": self.instance_count,
            "InitialVariantWeight": self.initial_weight,
        }


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state in AWS of one resource.

    `unresolved` says for which variants no image is known; they have no model name, and nothing can be
    deployed until that changes. `retains_counts`: an update keeps the live counts of all variants, because
    the autoscaler owns some of them, or a run keeps them. `retains_weights`: an update keeps the live
    weights, because the new config has others than those that are intended now.
    """

    endpoint_name: str
    owner: Owner
    models: tuple[DesiredModel, ...]
    variants: tuple[DesiredVariant, ...]
    tags: Mapping[str, str]
    traffic: IntendedTraffic
    unresolved: tuple[str, ...] = ()
    retains_counts: bool = False
    retains_weights: bool = False

    @property
    def config_name(self) -> str:
        """The endpoint config name. It covers the whole content, including initial weights and counts."""
        return content_name(self.endpoint_name, content=self.production_variants)

    @property
    def production_variants(self) -> Sequence[Mapping[str, Any]]:
        return [variant.production_variant for variant in self._by_name]

    @property
    def config_content(self) -> Mapping[str, Any]:
        """The CreateEndpointConfig request without name and tags."""
        return {"ProductionVariants": list(self.production_variants)}

    @property
    def fingerprint(self) -> str:
        """A hash of what decides whether a new fleet comes into service, weights left out.

        Instance counts are included, because a smaller fleet can succeed where a larger one lacked capacity.
        They are those of the spec: a count that is taken over from a live variant changes with its load.
        """
        return content_hash([[variant.deployed, variant.declared_count] for variant in self._by_name])

    @property
    def content_fingerprint(self) -> str:
        """A hash of what the fleet consists of, whatever its size."""
        return content_hash([variant.deployed for variant in self._by_name])

    @property
    def _by_name(self) -> Sequence[DesiredVariant]:
        """The variants sorted by name, because their order in the spec must not change the hashes."""
        return sorted(self.variants, key=lambda variant: variant.name)

    @property
    def all_tags(self) -> Mapping[str, str]:
        return {**self.tags, **self.owner.tags}

    @property
    def endpoint_tags(self) -> Mapping[str, str]:
        """The tags of the endpoint: those of every object, and the run of its strategy."""
        run = self.traffic.run_tag
        return {**self.all_tags, RUN_TAG: run} if run else self.all_tags

    @property
    def alarm_prefix(self) -> str:
        """How the names of the alarms begin that belong to the endpoint's step scaling policies."""
        return alarm_prefix_of(self.endpoint_name, self.owner.fingerprint)

    @property
    def weights(self) -> Mapping[str, float]:
        """The intended weights now."""
        return {variant.name: self.traffic.weights[variant.name] for variant in self.variants}

    @property
    def initial_weights(self) -> Mapping[str, int]:
        """The weights in a new endpoint config."""
        return {variant.name: variant.initial_weight for variant in self.variants}


def desired(
    spec: EndpointSpec,
    *,
    owner: Owner,
    region: str,
    traffic: IntendedTraffic,
    pinned: PinnedImages = MappingProxyType({}),
) -> Desired:
    """Resolve a valid spec, and the traffic that it or a strategy intends, into the desired state in AWS.

    `pinned` has the images of the models in use, which take precedence over the image table.
    """
    models = {model.name: model for model in spec.models}
    created: dict[str, DesiredModel] = {}
    variants, unresolved = [], []
    alarm_prefix = alarm_prefix_of(spec.endpoint_name, owner.fingerprint)
    for variant in spec.variants:
        model = models[variant.model]
        model_name = model.existing_model_name or ""
        if not model_name:
            try:
                resolved = _model(spec, model, variant, region, pinned)
            except UnknownImage as error:
                unresolved.append(f"variant {variant.name}: {error}")
            else:
                created[resolved.name] = resolved
                model_name = resolved.name
        weight = traffic.initial_weights[variant.name]
        variants.append(_variant(variant, model_name, weight, alarm_prefix=alarm_prefix))
    wanted = Desired(
        endpoint_name=spec.endpoint_name,
        owner=owner,
        models=tuple(created.values()),
        variants=tuple(variants),
        tags={tag.key: tag.value for tag in spec.tags},
        traffic=traffic,
        unresolved=tuple(unresolved),
    )
    return with_traffic(wanted, traffic)


def with_traffic(desired: Desired, traffic: IntendedTraffic) -> Desired:
    """Return the desired state with other traffic."""
    variants = tuple(
        replace(
            variant,
            initial_weight=traffic.initial_weights[variant.name],
            scaling=variant.scaling and replace(variant.scaling, kept_by=traffic.kept_by(variant.name)),
        )
        for variant in desired.variants
    )
    retains_counts = bool(traffic.keeps_capacity) or any(variant.scaling for variant in variants)
    return replace(desired, variants=variants, traffic=traffic, retains_counts=retains_counts)


def _model(
    spec: EndpointSpec, model: Model, variant: Variant, region: str, pinned: PinnedImages
) -> DesiredModel:
    """Resolve a model for one variant, because a framework has different images for CPU and GPU instances."""
    pin = image_pin(model, variant.instance_type)
    images = pinned.get(pin or "", ())
    content: dict[str, Any] = {}
    if spec.execution_role_arn is not None:
        content["ExecutionRoleArn"] = spec.execution_role_arn
    containers = [
        _container(container, variant.instance_type, region, pinned=images[place : place + 1])
        for place, container in enumerate(model.all_containers)
    ]
    if model.primary_container is not None:
        content["PrimaryContainer"] = containers[0]
    if model.containers is not None:
        content["Containers"] = containers
    hashed = {"content": content, "revision": model.revision or ""}
    name = content_name(spec.endpoint_name, model.name, content=hashed)
    return DesiredModel(name=name, content=content, image_pin=pin)


def _container(
    container: Container, instance_type: str, region: str, *, pinned: Sequence[str]
) -> dict[str, Any]:
    return dict(_container_members(container, instance_type, region, pinned))


def _container_members(
    container: Container, instance_type: str, region: str, pinned: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    if container.framework is not None and pinned:
        yield "Image", pinned[0]
    elif container.framework is not None:
        yield "Image", resolve_image(container.framework, region=region, instance_type=instance_type)
    if container.image is not None:
        yield "Image", container.image
    if container.model_package_name is not None:
        yield "ModelPackageName", container.model_package_name
    if container.model_data_url is not None:
        yield "ModelDataUrl", container.model_data_url
    if container.environment:
        yield "Environment", dict(container.environment)


def _variant(variant: Variant, model_name: str, weight: int, *, alarm_prefix: str) -> DesiredVariant:
    scaling = None
    if variant.autoscaling is not None:
        scaling = desired_scaling(variant.autoscaling, variant=variant.name, alarm_prefix=alarm_prefix)
    count = variant.instance_count
    if scaling is not None:
        count = scaling.initial_instance_count or scaling.declared.minimum
    if count is None:
        raise ValueError(f"variant {variant.name} has neither instanceCount nor autoscaling")
    return DesiredVariant(
        name=variant.name,
        model_name=model_name,
        instance_type=variant.instance_type,
        instance_count=count,
        initial_weight=weight,
        scaling=scaling,
    )
