"""The operator's settings, from its environment."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt

_PREFIX = "SAGEMAKER_AB_"


class Settings(BaseModel):
    """Intervals in seconds, on the local clock unless a setting says otherwise.

    Durations in AWS are measured on AWS's clock.

    Each is read from SAGEMAKER_AB_ and its name in capitals, such as SAGEMAKER_AB_RESYNC_SECONDS.
    """

    model_config = ConfigDict(frozen=True)

    resync_seconds: PositiveFloat = 60.0
    """How often a resource is compared with AWS when nothing else triggers a reconcile."""
    poll_seconds: PositiveFloat = 10.0
    """How often AWS is read while a change is in progress."""
    retry_seconds: PositiveFloat = 5.0
    """The first gap after a transient failure; gaps double up to the resync interval."""
    refused_retry_seconds: PositiveFloat = 60.0
    """The first gap after a refusal; gaps double up to sixty times the first."""
    metrics_tick_seconds: PositiveFloat = 15.0
    """How often the operator checks which metric windows and scaling activities are due."""
    scaling_activities_seconds: PositiveFloat = 600.0
    """How often the scaling activities of a region are read, on AWS's clock."""
    run_minutes_seconds: PositiveFloat = 60.0
    """How often the minutes of runs are read."""
    workers: PositiveInt = 16
    """How many reconciles run at a time, at most three quarters of them in one region."""
    cluster_id: str = ""
    """The cluster's name in owner tags; empty for the UID of kube-system."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises:
            pydantic.ValidationError: a value is not allowed for its setting.
        """
        given = {name: environment.get(_PREFIX + name.upper(), "") for name in cls.model_fields}
        return cls.model_validate({name: text for name, text in given.items() if text})
