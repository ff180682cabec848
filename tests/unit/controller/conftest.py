"""Runs whose minutes are read."""

import pytest

from tests.unit.controller.run_stage import RunStage


@pytest.fixture
def stage() -> RunStage:
    return RunStage()


@pytest.fixture
def watched(stage: RunStage) -> RunStage:
    """A run that has been read for twenty minutes."""
    stage.watch()
    stage.run(minutes=24)
    return stage
