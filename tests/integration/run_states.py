"""Records the resource in each state of a stepped rollout, as the operator in this process writes it.

`python -m tests.integration.run_states` writes the resources to tests/unit/cli/run_states/, and shows them in
docs/stepped.md and README.md as `get` does. Run it when the operator reports a state in other words or
numbers.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from tests.integration.rollouts import Rollout, stepped
from tests.integration.stage import by_hand, now, with_revision
from tests.unit.cli.recorded_states import RecordedState, save, write_pages
from tests.unit.planning.worlds import Spec

_HOLD: Final = {"minDurationSeconds": 1800, "minRequests": 200}
_GUARDRAILS: Final = [
    {"metric": "ServerErrors", "noWorseThanPercent": 50},
    {"metric": "Latency", "noWorseThanPercent": 20},
]


def policy(**changes: Any) -> Spec:
    """The policy of docs/stepped.md: 10%, 50% with approval, 100%."""
    steps = [
        {"percent": 10, "hold": _HOLD},
        {"percent": 50, "hold": _HOLD, "approval": "Required"},
        {"percent": 100},
    ]
    return stepped(**{"steps": steps, "guardrails": _GUARDRAILS, **changes})


def _rollout(first: Spec | None = None, *, rate: float = 100.0) -> Rollout:
    """A rollout whose baseline fails once in a hundred requests."""
    rollout = Rollout(first or policy(), rate=rate)
    rollout.fails("bert-a", 0.01)
    rollout.fails("bert-b", 0.01)
    return rollout


def _second_step(first: Spec | None = None) -> Rollout:
    rollout = _rollout(first)
    rollout.until(lambda: rollout.status["step"]["number"] == 2)
    return rollout


def _after(minutes: float, rollout: Rollout) -> Rollout:
    rollout.run(minutes=minutes)
    return rollout


def _starting() -> Rollout:
    return _after(1, _rollout())


def _ramping() -> Rollout:
    return _after(25, _second_step())


def _waiting_for_traffic() -> Rollout:
    return _after(45, _rollout(rate=20))


def _waiting_for_approval() -> Rollout:
    return _after(50, _second_step())


def _without_new_data() -> Rollout:
    rollout = _after(25, _second_step())
    rollout.sim.fault({"denied": True}, match={"operation": "GetMetricData"}, count=None)
    return _after(40, rollout)


def _without_traffic() -> Rollout:
    rollout = _after(20, _rollout())
    rollout.requests(0)
    return _after(60, rollout)


def _split_otherwise() -> Rollout:
    """Some client sends requests to the candidate by name, regardless of the weights."""
    rollout = _after(5, _rollout())
    rollout.fails("bert-b", 0.0)
    runtime = rollout.sim.client("sagemaker-runtime")
    for _ in range(20):
        for _ in range(30):
            runtime.invoke_endpoint(
                EndpointName="reviews",
                TargetVariant="VariantB",
                ContentType="application/jsonlines",
                Body=b'{"features": ["OK"]}',
            )
        rollout.run(minutes=1)
    return rollout


def _held() -> Rollout:
    rollout = _after(15, _second_step())
    rollout.command(hold=rollout.status["run"])
    return _after(2, rollout)


def _observing() -> Rollout:
    rollout = _rollout(policy(mode="Observe"))
    by_hand(
        rollout.operator,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[
            {"VariantName": "VariantA", "DesiredWeight": 90.0},
            {"VariantName": "VariantB", "DesiredWeight": 10.0},
        ],
    )
    return _after(30, rollout)


def _rolled_back() -> Rollout:
    rollout = _after(10, _rollout(policy(breakers=[])))
    rollout.fails("bert-b", 0.2)
    rollout.until_ended()
    return _after(10, rollout)


def _promoted() -> Rollout:
    rollout = _after(50, _second_step())
    rollout.command(approve=f"{rollout.status['run']}/2")
    rollout.until_ended()
    return _after(10, rollout)


def _of_the_sample() -> Rollout:
    """The rollout of manifests/samples/reviews-stepped.yaml, three hours before a person is asked."""
    sample = Path(__file__).parents[2] / "manifests" / "samples" / "reviews-stepped.yaml"
    rollout = Rollout(yaml.safe_load(sample.read_text())["spec"])
    rollout.fails("bert-b", 0.005)
    rollout.fails("bert-c", 0.005)
    rollout.until(lambda: rollout.status["step"]["number"] == 2)
    return _after(5 * 60, rollout)


def _superseded() -> Rollout:
    rollout = _after(20, _rollout())
    rollout.cluster.apply(with_revision(policy(), "2"))
    return _after(2, rollout)


def _evidence_lost() -> Rollout:
    rollout = _after(20, _second_step())
    rollout.cluster.set_status()
    rollout.crash()
    return _after(5, rollout)


STATES: Final[Mapping[str, Callable[[], Rollout]]] = MappingProxyType(
    {
        "starting": _starting,
        "ramping": _ramping,
        "waiting for traffic": _waiting_for_traffic,
        "waiting for approval": _waiting_for_approval,
        "stale data": _without_new_data,
        "no traffic": _without_traffic,
        "sample ratio": _split_otherwise,
        "held": _held,
        "observing": _observing,
        "rolled back": _rolled_back,
        "promoted": _promoted,
        "of the sample": _of_the_sample,
        "superseded": _superseded,
        "evidence lost": _evidence_lost,
    }
)


def _record() -> None:
    for name, reach in STATES.items():
        rollout = reach()
        assert rollout.cluster.resource is not None
        at = datetime.fromtimestamp(int(now(rollout.operator)), UTC)
        save(RecordedState(name=name, at=at, resource=rollout.cluster.resource))
    write_pages()


if __name__ == "__main__":
    _record()
