"""Ownership of AWS objects, recorded in owner tags.

Every model, endpoint config and endpoint that the operator creates carries four owner tags. The operator does
not change or delete an object without the tags of its owner. Autoscaling is owned together with the endpoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sagemaker_ab.planning.names import content_hash

TAG_PREFIX = "sagemaker-ab.dev/"
_CLUSTER_ID = f"{TAG_PREFIX}cluster-id"
_NAMESPACE = f"{TAG_PREFIX}namespace"
_NAME = f"{TAG_PREFIX}name"
_UID = f"{TAG_PREFIX}uid"
RUN_TAG = f"{TAG_PREFIX}run"
"""The tag of an endpoint that remembers the last run of its strategy. It is no owner tag."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The resource that owns an AWS object.

    The UID is written into the tags but not compared, because a resource that is restored from a backup gets
    a new UID and must still own its endpoint.
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

    @property
    def fingerprint(self) -> str:
        """A hash of what identifies the owner, for names of AWS objects whose lists show no tags."""
        return content_hash([self.cluster_id, self.namespace, self.name])

    def owns(self, tags: Mapping[str, str]) -> bool:
        identity = {_CLUSTER_ID: self.cluster_id, _NAMESPACE: self.namespace, _NAME: self.name}
        return all(tags.get(key) == value for key, value in identity.items())

    def names_another(self, tags: Mapping[str, str]) -> bool:
        """Return whether the tags name an owner completely, and it is another one."""
        complete = all(tags.get(key) for key in (_CLUSTER_ID, _NAMESPACE, _NAME))
        return complete and not self.owns(tags)

    def describe_tags(self) -> str:
        """Return the tags by which an object of this owner is recognized, for messages."""
        identity = {_CLUSTER_ID: self.cluster_id, _NAMESPACE: self.namespace, _NAME: self.name}
        return ", ".join(f"{key}={value}" for key, value in identity.items())


def describe_owner(tags: Mapping[str, str]) -> str:
    """Return a phrase for messages that states who owns the object with these tags."""
    if _NAME not in tags:
        return "not created by this operator"
    return f"owned by {tags.get(_NAMESPACE)}/{tags[_NAME]} of cluster {tags.get(_CLUSTER_ID)}"
