"""Pinning of resolved images: a framework keeps the image that it was first resolved to.

The image table changes with the operator's version. Without pins, a moved alias would redeploy every endpoint
at once. The pin is a tag on the SageMaker model: a hash of what the image was resolved from. As long as a
model in use carries the pin of the spec, its images are used instead of the table.
"""

from collections.abc import Mapping
from typing import Final

from sagemaker_ab.api.spec import Model
from sagemaker_ab.planning.names import content_hash
from sagemaker_ab.planning.ownership import TAG_PREFIX

IMAGE_PIN: Final = f"{TAG_PREFIX}image-pin"
"""The key of the tag."""

PinnedImages = Mapping[str, tuple[str, ...]]
"""The images of the containers of a model in use, by the model's pin."""


def image_pin(model: Model, instance_type: str) -> str | None:
    """Return the pin of a model on an instance type, None if it uses no framework.

    It changes with the frameworks of its containers, the instance family and the model's revision.
    """
    frameworks = [
        c.framework.model_dump(mode="json", exclude_none=True) if c.framework else None
        for c in model.all_containers
    ]
    if not any(frameworks):
        return None
    family = instance_type.split(".")[1]
    return content_hash([model.name, frameworks, family, model.revision or ""])
