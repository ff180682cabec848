"""What a process remembers of one resource between passes.

Losing it costs a wait or a repeated look, never correctness: what must survive is in AWS or in status.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.problem import Trouble

_CHANGES_LEFTOVERS = {
    *("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"),
    *("DeleteEndpointConfig", "DeleteModel"),
}


@dataclass(frozen=True, slots=True)
class Setback:
    """A trouble met `count` times in a row, and until when, on the local clock, it is left alone."""

    trouble: Trouble
    count: int
    quiet_until: float


@dataclass(slots=True)
class Memory:
    """Times are seconds: on AWS's clock, except those of setbacks.

    A setback belongs to a matter: the identity of a phase, or a name for what is no phase.
    """

    uid: str = ""
    sent: dict[str, float] = field(default_factory=dict)
    """When each write was last sent."""
    sent_for: int = 0
    """The generation that the last write was sent for."""
    setbacks: dict[str, Setback] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    """Phases that AWS has taken, until a plan no longer holds them."""
    swept: tuple[str | None, float] | None = None
    """The config in use when leftovers were last looked for, and when to look again."""
    wish: tuple[int, str | None] | None = None
    """The generation and the request to reconcile that setbacks were last forgotten for."""
    deleting_since: float | None = None

    def settled(self, now: float) -> bool:
        """Tell whether every write is so old that reads show it."""
        return not self._lately_sent(now)

    def unsent(self, commands: Iterable[Command], now: float) -> list[Command]:
        """Return the writes up to the first one sent so lately that a read missing it may be a stale one.

        What comes after that one may rest upon it: a scaling policy is refused without its target.
        """
        lately = self._lately_sent(now)
        return list(takewhile(lambda command: command.identity not in lately, commands))

    def _lately_sent(self, now: float) -> Collection[str]:
        """Return what was sent less than a settling time ago, and forget what was sent before that."""
        self.sent = {key: when for key, when in self.sent.items() if now - when < SETTLING_SECONDS}
        return self.sent.keys()

    def note_sent(self, command: Command, generation: int, now: float) -> None:
        self.sent[command.identity] = now
        self.sent_for = generation
        if command.operation in _CHANGES_LEFTOVERS:
            self.swept = None

    def forget_sent(self, command: Command) -> None:
        """AWS has refused it: it took no effect."""
        self.sent.pop(command.identity, None)

    def note_setback(self, matter: str, trouble: Trouble, *, quiet_until: float) -> None:
        self.setbacks[matter] = Setback(trouble, self.failures(matter) + 1, quiet_until)

    def forget_setback(self, matter: str) -> None:
        self.setbacks.pop(matter, None)

    def failures(self, matter: str) -> int:
        setback = self.setbacks.get(matter)
        return setback.count if setback else 0

    def quiet(self, matter: str, now: float) -> bool:
        """Tell whether a matter is to be left alone; `now` is the local clock's."""
        setback = self.setbacks.get(matter)
        return setback is not None and now < setback.quiet_until

    def standing_trouble(self, phases: Iterable[Phase]) -> Trouble | None:
        """Return the trouble that the first troubled phase met: status must not flap at each retry."""
        return next(
            (self.setbacks[phase.identity].trouble for phase in phases if phase.identity in self.setbacks),
            None,
        )

    def keep_only(self, matters: Collection[str]) -> None:
        """Forget what was met or achieved in matters that no plan holds any more."""
        self.setbacks = {matter: setback for matter, setback in self.setbacks.items() if matter in matters}
        self.accepted &= set(matters)

    def note_wish(self, generation: int, request: str | None) -> None:
        """Face a new wish as if nothing had gone wrong; while no status answers it, it is not new again."""
        if self.wish != (generation, request):
            self.wish = generation, request
            self.setbacks.clear()
            self.accepted.clear()

    def sweep_due(self, config_name: str | None, now: float) -> bool:
        return self.swept is None or self.swept[0] != config_name or now >= self.swept[1]
