"""Manual: the weights are the ones that the spec states."""

from collections.abc import Mapping

from sagemaker_ab.api.spec import EndpointSpec


def manual_weights(spec: EndpointSpec) -> Mapping[str, int]:
    """Return the relative weight of every variant, as stated."""
    return {variant.name: variant.weight for variant in spec.variants}
