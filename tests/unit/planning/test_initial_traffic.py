"""A new endpoint starts with the weights of its spec, or with all traffic at the baseline of its policy."""

import pytest

from sagemaker_ab.api.resource import parse_spec
from sagemaker_ab.planning.intended_traffic import initial_traffic

VARIANT = {"model": "bert", "instanceType": "ml.m5.large", "instanceCount": 1}
STEPS = [{"percent": 10}, {"percent": 100}]


def spec(*weights, traffic=None):
    names = ("A", "B")
    variants = [
        {"name": name, **VARIANT} | ({"weight": weight} if weight is not None else {})
        for name, weight in zip(names, weights or (None, None), strict=True)
    ]
    models = [{"name": "bert", "existingModelName": "bert"}]
    raw = {"endpointName": "reviews", "models": models, "variants": variants}
    return parse_spec(raw | ({"traffic": traffic} if traffic else {}))


def test_manual_starts_with_the_weights_of_the_spec():
    assert initial_traffic(spec(30, 0)).weights == {"A": 30, "B": 0}


@pytest.mark.parametrize("mode", ["Apply", "Observe"])
@pytest.mark.parametrize(
    ("roles", "weights"),
    [
        ({"baseline": "A", "candidate": "B"}, {"A": 100, "B": 0}),
        ({"baseline": "B"}, {"A": 0, "B": 100}),
        ({"candidate": "B"}, {"A": 100, "B": 0}),
    ],
)
def test_stepped_starts_with_all_traffic_at_the_baseline(mode, roles, weights):
    traffic = {"strategy": "Stepped", "stepped": {"mode": mode, "steps": STEPS, **roles}}
    assert initial_traffic(spec(traffic=traffic)).weights == weights
