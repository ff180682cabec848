"""A log stream: what the container on one instance has written since it was launched.

What follows from the launch alone is not kept but told anew at each reading, so that thousands of quiet
instances cost next to nothing. Times are virtual epoch seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = (
    (40.0, "[INFO ] Fetched {artefact} into /opt/ml/model"),
    (42.0, "[INFO ] Starting the model server of {image}"),
    (45.0, "[INFO ] Listening on port 8080"),
)
_LOADED = (58.0, "[INFO ] Loaded the model of {model}")
_HEALTHY = (60.0, '[INFO ] "GET /ping HTTP/1.1" 200')
_BROKEN = (
    (50.0, "[ERROR] Traceback (most recent call last): inference.py, model_fn"),
    (50.0, "[ERROR] RuntimeError: the model of {model} could not be loaded from /opt/ml/model"),
)
_FAILED_PING = '[ERROR] "GET /ping HTTP/1.1" 503'
_FIRST_PING, _PING_SECONDS = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of a log and when it was written."""

    time: float
    message: str


@dataclass(slots=True, kw_only=True)
class LogStream:
    """The log of one instance of the fleet of an endpoint config.

    ``broken`` says that its container never answers its health check well.
    """

    name: str
    config: str
    variant: str
    model: str
    image: str
    artefact: str
    launched: float
    broken: bool
    stopped: float | None = None
    failures: list[LogEvent] = field(default_factory=list)
    """Invocations that ended badly, oldest first."""

    @property
    def created(self) -> float:
        """When its first event was written."""
        return self.launched + _START[0][0]

    def events(self, until: float) -> list[LogEvent]:
        """Return what was written up to a time, oldest first."""
        end = until if self.stopped is None else min(until, self.stopped)
        launch = [event for event in self._launch(end) if event.time <= end]
        known = bisect_right(self.failures, until, key=lambda event: event.time)
        return launch + self.failures[:known]

    def _launch(self, end: float) -> Iterator[LogEvent]:
        what_comes = (*_START, *_BROKEN) if self.broken else (*_START, _LOADED, _HEALTHY)
        for after, words in what_comes:
            message = words.format(artefact=self.artefact, image=self.image, model=self.model)
            yield LogEvent(self.launched + after, message)
        if self.broken:
            ping = self.launched + _FIRST_PING
            while ping <= end:
                yield LogEvent(ping, _FAILED_PING)
                ping += _PING_SECONDS
