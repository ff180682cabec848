"""Stale reads and lost answers cost time, never a second write: exactly one of each takes effect.

Whatever AWS leaves open, the seed decides: texts of refusals, what a failed create tells, whether times move.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.safety.monitor import RemoteMonitor
from tests.e2e.operator_process import Operator
from tests.e2e.reviews import (
    NEW_MODEL_DATA,
    Change,
    Reviews,
    autoscaling,
    instance_count,
    model_data,
    weights,
)
from tests.e2e.simulated_aws import SimulatedAws, simulated_aws
from tests.seeds import SEEDS, telling

SPEED = 40.0
"""Slow enough for several passes within the five seconds that a read may be behind."""

CREATION = ["CreateModel", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
DEPLOYMENT = ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint", "DeleteEndpointConfig", "DeleteModel"]
DELETION = ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteModel"]


@pytest.fixture(params=SEEDS, ids="seed-{}".format)
def seed(request: pytest.FixtureRequest) -> int:
    chosen: int = request.param
    return chosen


@pytest.fixture
def aws(seed: int, eventually: Callable[..., Any]) -> Iterator[SimulatedAws]:
    """An AWS of which half of the reads are stale, and a fifth of the writes lose their answer."""
    with simulated_aws(eventually, seed=seed, speed=SPEED, stale=True, lost_answers=True) as started:
        started.add_fault({"stale": 5.0}, match={"write": False}, probability=0.4, count=None)
        started.add_fault({"drop": "after"}, match={"write": True}, probability=0.2, count=None)
        yield started


@pytest.fixture
def operator(
    namespace: str, aws: SimulatedAws, operator_kubeconfig: Path, logs: Path, safety: RemoteMonitor
) -> Operator:
    return Operator(namespace, operator_kubeconfig, aws.url, logs, safety=safety)


@pytest.mark.usefixtures("running_operator")
def test_exactly_one_write_of_each_kind_takes_effect(resource: Reviews, aws: SimulatedAws, seed: int) -> None:
    with telling(seed):
        live(resource, aws)


def live(resource: Reviews, aws: SimulatedAws) -> None:
    steps: list[tuple[list[Change], list[str]]] = [
        ([], CREATION),
        ([weights(VariantA=10, VariantB=90)], ["UpdateEndpointWeightsAndCapacities"]),
        ([model_data("bert-b", NEW_MODEL_DATA)], DEPLOYMENT),
        ([autoscaling("VariantB")], ["RegisterScalableTarget", "PutScalingPolicy"]),
        ([instance_count("VariantB", 1)], ["DeregisterScalableTarget"]),
    ]
    for changes, writes in steps:
        resource.apply(*changes)
        resource.is_ready()
        aws.rests()
        assert aws.writes() == writes
        assert aws.unexplained_refusals() == []
        aws.clear_calls()

    resource.delete()
    resource.is_gone()
    assert aws.writes() == DELETION
    assert aws.everything() == {}
    assert aws.unexplained_refusals() == []
