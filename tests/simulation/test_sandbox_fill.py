"""Scenery: many endpoints at once, as if somebody had deployed them."""

from sandbox.aws.fill import fill
from sandbox.aws.inprocess import InProcessAws


def test_endpoints_come_filled_in_service_and_scaled() -> None:
    sim = InProcessAws()

    fill(sim.engine, endpoints=3)

    held = sim.state()["123456789012/us-east-1"]
    assert {endpoint["status"] for endpoint in held["endpoints"].values()} == {"InService"}
    assert len(held["endpoints"]) == 3
    assert len(held["scalableTargets"]) == 6
