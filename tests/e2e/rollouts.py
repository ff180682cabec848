"""Stepped rollouts, as their users see them: what a person or a client does meanwhile is a script.

A script is a generator. Whenever it yields, some time goes by on AWS's clock. All scripts of a module are
played at once, each with a resource of its own, on one operator.
"""

import copy
import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any

from tests.e2e.paced_aws import Call, PacedAws
from tests.e2e.reviews import Manifest, Reviews, Spec, conditions_of

Weights = dict[str, float]
Script = Callable[["Rollout"], Iterator[None]]
Play = Generator[None, None, None]

BASELINE = {"VariantA": 100.0, "VariantB": 0.0}
FIRST = {"VariantA": 90.0, "VariantB": 10.0}
SECOND = {"VariantA": 50.0, "VariantB": 50.0}
CANDIDATE = {"VariantA": 0.0, "VariantB": 100.0}

_HOLD = {"minDurationSeconds": 600, "minRequests": 50}
STEPS = [{"percent": 10, "hold": _HOLD}, {"percent": 50, "hold": _HOLD}, {"percent": 100}]
APPROVED_STEPS = [{**STEPS[0], "approval": "Required"}, *STEPS[1:]]
SERVER_ERRORS = {"metric": "ServerErrors", "noWorseThanPercent": 50}
LATENCY = {"metric": "Latency", "noWorseThanPercent": 20}

_ARGO_CD = "argocd-controller"
"""The field manager of Argo CD's server-side apply and diff."""
_LONGEST_MINUTES = 180


def stepped(**policy: Any) -> Callable[[Spec], None]:
    """Let VariantB take over from VariantA in three steps."""
    settings = {
        "baseline": "VariantA",
        "candidate": "VariantB",
        "steps": STEPS,
        "guardrails": [SERVER_ERRORS, LATENCY],
        "breakers": [],
        **policy,
    }

    def change(spec: Spec) -> None:
        for variant in spec["variants"]:
            variant.pop("weight", None)
        spec["traffic"] = {"strategy": "Stepped", "stepped": settings}

    return change


