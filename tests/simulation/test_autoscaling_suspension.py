"""Suspended scaling: how it reads back, how long it lasts, and what a new registration makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.scaling import Scaling

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

KINDS = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")


@pytest.fixture
def scaling(calm_sim: InProcessAws, in_service: Any) -> Scaling:
    del in_service
    return Scaling(calm_sim)


def suspended(scaling: Scaling) -> list[bool]:
    """Which of scaling in, scaling out and scheduled scaling are suspended."""
    (target,) = scaling.targets()
    return [target["SuspendedState"][f"{kind}Suspended"] for kind in KINDS]


@pytest.mark.ledger("autoscaling.suspended-until-changed")
def test_registering_again_changes_only_what_is_given(scaling: Scaling) -> None:
    arn = scaling.register(SuspendedState={"DynamicScalingInSuspended": True})["ScalableTargetARN"]
    assert scaling.change(MaxCapacity=7)["ScalableTargetARN"] == arn
    (target,) = scaling.targets()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 7)
    assert suspended(scaling) == [True, False, False]


@pytest.mark.ledger("autoscaling.suspended-partly")
@pytest.mark.parametrize(("played", "left"), [("leaves", True), ("resumes", False)])
def test_suspending_another_kind_may_resume_the_first(serving: Any, played: str, left: bool) -> None:
    sim, _ = serving({"autoscaling.suspended-partly": played})
    scaling = Scaling(sim)
    scaling.register(SuspendedState={"DynamicScalingInSuspended": True})
    scaling.change(SuspendedState={"DynamicScalingOutSuspended": True})
    assert suspended(scaling) == [left, True, False]


@pytest.mark.ledger("autoscaling.registration-resets", "autoscaling.deregister-cascades")
def test_registering_anew_resumes_everything_and_brings_nothing_back(scaling: Scaling) -> None:
    scaling.register(SuspendedState=dict.fromkeys((f"{kind}Suspended" for kind in KINDS), True))
    assert suspended(scaling) == [True, True, True]
    scaling.put()
    scaling.schedule()
    scaling.deregister()
    assert not scaling.scheduled()
    scaling.register()
    assert suspended(scaling) == [False, False, False]
    assert not scaling.policies()
    assert not scaling.scheduled()
