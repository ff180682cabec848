"""A new fleet takes over from the old one step by step, under the eyes of alarms.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.cloudwatch.alarms import alarm_state
from sandbox.aws.engine.records import EndpointStatus, VariantPhase
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.engine.sagemaker.transitions import begin, config_gone, settle, take_over
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, PendingDeployment, Variant
    from sandbox.aws.engine.sagemaker.guardrails import Guardrails


def check_alarms(region: Region, guardrails: Guardrails) -> None:
    """Refuse alarms that are not there, where AWS may do so."""
    missing = [name for name in guardrails.alarms if alarm_state(region, name) is None]
    if missing and region.ledger.value("sm.guardrails.alarm-missing") == "refuse":
        raise region.refuse("sm.guardrails.alarm-missing-text", name=missing[0])


def _pending(endpoint: Endpoint) -> PendingDeployment:
    if endpoint.pending is None:
        raise ValueError("an endpoint in a blue/green deployment has a pending deployment")
    return endpoint.pending


def _with_coming(endpoint: Endpoint, change: Callable[[Variant], Variant]) -> Endpoint:
    pending = _pending(endpoint)
    coming = tuple(change(variant) for variant in pending.variants)
    return replace(endpoint, pending=replace(pending, variants=coming))


def _saying(region: Region, variant: Variant, status: str, row: str, **fields: object) -> Variant:
    message = region.ledger.text(row, **fields)
    return replace(variant, phases=(VariantPhase(status=status, message=message, since=region.clock.now()),))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueGreen:
    """One deployment under guardrails, from the time that its fleet has been launched.

    ``started`` is when the update was asked for; ``configs`` are those that must not be deleted meanwhile.
    """

    region: Region
    guardrails: Guardrails
    started: float
    configs: tuple[str, ...]

    def begin(self, endpoint: Endpoint) -> None:
        self._activate(endpoint, 0)

    def _capacity(self, step: int) -> str:
        partial = step + 1 < len(self.guardrails.steps)
        row = "sm.guardrails.capacity-canary" if partial else "sm.guardrails.capacity-full"
        return self.region.ledger.text(row)

    def _seconds(self, row: str) -> float:
        return self.region.ledger.seconds(row)

    def _activate(self, endpoint: Endpoint, step: int) -> None:
        active, row = self.guardrails.steps[step], "sm.guardrails.activating"

        def activating(variant: Variant) -> Variant:
            fields = {"capacity": self._capacity(step), "count": active[variant.name]}
            return _saying(self.region, variant, "ActivatingTraffic", row, **fields)

        begin(
            self.region,
            _with_coming(endpoint, activating),
            seconds=self._seconds("sm.guardrails.activating-seconds"),
            ending=lambda present: self._bake(present, step),
        )

    def _bake(self, endpoint: Endpoint, step: int) -> None:
        active, seconds = self.guardrails.steps[step], self.guardrails.baking(step)
        last = step + 1 == len(self.guardrails.steps)
        fields = {
            "seconds": seconds,
            "parameter": "TerminationWaitInSeconds" if last else "WaitIntervalInSeconds",
            "capacity": self._capacity(step),
        }

        def baking(variant: Variant) -> Variant:
            count = active[variant.name]
            turned_on = replace(variant, current_instance_count=count)
            return _saying(self.region, turned_on, "Baking", "sm.guardrails.baking", count=count, **fields)

        self._watch(_with_coming(endpoint, baking), step, self.region.clock.now() + seconds)

    def _watch(self, endpoint: Endpoint, step: int, until: float) -> None:
        """Look at the alarms every so often until a baking period or the time limit is over."""
        clock = self.region.clock
        reason = self._complaint()
        if reason:
            self._turn_back(endpoint, reason)
        elif clock.now() < until:
            begin(
                self.region,
                endpoint,
                seconds=self._pause(until),
                ending=lambda present: self._watch(present, step, until),
            )
        elif step + 1 < len(self.guardrails.steps):
            self._activate(endpoint, step + 1)
        else:
            self._terminate_old(endpoint)

    def _pause(self, until: float) -> float:
        """Return for how long nothing need be looked at."""
        end = min(until, self.started + self.guardrails.limit)
        left = end - self.region.clock.now()
        return min(left, self._seconds("sm.guardrails.alarm-poll")) if self.guardrails.alarms else left

    @holds("sm.guardrails.any-alarm", "sm.endpoint.config-deleted-while-busy")
    def _complaint(self) -> str:
        """Return why the deployment has to end, as a failure reason; empty if it may go on."""
        region, ledger = self.region, self.region.ledger
        for name in self.guardrails.alarms:
            state = alarm_state(region, name)
            if state == "ALARM":
                return ledger.text("sm.guardrails.alarm-reason", name=name)
            if state is None:
                return ledger.text("sm.guardrails.alarm-missing-reason", name=name)
        if region.clock.now() >= self.started + self.guardrails.limit:
            return ledger.text("sm.guardrails.limit-reason", limit=self.guardrails.limit)
        gone = [name for name in self.configs if store_of(region).config(name) is None]
        return config_gone(region, gone[0]) if gone else ""

    def _terminate_old(self, endpoint: Endpoint) -> None:
        leaving = tuple(self._terminating(variant) for variant in endpoint.variants)
        begin(
            self.region,
            replace(endpoint, variants=leaving),
            seconds=self._seconds("sm.guardrails.terminating-seconds"),
            ending=lambda present: take_over(self.region, present),
        )

    @holds("sm.guardrails.rollback")
    def _turn_back(self, endpoint: Endpoint, reason: str) -> None:
        """Give all traffic back to the old fleet at once, and end the new one."""

        def turned_off(variant: Variant) -> Variant:
            return replace(self._terminating(variant), current_instance_count=0)

        begin(
            self.region,
            _with_coming(endpoint, turned_off),
            seconds=self._seconds("sm.guardrails.terminating-seconds"),
            ending=lambda present: settle(self.region, present, EndpointStatus.IN_SERVICE, reason=reason),
        )

    def _terminating(self, variant: Variant) -> Variant:
        count = variant.desired_instance_count
        return _saying(self.region, variant, "Deleting", "sm.guardrails.terminating", count=count)
