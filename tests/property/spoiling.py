"""Values that spoil what is valid, for tests that two readers accept or refuse the same."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

SPEC_FIELDS = (
    "stranger",
    "instance_count",
    "instanceCount",
    "initialInstanceCount",
    "autoscaling",
    "customizedMetric",
    "metrics",
    "statistic",
    "extendedStatistic",
    "expression",
    "minCapacity",
    "maxCapacity",
    "minAdjustmentMagnitude",
    "timezone",
    "image",
    "existingModelName",
    "revision",
    "region",
    "weight",
)
POLICY_FIELDS = (
    "stranger",
    "stepped",
    "abTest",
    "bandit",
    "baseline",
    "candidate",
    "goal",
    "guardrails",
    "breakers",
    "maxRate",
    "maxMicros",
    "marginPercent",
    "minimumEffectPercent",
    "noWorseThanPercent",
    "percent",
    "hold",
    "bakeSeconds",
    "deadlineSeconds",
    "floorPercent",
    "ceilingPercent",
)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [True, False, None, 0.5, -1, 0, 1, 61, 3601, 10001, 86401, 1_000_001, 2**63, [], {}, [1]]
    ).map(deepcopy),  # lest what spoils a list further spoil the next example's as well
    st.text("aZ09-_./: é²٣", max_size=12),
    st.integers(),
)
ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        ["", "50", "2.50", "1e3", "٣", "a" * 64, "a" * 257, "s3://", "aws:x", "ml.t2.medium", "a\n"]
    ),
    st.sampled_from(
        [
            *("-0", "-1000.5", "StepScaling", "ExactCapacity", "LessThanThreshold", "p90", "p101", "TM(:)"),
            *("at(2027-02-29T00:00:00)", "rate(1 days)", "cron(0 8 * * * *)", "cron(0 9-8 ? * MON-FRI *)"),
            *("cron(0 8 ? * FRI-MON *)", "cron(0 8 ? * MON *)", "2027-02-30T00:00:00Z"),
            *("2027-02-28T00:00:00Z", "2027-02-28", "2027-02-28T24:00:00Z", "1800000000"),
        ]
    ),
    ODD,
)
ODD_POLICY_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["Stepped", "Bandit", "Latency", "Successes", "Increase", "Decrease", "NonInferior"]),
    st.sampled_from(["0", "0.0001", "0.00009", "0.5", "0.99", "0.99000000000000001", "1", "1e-3", "A"]),
    st.sampled_from([1, 5, 10, 50, 99, 100, 101, 500, 60, 1800, 86400, 604_800]),
    ODD,
)


def containers(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    """Yield every map and list in ``value``."""
    if isinstance(value, dict | list):
        yield value
        for child in value.values() if isinstance(value, dict) else value:
            yield from containers(child)


def spoilt(
    valid: dict[str, Any],
    draw: st.DrawFn,
    *,
    values: st.SearchStrategy[Any],
    fields: Sequence[str],
) -> dict[str, Any]:
    """Replace, repeat, take away or give another name to one or two values."""
    for _ in range(draw(st.integers(1, 2))):
        node = draw(st.sampled_from([node for node in containers(valid) if node]))
        key = draw(st.sampled_from([*node] if isinstance(node, dict) else range(len(node))))
        match draw(st.sampled_from(["replace", "replace", "remove", "repeat"])):
            case "replace":
                node[key] = draw(values)
            case "remove":
                node.pop(key)
            case "repeat" if isinstance(node, list):
                node.append(node[key])
            case "repeat":
                node[draw(st.sampled_from(fields))] = node[key]
    return valid
