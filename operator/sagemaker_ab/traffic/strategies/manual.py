"""The strategy Manual: the weights are those of the spec."""

from collections.abc import Mapping

from sagemaker_ab.api.spec import EndpointSpec


def manual_weights(spec: EndpointSpec) -> Mapping[str, int]:
    """Return the relative weight of each variant, as in the spec."""
    return spec.manual_weights
