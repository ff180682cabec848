"""Warns about recorded variants that a policy ignores, and about variants without counts."""

from collections.abc import Iterator

from sagemaker_ab.cli.replaying.counts_file import Recorded
from sagemaker_ab.traffic.variant_roles import VariantRoles


def variant_warnings(roles: VariantRoles, recorded: Recorded) -> Iterator[str]:
    """Yield a warning for ignored variants, and one for variants without counts."""
    counting = roles.variants
    ignored = [name for name in recorded.variants if name not in counting]
    missing = [name for name in counting if name not in recorded.variants]
    if ignored:
        yield f"ignored: {', '.join(ignored)}; the policy's variants: {', '.join(counting)}"
    if missing:
        yield f"no counts of {', '.join(missing)}; the policy's variants: {', '.join(counting)}"
