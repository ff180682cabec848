"""One call of an operator's, with what AWS held when it came."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import AwsState

if TYPE_CHECKING:
    from sandbox.safety.aws_state import Raw

_LONGEST = 400
_VARIANT = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
_ALARM = re.compile(r"(sagemaker-ab/[^/]+/([^/]+)/)([^/]+)/[^/]+")
_ENDPOINT_ARN = re.compile(r":endpoint/(.+)$")


@dataclass(frozen=True)
class Call:
    """``time`` is AWS's, ``local`` that of the operator's machine.

    ``before`` and ``after`` are what AWS held, ``shown`` what a read was answered from: the state as of
    ``shown_at``, which may lie some seconds back.
    """

    number: int
    time: float
    local: float
    account: str
    region: str
    service: str
    operation: str
    params: Raw
    write: bool
    outcome: str
    code: str
    message: str
    before: AwsState
    after: AwsState
    shown: AwsState
    shown_at: float

    @property
    def effective(self) -> bool:
        """Whether it took effect, its answer lost or not."""
        return self.outcome in {"effect", "dropped-after-effect"}

    @property
    def refused(self) -> bool:
        return self.outcome == "refused"

    @property
    def answered(self) -> bool:
        """Whether the operator got an answer that is not a refusal."""
        return self.outcome == "effect"

    @cached_property
    def endpoint(self) -> str:
        """The endpoint that it names; empty for models and configs."""
        if "EndpointName" in self.params:
            return str(self.params["EndpointName"])
        if found := _VARIANT.search(str(self.params.get("ResourceId", ""))):
            return found[1]
        if self._alarm:
            return self._alarm[2]
        found = _ENDPOINT_ARN.search(str(self.params.get("ResourceArn", "")))
        return found[1] if found else ""

    @cached_property
    def answer(self) -> AwsState:
        """What AWS held as far as the read shows it: of all alarms, those that it asked for."""
        if self.operation != "DescribeAlarms":
            return self.shown
        names, prefix = self.params.get("AlarmNames"), str(self.params.get("AlarmNamePrefix", ""))
        asked = {
            name: alarm
            for name, alarm in self.shown.alarms.items()
            if (name in names if names else name.startswith(prefix))
        }
        return AwsState({**self.shown.raw, "alarms": asked})

    @cached_property
    def alarms(self) -> list[str]:
        """The alarms that a call changes, by their names."""
        if self.operation == "PutMetricAlarm":
            return [str(self.params["AlarmName"])]
        return list(self.params["AlarmNames"]) if self.operation == "DeleteAlarms" else []

    @cached_property
    def alarm_prefix(self) -> str:
        """How the alarms of an owner's endpoint begin of which a call changes one; empty for other alarms."""
        return self._alarm[1] if self._alarm else ""

    @cached_property
    def _alarm(self) -> re.Match[str] | None:
        return next((found for name in self.alarms if (found := _ALARM.fullmatch(name))), None)

    @cached_property
    def variant(self) -> str:
        """The variant that a call about scaling names."""
        if self._alarm:
            return self._alarm[3]
        found = _VARIANT.search(str(self.params.get("ResourceId", "")))
        return found[2] if found else ""

    @cached_property
    def identity(self) -> str:
        """Equal for equal requests."""
        return f"{self.operation} {json.dumps(self.params, sort_keys=True, default=str)}"

    def __str__(self) -> str:
        request = json.dumps(self.params, default=str)
        shortened = request if len(request) <= _LONGEST else f"{request[:_LONGEST]}…"
        became = f"refused: {self.message or self.code}" if self.refused else self.outcome
        return f"call {self.number}: {self.operation} {shortened} ({became})"
