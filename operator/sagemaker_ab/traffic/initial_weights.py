"""The weights of a new endpoint, before its strategy has decided anything."""

from collections.abc import Mapping

from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.traffic.strategies.manual import manual_weights
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.variant_roles import assign_roles


def initial_weights(spec: EndpointSpec) -> Mapping[str, int]:
    """Return the relative weight of each variant of a valid spec; a run starts with all at its baseline."""
    policy = spec.traffic.policy
    if policy is None:
        return manual_weights(spec)
    roles = assign_roles(policy, [variant.name for variant in spec.variants])
    return all_traffic_to(roles.baseline, roles.variants)
