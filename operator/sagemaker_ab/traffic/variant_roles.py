"""The roles of baseline and challenger, and how a policy is checked against the variants of an endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy

ALL_TRAFFIC_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRoles:
    """The variants of a run. The challengers are in the order of the variants."""

    baseline: str
    challengers: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """All variants of the run, the baseline first."""
        return (self.baseline, *self.challengers)


def roles_with_baseline(baseline: str, names: Sequence[str]) -> VariantRoles:
    """Return the roles if every other variant is a challenger. Raises InvalidPolicy if there is none."""
    challengers = tuple(name for name in names if name != baseline)
    if not challengers:
        raise InvalidPolicy((f"traffic: a comparison needs two variants, but there is only {baseline}",))
    return VariantRoles(baseline=baseline, challengers=challengers)


def require_variant(name: str, variants: Sequence[str], *, field: str) -> None:
    """Raise InvalidPolicy if `name` is not one of the variants."""
    if name not in variants:
        raise InvalidPolicy((f"traffic.{field}: '{name}' should be one of the variants {listed(variants)}",))


def out_of_bounds(field: str, given: int, allowed: str, *, variants: int) -> InvalidPolicy:
    """Return the error of a percent that does not fit the number of variants."""
    return InvalidPolicy((f"traffic.{field}: {given} should be {allowed} for {variants} variants",))


def listed(variants: Sequence[str]) -> str:
    """Return the names for a message."""
    return ", ".join(variants) or "(none)"
