"""The traffic that a resource intends, no matter who chose it: the spec, or a strategy."""

from collections.abc import Mapping
from dataclasses import dataclass

from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.traffic.strategies.manual import ManualStrategy
from sagemaker_ab.traffic.strategies.registry import strategy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IntendedTraffic:
    """The intended weights, and what a plan must respect while they are in effect.

    `weights` are those to apply now. `initial_weights` are those of a new endpoint config. They are part of
    its name, so a strategy that moves weights keeps them constant. Both have every variant of the spec.
    `run` is the ID of the run that chose the weights; empty if the spec has them. `run_tag` is what the
    endpoint must remember of it.

    `keeps_capacity` are the variants that lose no instances while the run lasts: scale-in is suspended, and
    counts are not lowered. `drained_first` are the variants that must have no traffic before an update
    changes their model or instance type; their weights are 0. `holds_update` is not empty if no update may be
    sent now, and says why. `overrides_capacity` is not empty if
    the weights are applied even though S1 forbids it. It then completes the sentence "Weights are sent at
    once, …". `single_flight`: no change of weights is sent while reads may not show the last one. A strategy
    needs that, because it counts each minute by the weights in effect. Raises ValueError for a contradiction.
    """

    weights: Mapping[str, float]
    initial_weights: Mapping[str, int]
    run: str = ""
    run_tag: str = ""
    keeps_capacity: frozenset[str] = frozenset()
    drained_first: frozenset[str] = frozenset()
    holds_update: str = ""
    overrides_capacity: str = ""
    single_flight: bool = True

    def __post_init__(self) -> None:
        if self.weights.keys() != self.initial_weights.keys():
            raise ValueError("weights and initial weights are of different variants")
        if not any(self.weights.values()) or not any(self.initial_weights.values()):
            raise ValueError("no variant has a weight")
        if self.keeps_capacity and not self.run:
            raise ValueError("only a run keeps capacity")
        for name in self.drained_first:
            if self.weights.get(name) or self.initial_weights.get(name):
                raise ValueError(f"{name} is to be drained, and has a weight")

    def kept_by(self, variant: str) -> str:
        """Return the ID of the run that keeps a variant's instances, empty if none does."""
        return self.run if variant in self.keeps_capacity else ""


def manual_traffic(spec: EndpointSpec) -> IntendedTraffic:
    """Return the traffic under the strategy Manual: the weights of the spec."""
    weights = ManualStrategy(spec).initial_weights()
    return IntendedTraffic(weights=weights, initial_weights=weights, single_flight=False)


def initial_traffic(spec: EndpointSpec) -> IntendedTraffic:
    """Return the traffic of a new endpoint: the weights of the spec, or those that a strategy starts with."""
    policy = spec.traffic.policy
    if policy is None:
        return manual_traffic(spec)
    weights = strategy_of(policy, [variant.name for variant in spec.variants]).initial_weights()
    return IntendedTraffic(weights=weights, initial_weights=weights)
