"""Who is the baseline and who challenges it, by what the policy says and which variants there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.api.policies.ab_test import ABTest, RampStep
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy, Policy

WHOLE: Final = 100
"""A whole in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The variants of a run. Bandits without guardrails have no baseline; the first variant stands for it."""

    baseline: str
    challengers: tuple[str, ...]

    @property
    def variants(self) -> tuple[str, ...]:
        return (self.baseline, *self.challengers)


def roles(policy: Policy, variants: Sequence[str]) -> Roles:
    """Cast the variants; raises InvalidPolicy where the policy's names and the variants do not fit."""
    match policy:
        case Stepped():
            return _of_stepped(policy, variants)
        case ABTest():
            return _of_ab_test(policy, variants)
        case Bandit():
            return _of_bandit(policy, variants)


def _of_stepped(policy: Stepped, variants: Sequence[str]) -> Roles:
    given = {"baseline": policy.baseline, "candidate": policy.candidate}
    for field, name in given.items():
        if name is not None:
            _demand(name, variants, field=f"traffic.stepped.{field}")
    baseline = policy.baseline or _the_other(policy.candidate, variants, field="baseline")
    candidate = policy.candidate or _the_other(policy.baseline, variants, field="candidate")
    return Roles(baseline=baseline, challengers=(candidate,))


def _of_ab_test(policy: ABTest, variants: Sequence[str]) -> Roles:
    names = [share.variant for share in policy.allocation] if policy.allocation else list(variants)
    for place, name in enumerate(names):
        _demand(name, variants, field=f"traffic.abTest.allocation[{place}].variant")
    _demand(policy.baseline, variants, field="traffic.abTest.baseline")
    cast = _cast(policy.baseline, names)
    if policy.ramp_up and not policy.allocation:
        _demand_ramp(policy.ramp_up.steps, len(names))
    return cast


def _of_bandit(policy: Bandit, variants: Sequence[str]) -> Roles:
    baseline = policy.baseline or variants[0]
    _demand(baseline, variants, field="traffic.bandit.baseline")
    count = len(variants)
    if policy.floor_percent * count > WHOLE:
        raise _refused("bandit.floorPercent", policy.floor_percent, f"at most {WHOLE // count}", count)
    if policy.ceiling_percent * count < WHOLE:
        raise _refused(
            "bandit.ceilingPercent", policy.ceiling_percent, f"at least {-(-WHOLE // count)}", count
        )
    return _cast(baseline, variants)


def _cast(baseline: str, names: Sequence[str]) -> Roles:
    challengers = tuple(name for name in names if name != baseline)
    if not challengers:
        raise InvalidPolicy((f"traffic: a comparison needs two variants, but there is only {baseline}",))
    return Roles(baseline=baseline, challengers=challengers)


def _demand_ramp(steps: Sequence[RampStep], count: int) -> None:
    """Refuse a ramp-up that does not lead to an even split from below."""
    share = WHOLE * (count - 1) // count
    if steps[-1].percent > share:
        field = f"abTest.rampUp.steps[{len(steps) - 1}].percent"
        raise _refused(field, steps[-1].percent, f"at most {share}", count)


def _refused(field: str, given: int, allowed: str, count: int) -> InvalidPolicy:
    return InvalidPolicy((f"traffic.{field}: {given} should be {allowed} for {count} variants",))


def _the_other(name: str | None, variants: Sequence[str], *, field: str) -> str:
    others = [variant for variant in variants if variant != name]
    if len(others) != 1:
        known = _list(variants)
        raise InvalidPolicy(
            (f"traffic.stepped.{field}: is required unless there are two variants; there are {known}",)
        )
    return others[0]


def _demand(name: str, variants: Sequence[str], *, field: str) -> None:
    if name not in variants:
        raise InvalidPolicy((f"{field}: '{name}' should be one of the variants {_list(variants)}",))


def _list(variants: Sequence[str]) -> str:
    return ", ".join(variants) or "(none)"
