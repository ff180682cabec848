"""What AWS held at each request is recorded for a judge, while somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.control import ControlError

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

SHIFT = [{"VariantName": "VariantA", "DesiredWeight": 90}]


def shift(client: Any) -> None:
    client.update_endpoint_weights_and_capacities(EndpointName="reviews", DesiredWeightsAndCapacities=SHIFT)


def weights(recorded: dict[str, Any], number: int) -> dict[str, float]:
    variants = recorded["states"][str(number)]["endpoints"]["reviews"]["variants"]
    return {name: variant["desiredWeight"] for name, variant in variants.items()}


def test_nothing_is_recorded_unasked(calm_sim: InProcessAws, in_service: Any) -> None:
    shift(in_service.client)

    assert calm_sim.gateway.recorder.since(0) == {"entries": [], "states": {}}


def test_a_write_is_recorded_with_the_states_before_and_after_it(
    calm_sim: InProcessAws, in_service: Any
) -> None:
    recorder = calm_sim.gateway.recorder
    recorder.on = True
    shift(in_service.client)

    recorded = recorder.since(0)
    (entry,) = recorded["entries"]
    assert entry["record"]["operation"] == "UpdateEndpointWeightsAndCapacities"
    assert entry["record"]["outcome"] == "effect"
    assert weights(recorded, entry["before"]) == {"VariantA": 50.0, "VariantB": 50.0}
    assert weights(recorded, entry["after"]) == {"VariantA": 90.0, "VariantB": 50.0}


def test_a_refused_write_changes_nothing(calm_sim: InProcessAws, in_service: Any, refused: Any) -> None:
    calm_sim.gateway.recorder.on = True
    calm_sim.edit(status={"endpoint": "reviews", "status": "SystemUpdating", "seconds": 60})
    refused(shift, in_service.client)

    (entry,) = calm_sim.gateway.recorder.since(0)["entries"]
    assert entry["record"]["outcome"] == "refused"
    assert entry["before"] == entry["after"]


def test_a_stale_read_is_recorded_with_what_it_showed(calm_sim: InProcessAws, in_service: Any) -> None:
    recorder = calm_sim.gateway.recorder
    recorder.on = True
    calm_sim.advance(seconds=60)
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 7}})
    calm_sim.advance(seconds=2)
    calm_sim.fault({"stale": 5.0}, match={"operation": "DescribeEndpoint"})
    in_service.describe()

    recorded = recorder.since(0)
    (entry,) = recorded["entries"]
    assert weights(recorded, entry["before"])["VariantA"] == 7.0
    assert weights(recorded, entry["shown"])["VariantA"] == 50.0
    assert entry["shown_at"] == entry["record"]["time"] - 5.0


def test_equal_states_are_kept_once(calm_sim: InProcessAws, in_service: Any) -> None:
    recorder = calm_sim.gateway.recorder
    recorder.on = True
    for _ in range(3):
        in_service.describe()

    assert len(recorder.since(0)["entries"]) == 3
    assert len(recorder.since(0)["states"]) == 1
    assert len(recorder.since(2)["entries"]) == 1


def test_what_has_nothing_to_do_with_endpoints_is_left_out(calm_sim: InProcessAws) -> None:
    calm_sim.gateway.recorder.on = True
    calm_sim.client("sts").get_caller_identity()

    assert calm_sim.gateway.recorder.since(0)["entries"] == []


def test_it_is_switched_on_and_read_over_the_control(calm_served_sim: Any) -> None:
    control = calm_served_sim.control
    client = calm_served_sim.client("sagemaker")
    client.list_endpoints()
    control.record()
    client.list_models()

    (entry,) = control.recording()["entries"]
    assert entry["record"]["operation"] == "ListModels"
    assert control.recording(since=1)["entries"] == []


def test_it_is_on_or_off(calm_served_sim: Any) -> None:
    with pytest.raises(ControlError, match="recording is"):
        calm_served_sim.control._ask("POST", "recording", {"on": "yes"})
