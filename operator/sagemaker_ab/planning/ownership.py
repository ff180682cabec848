"""Ours or not ours.

Every model, endpoint config and endpoint that we create carries its owner in tags, and none without them is
touched. Autoscaling belongs to whom its endpoint belongs to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TAG_PREFIX = "sagemaker-ab.dev/"
_CLUSTER_ID = f"{TAG_PREFIX}cluster-id"
_NAMESPACE = f"{TAG_PREFIX}namespace"
_NAME = f"{TAG_PREFIX}name"
_UID = f"{TAG_PREFIX}uid"


@dataclass(frozen=True, slots=True)
class Owner:
    """The resource that an AWS object belongs to.

    The UID is told but not compared: a resource restored from a backup gets a new one and still owns its
    endpoint.
    """

    cluster_id: str
    namespace: str
    name: str
    uid: str

    @property
    def tags(self) -> Mapping[str, str]:
        return MappingProxyType(
            {_CLUSTER_ID: self.cluster_id, _NAMESPACE: self.namespace, _NAME: self.name, _UID: self.uid}
        )

    def owns(self, tags: Mapping[str, str]) -> bool:
        identity = {_CLUSTER_ID: self.cluster_id, _NAMESPACE: self.namespace, _NAME: self.name}
        return all(tags.get(key) == value for key, value in identity.items())


def describe_owner(tags: Mapping[str, str]) -> str:
    """Say in words who owns the object that carries these tags."""
    if _NAME not in tags:
        return "not created by this operator"
    return f"owned by {tags.get(_NAMESPACE)}/{tags[_NAME]} of cluster {tags.get(_CLUSTER_ID)}"
