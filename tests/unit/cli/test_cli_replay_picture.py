"""The picture of a replay, as far as its lines and axes are numbers."""

from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from sagemaker_ab.cli.replaying.picture import _draw_evidence, _draw_rates
from sagemaker_ab.cli.replaying.rates import Measured


@pytest.fixture
def axis():
    return Figure().add_subplot()


def look(at, *, evidence, threshold):
    """A look of a rollout without comparisons."""
    weights = {"VariantA": 90, "VariantB": 10}
    outcome = SimpleNamespace(evidence=evidence, threshold=threshold, subject="ServerErrors", weights=weights)
    return SimpleNamespace(decision=SimpleNamespace(at=at, outcome=outcome), comparisons=())


def test_a_rollout_without_an_error_has_a_line_of_evidence_below_its_threshold(axis):
    _draw_evidence(axis, [look(at, evidence=0.0, threshold=200.0) for at in range(3)])

    evidence, threshold = (line.get_ydata() for line in axis.get_lines())
    assert list(evidence) == [0.001] * 3
    assert list(threshold) == [200.0] * 3
    assert axis.get_ylim()[0] < 0.001


def test_a_look_that_tests_nothing_has_no_evidence_in_the_line(axis):
    _draw_evidence(axis, [look(0, evidence=0.0, threshold=None), look(1, evidence=30.0, threshold=20.0)])

    first, second = axis.get_lines()[0].get_ydata()
    assert first != first  # noqa: PLR0124  not a number
    assert second == 30.0


def test_rates_that_are_all_zero_are_seen_as_a_line(axis):
    none = Measured(metric="ServerErrors", variant="VariantA", at=(0, 1), values=(0.0, 0.0), level=0.0)
    _draw_rates(axis, [look(0, evidence=0.0, threshold=200.0)], [none])

    bottom, top = axis.get_ylim()
    assert bottom < 0 < top < 2
