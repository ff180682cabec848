"""The judge: calls and versions in their order go in, violations come out. It does no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import History
from sandbox.safety.rules.backoff import RefusedRequestsWait
from sandbox.safety.rules.capacity import CapacityFollowsTraffic
from sandbox.safety.rules.chosen_weights import ChosenWeightsAreSent
from sandbox.safety.rules.failed_content import FailedContentWaits
from sandbox.safety.rules.finalizer import PinnedWhileInAws
from sandbox.safety.rules.readiness import ReadyWasRead
from sandbox.safety.rules.removal import NothingInUseIsDeleted
from sandbox.safety.rules.scaling import ScalingIsKept
from sandbox.safety.rules.steering import AdjustmentsGoOut
from sandbox.safety.rules.traffic import TrafficWaitsForInstances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.safety.bounds import Bounds
    from sandbox.safety.calls import Call
    from sandbox.safety.resources import Version
    from sandbox.safety.rules.rule import Rule
    from sandbox.safety.violations import Violation


class Judge:
    """Applies every rule to one run of one or more operators.

    A version has to be announced before the calls are judged that came up to the monitor's lag before it was
    heard of: in one process that is in the order of events, over the network all versions come first.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.history = History(bounds)
        self.rules: tuple[Rule, ...] = (
            TrafficWaitsForInstances(),
            CapacityFollowsTraffic(),
            ScalingIsKept(),
            NothingInUseIsDeleted(),
            AdjustmentsGoOut(),
            ReadyWasRead(),
            PinnedWhileInAws(),
            FailedContentWaits(),
            RefusedRequestsWait(),
            ChosenWeightsAreSent(),
        )
        self.violations: list[Violation] = []
        self.judged = 0
        """How many writes to AWS have been judged."""

    def announce(self, version: Version) -> Version | None:
        """Take down a version; return the one that it replaces."""
        return self.history.timeline.add(version)

    def restarted(self, local: float) -> None:
        """Take down that the operator was started again."""
        self.history.restarts.append(local)

    def judge_call(self, call: Call) -> None:
        self.judged += call.write
        for rule in self.rules:
            self._take(rule.on_call(call, self.history))
        self.history.add(call)

    def judge_version(self, version: Version, former: Version | None) -> None:
        for rule in self.rules:
            self._take(rule.on_version(version, former, self.history))

    def judge_rest(self) -> None:
        """Judge what is left undone now that the operator rests."""
        for rule in self.rules:
            self._take(rule.at_rest(self.history))

    def _take(self, found: Iterable[Violation]) -> None:
        self.violations.extend(found)
