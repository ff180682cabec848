"""A stepped rollout in the simulated AWS, with the operator's loop in this process: words for tests."""

import copy
import json
from collections.abc import Callable
from typing import Any

from sagemaker_ab.controller.settings import Settings
from sandbox.aws.inprocess import InProcessAws
from tests.integration.kills import Killed
from tests.integration.stage import aws, now, weights
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import Spec, spec

STEPS = [
    {"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
    {"percent": 50, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
    {"percent": 100},
]
GUARDRAILS = [{"metric": "ServerErrors", "noWorseThanPercent": 50}]
BREAKERS = [{"metric": "ServerErrors"}]
_TICK_SECONDS = 15.0


def stepped(base: Spec | None = None, **policy: Any) -> Spec:
    """Return the usual endpoint under Stepped: VariantB takes over from VariantA."""
    base = base or spec()
    variants = [{k: v for k, v in each.items() if k != "weight"} for each in base["variants"]]
    settings = {
        "baseline": "VariantA",
        "candidate": "VariantB",
        "steps": STEPS,
        "guardrails": GUARDRAILS,
        "breakers": BREAKERS,
        **policy,
    }
    traffic = {"strategy": "Stepped", "stepped": {k: v for k, v in settings.items() if v is not None}}
    return {**base, "variants": variants, "traffic": traffic}


class Rollout:
    """The operator's loop: minutes are read every minute, and reconciles run when they are due or woken.

    Both intervals are settings. A process that is killed is started again at once.
    """

    def __init__(
        self,
        first: Spec | None = None,
        *,
        sim: InProcessAws | None = None,
        rate: float = 100.0,
        settings: Settings | None = None,
    ) -> None:
        self.operator = InProcessOperator(sim or aws(), settings=settings)
        self._settings = settings or Settings()
        self.cluster = self.operator.cluster
        self.sim = self.operator.sim
        self.history: list[str] = []
        self._due = now(self.operator)
        self._read_in = 0.0
        self.operator.cluster.apply(first or stepped())
        self.until(lambda: self.operator.conditions.get("EndpointInService", "").startswith("True"))
        self.requests(rate)

    @property
    def status(self) -> dict[str, Any]:
        """What status says of the run."""
        assert self.cluster.resource is not None
        traffic: dict[str, Any] = self.cluster.resource["status"].get("traffic", {})
        return traffic

    @property
    def weights(self) -> dict[str, float]:
        return weights(self.operator)

    @property
    def reasons(self) -> list[str]:
        """The reasons of the events, in order."""
        return [event["reason"] for event in self.cluster.events]

    def event(self, reason: str) -> str:
        """Return the message of the only event with this reason."""
        [message] = [event["message"] for event in self.cluster.events if event["reason"] == reason]
        return str(message)

    def weight_calls(self) -> list[dict[str, float]]:
        """The weights that the operator has sent."""
        return [_weights(call) for call in self._weight_calls()]

    def weight_effects(self) -> list[dict[str, float]]:
        """The weights that the operator has sent and that have reached AWS."""
        effects = {"effect", "dropped-after-effect"}
        return [_weights(call) for call in self._weight_calls() if call["outcome"] in effects]

    def _weight_calls(self) -> list[dict[str, Any]]:
        return [
            call
            for call in self.operator.writes()
            if call["operation"] == "UpdateEndpointWeightsAndCapacities"
            and "DesiredWeight" in call["params"]["DesiredWeightsAndCapacities"][0]
        ]

    def patched(self) -> Spec:
        """Return the spec with the patch that status offers."""
        assert self.cluster.resource is not None
        changed: dict[str, Spec] = {"spec": copy.deepcopy(self.cluster.resource["spec"])}
        for operation in json.loads(self.status["patch"]):
            *parents, last = operation["path"].strip("/").split("/")
            place: Any = changed
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            if operation["op"] == "test":
                assert place[last] == operation["value"]
            else:
                place[last] = operation["value"]
        return changed["spec"]

    def requests(self, per_minute: float) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": per_minute})

    def fails(self, model: str, rate: float) -> None:
        """Let a share of the requests to a model fail with a server error."""
        [name] = [each for each in self.models if f"-{model}-" in each]
        self.sim.edit(ailment={"model": name, "rate5xx": rate})

    @property
    def models(self) -> list[str]:
        place = next(iter(self.sim.state().values()))
        return list(place["models"])

    def command(self, **annotations: str | None) -> None:
        """Set the annotations of commands; None removes one."""
        assert self.cluster.resource is not None
        metadata = self.cluster.resource["metadata"]
        metadata["annotations"] = {
            key: value
            for key, value in {
                **metadata.get("annotations", {}),
                **{f"sagemaker-ab.dev/{name}": value for name, value in annotations.items()},
            }.items()
            if value is not None
        }
        self.cluster.annotate()
        self._due = now(self.operator)

    def crash(self) -> None:
        """Lose all that the process remembers, and start another one."""
        self.operator.crash()
        self._due = now(self.operator)

    def run(self, *, minutes: float) -> None:
        end = now(self.operator) + 60 * minutes
        while now(self.operator) < end:
            self._turn()

    def until(self, reached: Callable[[], object], *, minutes: float = 600) -> float:
        """Let time go by until something has come about; return how many minutes that took."""
        begun = now(self.operator)
        while not reached():
            if now(self.operator) - begun > 60 * minutes:
                raise AssertionError(f"not reached after {minutes} minutes: {self.operator.conditions}")
            self._turn()
        return (now(self.operator) - begun) / 60

    def until_ended(self, *, minutes: float = 600) -> float:
        return self.until(lambda: self.status.get("outcome"), minutes=minutes)

    def _turn(self) -> None:
        operator = self.operator
        woken: list[Any] = []
        tick = now(operator) // self._settings.run_minutes_seconds
        if tick > self._read_in:
            self._read_in = tick
            monitor = operator.run_minutes
            woken = [key for region in monitor.regions() for key in monitor.tick(region)]
        if woken or now(operator) >= self._due:
            before = now(operator)
            try:
                after = operator.step()
            except Killed:
                self.crash()
                return
            self._due = before + (self._settings.resync_seconds if after is None else after)
        else:
            operator.sim.advance(seconds=min(_TICK_SECONDS, max(0.5, self._due - now(operator))))


def _weights(call: dict[str, Any]) -> dict[str, float]:
    changes = call["params"]["DesiredWeightsAndCapacities"]
    return {each["VariantName"]: each["DesiredWeight"] for each in changes}
