"""Shares in whole percent."""

from collections.abc import Mapping, Sequence

from sagemaker_ab.traffic.variant_roles import WHOLE


def whole_percents(shares: Mapping[str, float]) -> dict[str, int]:
    """Round shares to percents that sum to 100, by the largest remainders."""
    total = sum(shares.values())
    exact = {name: share * WHOLE / total for name, share in shares.items()}
    percents = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: percents[name] - exact[name])
    for name in by_remainder[: WHOLE - sum(percents.values())]:
        percents[name] += 1
    return percents


def all_to(variant: str, variants: Sequence[str]) -> dict[str, int]:
    """Give all the traffic to one variant."""
    return {name: WHOLE if name == variant else 0 for name in variants}
