"""Traffic shares in whole percent."""

from collections.abc import Mapping, Sequence

from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT


def round_to_percents(shares: Mapping[str, float]) -> dict[str, int]:
    """Return shares of any scale as whole percents that sum to 100, by the largest remainder method."""
    total = sum(shares.values())
    exact = {name: share * ALL_TRAFFIC_PERCENT / total for name, share in shares.items()}
    percents = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: percents[name] - exact[name])
    for name in by_remainder[: ALL_TRAFFIC_PERCENT - sum(percents.values())]:
        percents[name] += 1
    return percents


def all_traffic_to(variant: str, variants: Sequence[str]) -> dict[str, int]:
    """Return percents that give all traffic to one variant."""
    return {name: ALL_TRAFFIC_PERCENT if name == variant else 0 for name in variants}
