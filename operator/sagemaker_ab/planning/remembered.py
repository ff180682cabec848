"""What a plan needs of the past: facts that status or this process keeps, because AWS does not show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sagemaker_ab.planning.deployment import Deployment
from sagemaker_ab.planning.observed import ObservedConfig
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.scaling_records import ScalingRecord


@dataclass(frozen=True, slots=True)
class Remembered:
    """Facts from earlier reconciles.

    `deployment` is the record that `follow` brought up to date. `managed_tag_keys` are the tag keys that the
    operator has set on the endpoint. `released` holds the scalable targets that were deregistered for an
    update, as they were read. `applied_config` is the config in use as it was last read. `missing_models`
    are models of the desired state that the last listing did not contain. `force_weights`: a person asked to
    send the weights of this generation at once. `scaling` holds the records of the variants that autoscale.
    """

    deployment: Deployment | None = None
    managed_tag_keys: frozenset[str] = frozenset()
    released: Mapping[str, Released] = field(default_factory=dict)
    applied_config: ObservedConfig | None = None
    missing_models: frozenset[str] = frozenset()
    force_weights: bool = False
    scaling: Mapping[str, ScalingRecord] = field(default_factory=dict)
