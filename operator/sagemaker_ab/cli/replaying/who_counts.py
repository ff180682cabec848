"""Which of the recorded variants a policy looks at, and a word on those that it does not."""

from collections.abc import Iterator

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.cli.replaying.counts_file import Recorded
from sagemaker_ab.cli.replaying.policy_file import Asked
from sagemaker_ab.traffic.variant_roles import assign_roles


def remarks(asked: Asked, recorded: Recorded) -> Iterator[str]:
    """Say which variants are left out, and which have no counts. Raises InvalidPolicy."""
    try:
        counting = assign_roles(asked.policy.policy, asked.variants or recorded.variants).variants
    except InvalidPolicy as error:
        raise error.at(asked.path) from error
    left_out = [name for name in recorded.variants if name not in counting]
    missing = [name for name in counting if name not in recorded.variants]
    if left_out:
        yield f"left out: {', '.join(left_out)}; the variants that count: {', '.join(counting)}"
    if missing:
        yield f"no counts of {', '.join(missing)}; the variants that count: {', '.join(counting)}"
