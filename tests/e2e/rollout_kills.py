"""Kills the operator with SIGKILL around what it does for a rollout, and starts another one at once.

AWS's clock stands still from the kill until the next operator has followed.
"""

from contextlib import ExitStack

from tests.e2e.operator_process import Operator
from tests.e2e.paced_aws import PacedAws
from tests.e2e.rollout_stage import SETTINGS, Undisturbed
from tests.e2e.rollouts import Rollout

_WEIGHT_CALL = "UpdateEndpointWeightsAndCapacities"


class KilledOperator:
    """An operator that runs, and runs again after each kill."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._programs = ExitStack()
        self.kills = 0
        self.start()

    def start(self) -> None:
        self._program = self._programs.enter_context(self._operator.running(**SETTINGS))

    def kill(self) -> None:
        assert self._program.running
        self._program.kill()
        self.kills += 1

    def close(self) -> None:
        self._programs.close()


class KilledAtWeightCalls(Undisturbed):
    """Kills at each call that sets weights: `before` its effect, or `after` it and before the answer."""

    def __init__(self, operator: KilledOperator, aws: PacedAws, *, when: str) -> None:
        self._operator, self._aws, self._when = operator, aws, when
        self._hold_next(nth=1)

    def _hold_next(self, *, nth: int) -> None:
        self._aws.sim.hold({"operation": _WEIGHT_CALL, "nth": nth}, when=self._when)

    def meanwhile(self) -> bool:
        if not self._aws.sim.held(timeout=0):
            return False
        self._operator.kill()
        self._aws.sim.release(drop=True)
        # A call that had no effect is sent again, and that one is to have its effect.
        self._hold_next(nth=2 if self._when == "before" else 1)
        self._operator.start()
        return True


class KilledAtVerdicts(Undisturbed):
    """Kills as soon as status has another decision."""

    def __init__(self, operator: KilledOperator) -> None:
        self._operator = operator
        self._decided: object = None

    def seen(self, rollout: Rollout) -> bool:
        decided = rollout.traffic.get("decisions")
        if decided == self._decided:
            return False
        self._decided = decided
        self._operator.kill()
        self._operator.start()
        return True
