"""The stage on which an operator is played by hand."""

import pytest

from tests.unit.safety.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """The notebook's endpoint in service, pinned and read, and nothing broken so far."""
    ready = Stage()
    ready.deploy()
    return ready
