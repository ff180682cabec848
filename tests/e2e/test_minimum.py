"""The whole life of a resource, by the commands that people use; also with the oldest supported libraries.

`SANDBOX_OPERATOR_PYTHON` names the Python that runs the operator. Here the simulated AWS is a process, too.
"""

import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.served import served_aws
from tests.e2e.operator_process import Operator
from tests.e2e.reviews import NEW_MODEL_DATA, Reviews, autoscaling, model_data, put, weights
from tests.e2e.simulated_aws import SPEED, SimulatedAws

ROOT = Path(__file__).parents[2]


@pytest.fixture
def aws(eventually: Callable[..., Any], tmp_path: Path) -> Iterator[SimulatedAws]:
    """A process of its own, with all its chaos."""
    with served_aws("--speed", f"{SPEED:g}", log=tmp_path / "aws.log") as served:
        yield SimulatedAws(served.url, eventually)


@pytest.fixture
def address() -> str:
    """Where the operator tells how it is."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{chosen.getsockname()[1]}/healthz"


def test_a_life_from_creation_to_deletion(
    resource: Reviews, aws: SimulatedAws, operator: Operator, address: str
) -> None:
    with operator.running(f"--liveness={address}") as process:
        resource.apply(put(monitoring={"intervalSeconds": 300}))
        resource.is_ready()
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
            told = json.load(answer)
        assert told["resources"] == 1
        assert 0 <= told["secondsSinceLastReconcile"] < 60

        resource.apply(weights(VariantA=0, VariantB=100))
        resource.is_ready()
        assert aws.weights() == {"VariantA": 0.0, "VariantB": 100.0}

        resource.apply(autoscaling("VariantB"))
        resource.is_ready()
        aws.set_traffic("reviews", per_minute=40)
        resource.becomes(lambda found: found["status"]["variants"][1]["instances"]["current"] == 2)
        resource.becomes(lambda found: "invocations" in str(found["status"].get("metrics")))

        resource.apply(model_data("bert-b", NEW_MODEL_DATA))
        resource.is_ready()
        assert aws.weights() == {"VariantA": 0.0, "VariantB": 100.0}
        assert aws.variant("VariantB")["currentInstanceCount"] == 2

        resource.delete()
        resource.is_gone()
        assert aws.everything() == {}

        process.process.terminate()
        assert process.process.wait(20) == 0
