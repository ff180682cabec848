"""Assigns the roles of baseline and challenger to the variants of an endpoint, as the policy says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.api.policies.ab_test import ABTest, RampStep
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy, Policy

ALL_TRAFFIC_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRoles:
    """The variants of a run. Without a declared baseline, the first variant of a bandit is its baseline."""

    baseline: str
    challengers: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        """All variants of the run, the baseline first."""
        return (self.baseline, *self.challengers)


def assign_roles(policy: Policy, variants: Sequence[str]) -> VariantRoles:
    """Return the roles of the variants. Raises InvalidPolicy if the policy does not fit the variants."""
    match policy:
        case Stepped():
            return _of_stepped(policy, variants)
        case ABTest():
            return _of_ab_test(policy, variants)
        case Bandit():
            return _of_bandit(policy, variants)


def _of_stepped(policy: Stepped, variants: Sequence[str]) -> VariantRoles:
    given = {"baseline": policy.baseline, "candidate": policy.candidate}
    for field, name in given.items():
        if name is not None:
            _require_variant(name, variants, field=f"traffic.stepped.{field}")
    baseline = policy.baseline or _other_variant(policy.candidate, variants, field="baseline")
    candidate = policy.candidate or _other_variant(policy.baseline, variants, field="candidate")
    return VariantRoles(baseline=baseline, challengers=(candidate,))


def _of_ab_test(policy: ABTest, variants: Sequence[str]) -> VariantRoles:
    names = [share.variant for share in policy.allocation] if policy.allocation else list(variants)
    for index, name in enumerate(names):
        _require_variant(name, variants, field=f"traffic.abTest.allocation[{index}].variant")
    _require_variant(policy.baseline, variants, field="traffic.abTest.baseline")
    roles = _with_baseline(policy.baseline, names)
    if policy.ramp_up and not policy.allocation:
        _require_ramp_below_even_split(policy.ramp_up.steps, len(names))
    return roles


def _of_bandit(policy: Bandit, variants: Sequence[str]) -> VariantRoles:
    baseline = policy.baseline or variants[0]
    _require_variant(baseline, variants, field="traffic.bandit.baseline")
    count = len(variants)
    if policy.floor_percent * count > ALL_TRAFFIC_PERCENT:
        raise _out_of_bounds(
            "bandit.floorPercent", policy.floor_percent, f"at most {ALL_TRAFFIC_PERCENT // count}", count
        )
    if policy.ceiling_percent * count < ALL_TRAFFIC_PERCENT:
        lowest = -(-ALL_TRAFFIC_PERCENT // count)
        raise _out_of_bounds("bandit.ceilingPercent", policy.ceiling_percent, f"at least {lowest}", count)
    return _with_baseline(baseline, variants)


def _with_baseline(baseline: str, names: Sequence[str]) -> VariantRoles:
    challengers = tuple(name for name in names if name != baseline)
    if not challengers:
        raise InvalidPolicy((f"traffic: a comparison needs two variants, but there is only {baseline}",))
    return VariantRoles(baseline=baseline, challengers=challengers)


def _require_ramp_below_even_split(steps: Sequence[RampStep], count: int) -> None:
    """Reject a ramp-up whose last step exceeds the challengers' share of an even split."""
    share = ALL_TRAFFIC_PERCENT * (count - 1) // count
    if steps[-1].percent > share:
        field = f"abTest.rampUp.steps[{len(steps) - 1}].percent"
        raise _out_of_bounds(field, steps[-1].percent, f"at most {share}", count)


def _out_of_bounds(field: str, given: int, allowed: str, count: int) -> InvalidPolicy:
    return InvalidPolicy((f"traffic.{field}: {given} should be {allowed} for {count} variants",))


def _other_variant(name: str | None, variants: Sequence[str], *, field: str) -> str:
    others = [variant for variant in variants if variant != name]
    if len(others) != 1:
        known = _list(variants)
        raise InvalidPolicy(
            (f"traffic.stepped.{field}: is required unless there are two variants; there are {known}",)
        )
    return others[0]


def _require_variant(name: str, variants: Sequence[str], *, field: str) -> None:
    if name not in variants:
        raise InvalidPolicy((f"{field}: '{name}' should be one of the variants {_list(variants)}",))


def _list(variants: Sequence[str]) -> str:
    return ", ".join(variants) or "(none)"
