"""How long to wait: passing troubles soon, standing ones ever more slowly, and nobody in step with others."""

import random

from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.planning.problem import Trouble

_DOUBLINGS = 10
_SLOWEST = 10
"""What is refused is tried again at least once in so many times its first interval."""


def until_retry(settings: Settings, trouble: Trouble, failures: int) -> float:
    """Seconds until a trouble that was met so often in a row is faced again."""
    if trouble.stalled:
        first, slowest = settings.refused_retry_seconds, _SLOWEST * settings.refused_retry_seconds
    else:
        first, slowest = settings.retry_seconds, max(settings.retry_seconds, settings.resync_seconds)
    return doubled(first, failures, slowest=slowest)


def doubled(first: float, failures: int, *, slowest: float) -> float:
    """Seconds to wait after so many failures in a row: twice as long after each, up to `slowest`."""
    return spread(min(first * 2 ** min(max(0, failures - 1), _DOUBLINGS), slowest))


def until_resync(settings: Settings) -> float:
    """Seconds until AWS is looked at again when nothing calls for it; never more than the setting."""
    return settings.resync_seconds * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, guards nothing


def spread(seconds: float) -> float:
    """Return about so many seconds, so that what happens to many at once does not again."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
