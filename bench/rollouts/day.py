"""One rollout between equals: what the operator decided, and what a replay of its export decides.

Each seed is another AWS: other guesses, other traffic, other stale reads and lost answers.
"""

import copy
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from click.testing import CliRunner

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.main import commands
from sagemaker_ab.cli.replaying.counts_file import read_counts
from sagemaker_ab.cli.replaying.replayer import replay_counts
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.traffic.run import Run
from sandbox.aws.direct import DirectAws
from tests.integration.rollouts import Rollout, stepped

ERROR_RATE = 0.01
PROFILE = {"latencyMilliseconds": 100, "latencySpread": 0.25}
LONGEST = 1.25
"""The most time that a run may take, as a multiple of its holds: reads are late, and answers are lost."""

DecisionLine = tuple[int, int, str, str]
"""The minute of a decision that differs from the one before, its step, verdict and reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A rollout that was played to its end. `outcome` is empty if it did not end."""

    seed: int
    outcome: str
    decisions: tuple[DecisionLine, ...]
    replayed: tuple[DecisionLine, ...]
    cpu_seconds: float
    status_writes: int

    @property
    def replay_differs(self) -> bool:
        """Whether the decisions in status, the newest ones of the run, are not those of the replay."""
        return not self.decisions or self.decisions != self.replayed[-len(self.decisions) :]

    @property
    def mismatched(self) -> bool:
        """Whether the run was held because its requests seemed not to be split as the weights say."""
        return any(reason == "SampleRatioMismatch" for *_, reason in self.replayed)


def play(seed: int, *, hours: int, every_seconds: int = 60) -> Played:
    """Roll out a candidate that equals its baseline.

    It has a tenth of the traffic for a quarter of the time, and half of the traffic for half of the time.
    Both guardrails have no margin, so that the candidate is as bad as it may be. The operator reads minutes
    and endpoint every `every_seconds`.
    """
    random.seed(seed)
    began = time.process_time()
    rollout = Rollout(
        stepped(**_policy(hours)),
        sim=DirectAws(seed=seed),
        rate=100.0,
        settings=Settings(run_minutes_seconds=every_seconds, resync_seconds=every_seconds),
    )
    for model in rollout.models:
        rollout.sim.edit(ailment={"model": model, "rate5xx": ERROR_RATE})
        rollout.sim.edit(profile={"model": model, **PROFILE})
    longest = LONGEST * 60 * hours
    end = rollout.sim.engine.clock.now() + 60 * longest
    rollout.until(
        lambda: rollout.status.get("outcome") or rollout.sim.engine.clock.now() >= end, minutes=longest
    )
    return Played(
        seed=seed,
        outcome=rollout.status.get("outcome", ""),
        decisions=_decisions(rollout),
        replayed=tuple(_replayed(rollout)),
        cpu_seconds=time.process_time() - began,
        status_writes=rollout.cluster.status_writes,
    )


def _policy(hours: int) -> dict[str, Any]:
    quarter = 3600 * hours // 4
    return {
        "steps": [
            {"percent": 10, "hold": {"minDurationSeconds": quarter, "minRequests": 100}},
            {"percent": 50, "hold": {"minDurationSeconds": 2 * quarter, "minRequests": 100}},
            {"percent": 100},
        ],
        "bakeSeconds": quarter,
        "deadlineSeconds": 2 * 3600 * hours,
        "guardrails": [{"metric": "ServerErrors"}, {"metric": "Latency"}],
        "breakers": [{"metric": "ServerErrors"}],
    }


def _decisions(rollout: Rollout) -> tuple[DecisionLine, ...]:
    return tuple(
        (_minute(each["at"]), each["step"], each["verdict"], each["reason"])
        for each in rollout.status["decisions"]
    )


def _minute(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp()) // SECONDS_PER_MINUTE


def _replayed(rollout: Rollout) -> Sequence[DecisionLine]:
    """Return the decisions of a replay of the run's export that differ from the one before."""
    counts = read_counts(_export(rollout).splitlines(), source="export")
    policy = parse_policy({"traffic": _resource(rollout)["spec"]["traffic"]}).policy
    run = Run(policy, counts.variants, started=counts.rows[0].at)
    found: list[DecisionLine] = []
    for look in replay_counts(counts, run, every_minutes=1, approved=()):
        outcome, step = look.decision.outcome, look.decision.progress.step + 1
        line = (look.decision.at, step, outcome.verdict.value, outcome.reason.value)
        if not found or found[-1][1:] != line[1:]:
            found.append(line)
    return found


class _OneResource:
    """A cluster with one resource, for the command line."""

    default_namespace = "ml"

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def get(self, _namespace: str, _name: str) -> Any:
        return self._resource


def _resource(rollout: Rollout) -> dict[str, Any]:
    """Return the resource as the API server does."""
    kind = {"apiVersion": "sagemaker-ab.dev/v1alpha1", "kind": "SageMakerABEndpoint"}
    return copy.deepcopy({**kind, **(rollout.cluster.resource or {})})


def _export(rollout: Rollout) -> str:
    """Return what the command `export` prints."""
    resource: Any = _OneResource(_resource(rollout))
    clients = Clients(kubernetes=lambda *_: resource, aws=lambda _region: rollout.operator.aws_clients)
    result = CliRunner().invoke(commands, ["export", "reviews"], obj=clients)
    if result.exit_code:
        raise RuntimeError(result.output)
    return result.stdout
