"""A run on an endpoint without AWS: minutes of counts, reads of the endpoint, and what follows from them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.observed import EndpointStatus, ObservedEndpoint, ObservedVariant
from sagemaker_ab.planning.ownership import RUN_TAG
from sagemaker_ab.planning.run_data import Availability, RunData
from sagemaker_ab.planning.runs.follow import Followed, follow_run
from sagemaker_ab.planning.runs.identity import core_hash
from sagemaker_ab.planning.runs.situation import NewMinutes, Situation
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.variant_roles import VariantRoles

if TYPE_CHECKING:
    from sagemaker_ab.planning.runs.live import LiveRun

START = 29_000_000
"""The minute at which a world begins."""
LAG = 3
"""How many minutes a minute is over before it is complete."""
ROLES = VariantRoles(baseline="A", challengers=("B",))
CONTENT = {"A": {"ModelName": "model-a"}, "B": {"ModelName": "model-b"}}


def stepped(**changes: Any) -> Stepped:
    settings: dict[str, Any] = {
        "baseline": "A",
        "candidate": "B",
        "steps": [
            {"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
            {"percent": 50, "hold": {"minDurationSeconds": 600, "minRequests": 50}},
            {"percent": 100},
        ],
        "guardrails": [{"metric": "ServerErrors", "noWorseThanPercent": 50}],
        "breakers": [{"metric": "ServerErrors"}],
        **changes,
    }
    return Stepped.model_validate(settings, by_alias=True)


class World:
    """An endpoint with variants A and B. Each `minute` its weights serve, and a reconcile follows the run.

    `rates` are the shares of requests that fail. The weights that are intended go into force at once.
    """

    def __init__(self, policy: Stepped | None = None, *, requests: int = 200) -> None:
        self.policy = policy or stepped()
        self.requests = requests
        self.rates = {"A": 0.0, "B": 0.0}
        self.at = START
        self.content: Mapping[str, Any] = CONTENT
        self.commands: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.weights: dict[str, float] = {"A": 100.0, "B": 0.0}
        self.created = START * 60.0 - 7200.0
        self.modified = START * 60.0 - 3600.0
        self.availability = Availability.FRESH
        self.readable = True
        self.deployed = True
        self.changing: frozenset[str] = frozenset()
        self.autoscaled: frozenset[str] = frozenset()
        self.stays_because = ""
        self.live: LiveRun | None = None
        self.written: dict[str, Any] | None = None
        self.sizes: list[int] = []
        self.writes = 0
        self._counts: dict[tuple[int, str], Counts] = {}
        self._until = START

    def minute(self) -> Followed:
        """Let a minute go by, and follow the run at its end."""
        total = sum(self.weights.values())
        for name, weight in self.weights.items():
            calls = round(self.requests * weight / total)
            errors = round(calls * self.rates[name])
            self._counts[self.at, name] = Counts(invocations=calls, errors_5xx=errors)
        self.at += 1
        return self.follow()

    def minutes(self, count: int) -> Followed:
        for _ in range(count - 1):
            self.minute()
        return self.minute()

    def until_ended(self, *, most: int = 600) -> int:
        for count in range(most):
            if self.minute().status.outcome is not None:
                return count
        raise AssertionError("the run has not ended")

    def follow(self) -> Followed:
        """Follow the run once, write status, and apply the weights that it intends."""
        before = None if self.written is None else TrafficStatus.model_validate(self.written)
        followed = follow_run(before, self.live, self.situation())
        self.live = followed.live
        text = followed.status.model_dump_json(by_alias=True, exclude_none=True)
        written = json.loads(text)
        self.writes += written != self.written
        self.written = written
        self.sizes.append(len(text))
        if followed.traffic.run_tag:
            self.tags[RUN_TAG] = followed.traffic.run_tag
        wanted = {name: float(weight) for name, weight in followed.traffic.weights.items()}
        if wanted != self.weights:
            self.weights, self.modified = wanted, self.at * 60.0
        return followed

    def restart(self) -> None:
        """Lose what the process remembers."""
        self.live = None

    @property
    def decisions(self) -> list[tuple[str, str, int]]:
        """The minute since the start, the reason and the step of each decision."""
        found = TrafficStatus.model_validate(self.written).decisions or ()
        return [(int(each.at.timestamp()) // 60 - START, each.reason, each.step) for each in found]

    def situation(self) -> Situation:
        now = self.at * 60.0 + LAG * 60.0
        newest = self.at - 1
        if self.readable:
            self._until = newest
        first = self.live.first if self.live else START
        counts = {key: each for key, each in self._counts.items() if first <= key[0] <= self._until}
        minutes = NewMinutes(
            counts=counts, first=first, until=self._until, data=RunData(availability=self.availability)
        )
        variants = tuple(ObservedVariant(name, weight, weight, 1, 1) for name, weight in self.weights.items())
        endpoint = ObservedEndpoint(
            arn="arn",
            status=EndpointStatus.IN_SERVICE,
            config_name="config",
            last_modified=self.modified,
            variants=variants,
            tags=dict(self.tags),
            created=self.created,
        )
        return Situation(
            policy=self.policy,
            roles=ROLES,
            core=core_hash(self.policy, self.content),
            variants=("A", "B"),
            deployed=self.deployed,
            endpoint=endpoint,
            read_at=now,
            now=now,
            minutes=minutes,
            commands=dict(self.commands),
            changing=self.changing,
            autoscaled=self.autoscaled,
            stays_because=self.stays_because,
        )


def with_tags(found: Situation, tags: Mapping[str, str]) -> Situation:
    """Return the situation with other tags of the endpoint."""
    assert found.endpoint is not None
    return replace(found, endpoint=replace(found.endpoint, tags=tags))
