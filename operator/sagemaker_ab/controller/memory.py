"""What a process remembers of one resource between passes.

Losing it costs a wait or a repeated look, never correctness: what must survive is in AWS or in status.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.deployment import SETTLING_SECONDS
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.trouble import Trouble

_RECHECK_SECONDS = 6 * 3600.0

_MAY_BE_LEFT_OVER = {"CreateModel", "CreateEndpointConfig"}
"""What a deployment that fails, or is overtaken by another spec, leaves behind."""


@dataclass(slots=True)
class Memory:
    """Times are seconds since the epoch on AWS's clock."""

    uid: str = ""
    sent: dict[str, float] = field(default_factory=dict)
    """When each write was last sent."""
    setbacks: int = 0
    """Passes in a row that ended in trouble."""
    trouble: Trouble | None = None
    """The last one, and the phase that met it."""
    troubled_phase: Phase | None = None
    swept: tuple[str | None, float] | None = None
    """The config in use when leftovers were last found gone, and when."""
    wish: tuple[int, str | None] | None = None
    """The generation and the request to reconcile that setbacks were last forgotten for."""
    deleting_since: float | None = None
    quiet_until: float = 0.0
    """On the local monotonic clock: the trouble is not faced again before."""

    def settled(self, now: float) -> bool:
        """Tell whether every write is so old that reads show it."""
        self.sent = {key: when for key, when in self.sent.items() if now - when < SETTLING_SECONDS}
        return not self.sent

    def unsent(self, commands: Iterable[Command], now: float) -> list[Command]:
        """Return the writes up to the first one sent so lately that a read missing it may be a stale one.

        What comes after that one may rest upon it: a scaling policy is refused without its target.
        """
        self.settled(now)
        return list(takewhile(lambda command: command.identity not in self.sent, commands))

    def note_sent(self, command: Command, now: float) -> None:
        self.sent[command.identity] = now
        if command.operation in _MAY_BE_LEFT_OVER:
            self.swept = None

    def forget_sent(self, command: Command) -> None:
        """AWS has refused it: it took no effect."""
        self.sent.pop(command.identity, None)

    def note_setback(self, phase: Phase | None, trouble: Trouble) -> None:
        self.setbacks += 1
        self.troubled_phase, self.trouble = phase, trouble

    def note_wish(self, generation: int, request: str | None) -> None:
        """Face a new wish as if nothing had gone wrong; while no status answers it, it is not new again."""
        if self.wish != (generation, request):
            self.wish = generation, request
            self.note_progress()

    def note_progress(self) -> None:
        self.setbacks, self.troubled_phase, self.trouble, self.quiet_until = 0, None, None, 0.0

    def standing_trouble(self, phases: tuple[Phase, ...]) -> Trouble | None:
        """Return the trouble that the next phase met the last time: status must not flap at each retry."""
        return self.trouble if phases and phases[0] == self.troubled_phase else None

    def sweep_due(self, config_name: str | None, now: float) -> bool:
        return self.swept is None or self.swept[0] != config_name or now - self.swept[1] > _RECHECK_SECONDS
