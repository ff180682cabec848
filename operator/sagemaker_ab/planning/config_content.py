"""Comparing endpoint configs by content: what AWS returns against what the operator would create.

Initial weights and counts are left out, since they are compared with the live endpoint.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.names import content_name

Content = Mapping[str, Any]
"""The members of CreateEndpointConfig except for name and tags."""

_INITIAL: Final = ("InitialInstanceCount", "InitialVariantWeight")
_OURS: Final = ("VariantName", "ModelName", "InstanceType", *_INITIAL)

# What AWS may add to a config on reading it although it was not set (a guess; empty values aside).
_READ_BACK_DEFAULTS: Final[Mapping[str, Any]] = {
    "EnableNetworkIsolation": False,
    "EnableSSMAccess": False,
    "RoutingConfig": {"RoutingStrategy": "RANDOM"},
    "ManagedInstanceScaling": {"Status": "DISABLED"},
}


def deploys(name: str, content: Content, desired: Desired) -> bool:
    """Return whether a fleet that was built from the config of that name and content is the desired one.

    Every member counts. A config whose name is the hash of its content was created by the operator; members
    that it has beyond that content are defaults that AWS added.
    """
    if _deployed(content) != {v.name: dict(v.deployed) for v in desired.variants}:
        return False
    ours = name == desired.config_name or _created_by_operator(name, content, desired.endpoint_name)
    return ours or not any(_extra_members(content))


def own_content(name: str, content: Content, endpoint_name: str) -> Content:
    """Return the content of a config, without the defaults that AWS added if the operator created it."""
    if not _created_by_operator(name, content, endpoint_name):
        return content
    variants = [
        {member: value for member, value in variant.items() if member in _OURS}
        for variant in production_variants(content)
    ]
    return {"ProductionVariants": variants}


def production_variants(content: Content) -> Sequence[Content]:
    variants: Sequence[Content] = content.get("ProductionVariants", ())
    return variants


def encode_content(content: Content) -> str:
    """Return the content of a config as JSON."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def decode_content(text: str) -> Content:
    """Read back what `encode_content` wrote. Raises ValueError for what is not JSON."""
    content: Content = json.loads(text)
    return content


def _deployed(content: Content) -> dict[str, dict[str, Any]]:
    members = {member for member in _OURS if member not in _INITIAL}
    return {
        variant["VariantName"]: {member: value for member, value in variant.items() if member in members}
        for variant in production_variants(content)
    }


def _created_by_operator(name: str, content: Content, endpoint_name: str) -> bool:
    hashed = [
        {member: _whole(variant[member]) for member in _OURS if member in variant}
        for variant in sorted(production_variants(content), key=lambda each: str(each["VariantName"]))
    ]
    return name == content_name(endpoint_name, content=hashed)


def _extra_members(content: Content) -> Iterator[str]:
    """Yield the names of the members that the operator would not set."""
    for member, value in content.items():
        if member != "ProductionVariants" and not _default(member, value):
            yield member
    for variant in production_variants(content):
        for member, value in variant.items():
            if member not in _OURS and not _default(member, value):
                yield member


def _default(member: str, value: Any) -> bool:
    return not value or _READ_BACK_DEFAULTS.get(member) == value


def _whole(value: Any) -> Any:
    """Return a whole number as an integer: AWS returns weights as floats, and the hash covers integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