@dataclass(slots=True)
class Rollout:
    """One resource, its endpoint, and what was seen of both."""

    resource: Reviews
    aws: PacedAws
    region: str
    live: Manifest = field(default_factory=dict)
    """The resource as it was last read."""
    seen: list[tuple[float, Manifest]] = field(default_factory=list)
    """The resource after each step in which it changed, and AWS's time then."""
    compared: list[tuple[Manifest, Manifest]] = field(default_factory=list)
    """The resource as Argo CD compares it: as it is, and as a dry run predicts it after an apply."""
    times: dict[str, float] = field(default_factory=dict)
    """AWS's time of moments that a script names."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a script keeps for the tests."""
    policy: Manifest = field(default_factory=dict)
    """The manifest with the newest policy that is not Manual."""
    last_weights: Weights = field(default_factory=dict)
    """The weights that served in AWS when the script ended."""
    acted: bool = False
    """Whether the script has changed anything since the operator last followed."""

    # What a user does

    @property
    def name(self) -> str:
        return self.resource.name

    def commit(self, *changes: Callable[[Spec], None]) -> None:
        """Change the manifest in the repository; Argo CD applies it."""
        for change in changes:
            change(self.resource.manifest["spec"])
        self.resource.manifest["spec"]["region"] = self.region
        if self.resource.manifest["spec"].get("traffic", {}).get("strategy") == "Stepped":
            self.policy = copy.deepcopy(self.resource.manifest)
        self.resource.server_side_apply(field_manager=_ARGO_CD)
        self.acted = True

    def annotate(self, **commands: str) -> None:
        """Give commands to the run by annotations, as `kubectl annotate` does."""
        words = [f"sagemaker-ab.dev/{name}={value}" for name, value in commands.items()]
        self.resource.kubectl("annotate", "smab", self.name, *words, check=True)
        self.acted = True

    def patch_status(self, *operations: dict[str, Any]) -> None:
        """Change status by hand, by a JSON patch."""
        patch = ("--subresource=status", "--type=json", f"--patch={json.dumps(operations)}")
        self.resource.kubectl("patch", "smab", self.name, *patch, check=True)
        self.acted = True

    def take_patch(self) -> None:
        """Apply the patch in status to the manifest, which is not committed yet."""
        spec: Spec = copy.deepcopy(self.resource.manifest["spec"])
        for operation in json.loads(self.traffic["patch"]):
            *parents, last = operation["path"].removeprefix("/spec/").split("/")
            place: Any = spec
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            if operation["op"] == "test":
                assert place[last] == operation["value"]
            else:
                place[last] = operation["value"]
        self.resource.manifest["spec"] = spec

    def close(self) -> None:
        """Delete the resource, which then takes no more of the operator's time."""
        variants = self._section("endpoints")[self.name]["variants"]
        self.last_weights = {name: each["currentWeight"] for name, each in variants.items()}
        self.resource.delete()

    # What clients, models and AWS do

    def requests(self, per_minute: float, **target: str) -> None:
        """Let clients send so many requests a minute; with `variant`, they name it as their target."""
        self.edit(traffic={"endpoint": self.name, "ratePerMinute": per_minute, **target})

    def ails(self, model: str, **ailment: float) -> None:
        """Let a model fail or be slow: rate5xx, latencyFactor."""
        [name] = [each for each in self._section("models") if each.startswith(f"{self.name}-{model}-")]
        self.edit(ailment={"model": name, **ailment})

    def metrics_are_late(self, seconds: float, **which: str) -> None:
        """Let CloudWatch show the minutes from now on so much later; `variant`, `shows`."""
        self.edit(lateMetrics={"endpoint": self.name, "seconds": seconds, **which})

    def weights_by_hand(self, weights: Weights) -> None:
        """Let somebody else change the weights in AWS."""
        wanted = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
        params = {"EndpointName": self.name, "DesiredWeightsAndCapacities": wanted}
        operation = "UpdateEndpointWeightsAndCapacities"
        self.edit(call={"service": "sagemaker", "operation": operation, "params": params})

    def edit(self, **edits: Any) -> None:
        """Do something to the AWS of the endpoint's region behind everybody's back."""
        self.aws.sim.edit(region=self.region, **edits)
        self.acted = True

    def _section(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.aws.sim.state().get(f"123456789012/{self.region}", {}).get(name, {})
        return found

    # Time

    def minutes(self, number: float) -> Play:
        end = self.aws.now + 60 * number
        while self.aws.now < end:
            yield

    def until(self, reached: Callable[[], object], *, minutes: float = _LONGEST_MINUTES) -> Play:
        end = self.aws.now + 60 * minutes
        while not reached():
            assert self.aws.now < end, f"not reached after {minutes} minutes: {self.live.get('status')}"
            yield

    def until_ended(self) -> Play:
        """Let time go by until the run has its outcome and the weights of that are in force."""
        yield from self.until(lambda: self.outcome and self.condition("Ready")["status"] == "True")

    def serves(self, *, per_minute: float = 100.0, failing: float = 0.01, **policy: Any) -> Play:
        """Apply a Stepped policy; let clients come once the first step is in force, with equal models."""
        self.commit(stepped(**policy))
        observes = policy.get("mode") == "Observe"
        yield from self.until(lambda: "run" in self.traffic and (observes or self.weights == FIRST))
        for model in ("bert-a", "bert-b"):
            self.ails(model, rate5xx=failing)
        self.requests(per_minute)

    def note(self, moment: str) -> None:
        """Remember AWS's time of a moment."""
        self.times[moment] = self.aws.now

    def keep(self, **what: Any) -> None:
        """Keep what is so now for the tests."""
        self.kept |= what

    # What there is to see

    @property
    def traffic(self) -> dict[str, Any]:
        found: dict[str, Any] = self.live.get("status", {}).get("traffic", {})
        return found

    @property
    def outcome(self) -> str | None:
        return self.traffic.get("outcome")

    @property
    def reads_minutes(self) -> bool:
        """Whether the operator reads the minutes of the run whenever it can."""
        data = self.traffic.get("data")
        return data is not None and data["state"] != "Refused" and self.outcome is None

    @property
    def reasons(self) -> list[str]:
        """The reasons of the decisions that status shows."""
        return [each["reason"] for each in self.traffic.get("decisions", ())]

    def condition(self, kind: str) -> dict[str, Any]:
        return conditions_of(self.live).get(kind, {"status": "Unknown"})

    @property
    def weights(self) -> Weights:
        """The weights that serve, as status has them."""
        variants = self.live.get("status", {}).get("variants", ())
        return {each["name"]: float(each["currentWeight"]) for each in variants if "currentWeight" in each}

    @property
    def weight_calls(self) -> list[Call]:
        """The operator's calls that set weights."""
        return [
            call
            for call in self.aws.writes
            if call["operation"] == "UpdateEndpointWeightsAndCapacities"
            and call["resource"] == self.name
            and "DesiredWeight" in call["params"]["DesiredWeightsAndCapacities"][0]
        ]

    @property
    def weights_sent(self) -> list[Weights]:
        """The weights of these calls."""
        return [_weights(call) for call in self.weight_calls]

    @property
    def weights_that_reached_aws(self) -> list[Weights]:
        """Those of the calls that had an effect, whether or not their answer arrived."""
        effects = {"effect", "dropped-after-effect"}
        return [_weights(call) for call in self.weight_calls if call["outcome"] in effects]

    @property
    def times_not_ready(self) -> list[float]:
        """When the resource was seen not to be ready after it once was."""
        found = [(at, conditions_of(live).get("Ready", {}).get("status")) for at, live in self.seen]
        since_ready = dropwhile(lambda each: each[1] != "True", found)
        return [at for at, status in since_ready if status != "True"]

    @property
    def decided(self) -> set[tuple[str, str, int]]:
        """The verdicts, reasons and steps that status has ever shown."""
        return {
            (each["verdict"], each["reason"], each["step"])
            for _, live in self.seen
            for each in live.get("status", {}).get("traffic", {}).get("decisions", ())
        }

    def observe(self, live: Manifest) -> None:
        """Take down a version of the resource, and what Argo CD shows of it: the diff of a dry run."""
        if live["metadata"]["resourceVersion"] == self.live.get("metadata", {}).get("resourceVersion"):
            return
        self.live = live
        self.seen.append((self.aws.now, live))
        self.compare(live)

    def compare(self, live: Manifest) -> None:
        """Let Argo CD compare the manifest with the resource. If that has just changed, it compares later."""
        predicted = self.resource.predicted(field_manager=_ARGO_CD)
        if predicted["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]:
            self.compared.append((live, predicted))


def _weights(call: Call) -> Weights:
    changes = call["params"]["DesiredWeightsAndCapacities"]
    return {each["VariantName"]: each["DesiredWeight"] for each in changes}
