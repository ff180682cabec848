"""Fixtures for tests that need a cluster: one control plane per test process, and a way to wait for it."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from sandbox.cluster.choice import open_cluster
from sandbox.cluster.cluster import Cluster

_POLL_SECONDS = 0.1

# How long an example takes, to be drawn or to be tried, depends on what else the machine does.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the figures that tests record as such, for a test that passes prints nothing.

    A "figure" is a text, a "count" a pair of what was counted and a number; those of all tests add up.
    """
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    recorded = [recorded for report in reports for recorded in report.user_properties]
    counts: Counter[str] = Counter()
    for what, number in (value for name, value in recorded if name == "count"):
        counts[what] += number
    figures = sorted(value for name, value in recorded if name == "figure")
    figures += [f"{what}: {number:,}" for what, number in counts.items()]
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.fixture(autouse=True)
def the_same_jitter_each_time(request: pytest.FixtureRequest) -> None:
    """Let the waits of a test vary with its name alone, so that a failure can be played again."""
    random.seed(request.node.nodeid)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A cluster shared by the tests of one process: each works in names of its own."""
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kubectl(control_plane: Cluster) -> Callable[..., CompletedProcess[str]]:
    """`kubectl("get", "pods", input=None, check=False)` as the cluster's administrator."""
    return control_plane.kubectl


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Look until what is seen is as expected, and return it; fail with the last thing seen after `within` s.

    It looks every 0.1 s, or as often as `every` says.

    `eventually(lambda: status("reviews"), lambda status: status["summary"] == "A=100%", within=60)`
    """

    def wait(
        look: Callable[[], Any],
        expected: Callable[[Any], object] = bool,
        *,
        within: float = 30.0,
        every: float = _POLL_SECONDS,
    ) -> Any:
        deadline = time.monotonic() + within
        while not expected(seen := look()):
            if time.monotonic() > deadline:
                pytest.fail(f"not as expected within {within:g} s; last seen: {seen!r}")
            time.sleep(every)
        return seen

    return wait
