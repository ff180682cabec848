"""Calls by somebody else: any operation as an out-of-band edit, which no call log shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import OPERATIONS, Call, edit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import JSON, Region


@edit("call")
def _call(region: Region, asked: Mapping[str, Any]) -> JSON:
    """`{"service": "application-autoscaling", "operation": "DeleteScalingPolicy", "params": {...}}`."""
    operation = OPERATIONS[asked["service"], asked["operation"]]
    params = asked.get("params", {})
    return operation.handler(Call(region=region, params=params, as_of=region.clock.now()))
