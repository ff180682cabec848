"""Comparing endpoint configs by content: what AWS returns against what the operator would create.

Initial weights and counts are left out, since they are compared with the live endpoint.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.names import content_name

if TYPE_CHECKING:
    from sagemaker_ab.planning.observed import ObservedConfig

_INITIAL: Final = ("InitialInstanceCount", "InitialVariantWeight")
_OURS: Final = ("VariantName", "ModelName", "InstanceType", *_INITIAL)

# What AWS may add to a config on reading it although it was not set (a guess; empty values aside).
_READ_BACK_DEFAULTS: Final[Mapping[str, Any]] = {
    "EnableNetworkIsolation": False,
    "EnableSSMAccess": False,
    "RoutingConfig": {"RoutingStrategy": "RANDOM"},
    "ManagedInstanceScaling": {"Status": "DISABLED"},
}


def deploys(config: "ObservedConfig", desired: Desired) -> bool:
    """Return whether a fleet that was built from the config is the desired one.

    Every member counts. A config whose name is the hash of its content was created by the operator; members
    that it has beyond that content are defaults that AWS added.
    """
    if _deployed(config.production_variants) != {v.name: dict(v.deployed) for v in desired.variants}:
        return False
    return _created_by_operator(config, desired.endpoint_name) or not any(_extra_members(config))


def encode_config(config: "ObservedConfig") -> str:
    """Return the content of a config as JSON."""
    return json.dumps(config.content, sort_keys=True, separators=(",", ":"))


def decode_config(text: str) -> Mapping[str, Any]:
    """Read back what `encode_config` wrote. Raises ValueError for what is not JSON."""
    content: Mapping[str, Any] = json.loads(text)
    return content


def _deployed(variants: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    ours = (name for name in _OURS if name not in _INITIAL)
    members = frozenset(ours)
    return {v["VariantName"]: {k: value for k, value in v.items() if k in members} for v in variants}


def _created_by_operator(config: "ObservedConfig", endpoint_name: str) -> bool:
    content = [
        {member: _whole(variant[member]) for member in _OURS if member in variant}
        for variant in sorted(config.production_variants, key=lambda variant: str(variant["VariantName"]))
    ]
    return config.name == content_name(endpoint_name, content=content)


def _extra_members(config: "ObservedConfig") -> Iterator[str]:
    """Yield the names of the members that the operator would not set."""
    for member, value in config.content.items():
        if member != "ProductionVariants" and not _default(member, value):
            yield member
    for variant in config.production_variants:
        for member, value in variant.items():
            if member not in _OURS and not _default(member, value):
                yield member


def _default(member: str, value: Any) -> bool:
    return not value or _READ_BACK_DEFAULTS.get(member) == value


def _whole(value: Any) -> Any:
    """Return a whole number as an integer: AWS returns weights as floats, and the hash covers integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
