"""Warns about recorded variants that a policy ignores, and about variants without counts."""

from collections.abc import Iterator

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.cli.replaying.counts_file import Recorded
from sagemaker_ab.cli.replaying.policy_file import PolicyFile
from sagemaker_ab.traffic.variant_roles import assign_roles


def variant_warnings(policy_file: PolicyFile, recorded: Recorded) -> Iterator[str]:
    """Yield a warning for ignored variants, and one for variants without counts. Raises InvalidPolicy."""
    try:
        counting = assign_roles(policy_file.policy.policy, policy_file.variants or recorded.variants).variants
    except InvalidPolicy as error:
        raise error.at(policy_file.path) from error
    ignored = [name for name in recorded.variants if name not in counting]
    missing = [name for name in counting if name not in recorded.variants]
    if ignored:
        yield f"ignored: {', '.join(ignored)}; the policy's variants: {', '.join(counting)}"
    if missing:
        yield f"no counts of {', '.join(missing)}; the policy's variants: {', '.join(counting)}"
