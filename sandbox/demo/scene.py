"""What every act works with: the stage, the teller, the user's prompt, and ways to wait."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sandbox.demo.calls import CallBook
from sandbox.demo.deployment import COMMANDS
from sandbox.demo.pacing import operators_pace
from sandbox.demo.prompt import Ended, Prompt
from sandbox.demo.proof import Proof
from sandbox.demo.simulation import PERSON_KEY
from sandbox.demo.stage import Stage
from sandbox.demo.telling import Redraw, Teller

RESOURCE = "reviews"
ENDPOINT = "reviews"
"""As the samples in manifests/samples name them."""

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 420.0
_POLL_SECONDS = 0.25
_LAST_LOOK_SECONDS = 1.5
"""The tree looks every second, so its last picture is of the end."""
_FASTEST = 5000
"""How many times as fast as real time AWS's clock may go at the operator's pace."""
_WATCH = f"kubectl sagemaker-ab get {RESOURCE} --watch"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scene:
    stage: Stage
    teller: Teller
    prompt: Prompt
    proof: Proof
    calls: CallBook
    picture: Path

    @classmethod
    def on(cls, stage: Stage, teller: Teller, *, picture: Path) -> Self:
        """Put a user before a stage, at a prompt in this project's directory."""
        environment = stage.cluster.env | stage.aws.environment(PERSON_KEY)
        environment["PATH"] = os.pathsep.join((str(COMMANDS), environment["PATH"]))
        return cls(
            stage=stage,
            teller=teller,
            prompt=Prompt(teller, environment=environment, directory=_ROOT),
            proof=Proof(teller),
            calls=CallBook(stage.aws.control),
            picture=picture,
        )

    def type(self, command: str, *, animated: bool = False) -> Ended:
        """Type a command that has to succeed, or the story ends."""
        ended = self.prompt.type(command, animated=animated)
        if ended.status:
            self.proof.require(f"`{command}` succeeds", holds=False, saw=ended.output)
        return ended

    def resource(self) -> dict[str, Any]:
        """Read the resource anew; empty when there is none."""
        found = self.stage.cluster.kubectl(
            "get", "sagemakerabendpoint", RESOURCE, "--output=json", "--ignore-not-found", check=True
        )
        return json.loads(found.stdout) if found.stdout.strip() else {}

    def status(self) -> dict[str, Any]:
        """Return the resource's status, empty before the operator has seen it."""
        return dict(self.resource().get("status", {}))

    def until(self, look: Callable[[], T], holds: Callable[[T], object], *, claim: str) -> T:
        """Look until what is seen is as claimed, which then needs no further word. Raise NotSo."""
        with self.teller.waiting(claim) as redraw:
            return self._until(look, holds, claim=claim, redraw=redraw)

    def _until(self, look: Callable[[], T], holds: Callable[[T], object], *, claim: str, redraw: Redraw) -> T:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not holds(seen := look()):
            if time.monotonic() > deadline:
                self.proof.require(f"{claim} within {_PATIENCE_SECONDS:.0f} s", holds=False, saw=seen)
            self._require_operator()
            redraw(f"waiting until {claim}; in AWS it is {self._aws_time():%H:%M:%S}")
            time.sleep(_POLL_SECONDS)
        return seen

    def _require_operator(self) -> None:
        operator = self.stage.operator
        if operator and not operator.running:
            self.proof.require("the operator keeps running", holds=False, saw=operator.log_tail())

    def watch_until(self, look: Callable[[], T], holds: Callable[[T], object], *, claim: str) -> list[T]:
        """Follow something while the live tree shows it; without a terminal, tell each change in a line.

        Return what was seen, each change once.
        """
        seen: list[T] = []

        def change() -> T:
            now = look()
            if not seen or seen[-1] != now:
                seen.append(now)
                if not self.teller.animated:
                    self.teller.note(f"{self._aws_time():%H:%M} {now}")
            return now

        if not self.teller.animated:
            self.until(change, holds, claim=claim)
            return seen
        with self._live_tree():
            self._until(change, holds, claim=claim, redraw=lambda _: None)
        return seen

    @contextmanager
    def _live_tree(self) -> Iterator[None]:
        """Show the tree while it matters; AWS's clock waits for it, lest all be over before it is drawn."""
        control = self.stage.aws.control
        speed = control.speed()
        control.set_speed(1)
        tree = self.prompt.begin(_WATCH, draws=True)
        try:
            tree.await_output()
            control.set_speed(speed)
            yield
            time.sleep(_LAST_LOOK_SECONDS)
        finally:
            tree.interrupt()

    @contextmanager
    def at_speed(self, speed: int, why: str) -> Iterator[None]:
        """Let AWS's clock run faster while the story waits, and say so."""
        control = self.stage.aws.control
        self.teller.note(f"AWS's clock runs {speed} times as fast {why}")
        self.stage.expect_speed(speed)
        with self._timed():
            control.set_speed(speed)
            yield
            control.set_speed(1)

    @contextmanager
    def at_operators_pace(self, why: str) -> Iterator[None]:
        """Let AWS's clock go as fast as the operator can follow minute by minute, and say so."""
        self.teller.note(f"AWS's clock goes on as fast as the operator reads minutes, {why}")
        # What begins here may still be under way later, so this is expected until the next speed is set.
        self.stage.expect_speed(_FASTEST)
        with self._timed(), operators_pace(self.stage.aws.control):
            yield

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Say how much time has passed in AWS meanwhile."""
        control = self.stage.aws.control
        real, virtual = time.monotonic(), control.now()
        yield
        passed, waited = control.now() - virtual, time.monotonic() - real
        self.teller.note(f"AWS's clock runs like yours again: {_minutes(passed)} passed in {waited:.0f} s")

    def _aws_time(self) -> datetime:
        return datetime.fromtimestamp(self.stage.aws.control.now(), UTC)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:  # noqa: PLR2004  an hour
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
