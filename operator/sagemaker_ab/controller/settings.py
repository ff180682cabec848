"""The operator's settings, from its environment."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt

_PREFIX = "SAGEMAKER_AB_"


class Settings(BaseModel):
    """Intervals on the local clock, in seconds; what lasts in AWS is measured on AWS's.

    Each is read from SAGEMAKER_AB_ and its name in capitals, such as SAGEMAKER_AB_RESYNC_SECONDS.
    """

    model_config = ConfigDict(frozen=True)

    resync_seconds: PositiveFloat = 60.0
    """How often a resource is compared with AWS when nothing else calls for it."""
    poll_seconds: PositiveFloat = 10.0
    """How often AWS is asked while it is at work."""
    retry_seconds: PositiveFloat = 5.0
    """The first wait after a passing failure; it doubles up to the resync interval."""
    refused_retry_seconds: PositiveFloat = 60.0
    """The first wait after a refusal; it doubles up to ten times itself."""
    metrics_tick_seconds: PositiveFloat = 15.0
    """How often it is looked which windows of metrics are due."""
    workers: PositiveInt = 16
    """How many passes run at a time, at most three quarters of them in one region."""
    cluster_id: str = ""
    """What names this cluster in owner tags; empty for the UID of kube-system."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; an empty variable is as good as none.

        Raises:
            pydantic.ValidationError: a value is not what its setting can be.
        """
        given = {name: environment.get(_PREFIX + name.upper(), "") for name in cls.model_fields}
        return cls.model_validate({name: text for name, text in given.items() if text})
