"""A valid resource whose weights the strategy Stepped sets, and breaches of the constraints of that."""

from dataclasses import replace
from typing import Any

from tests.integration.breach import (
    Breach,
    above,
    below,
    empty,
    odd,
    out_of_range,
    rule,
    too_long,
    too_many,
    twice,
    unlisted,
)
from tests.integration.breaches import ENDPOINT_NAME, GIVEN

STEPPED: dict[str, Any] = {
    "mode": "Apply",
    "baseline": "VariantA",
    "candidate": "VariantB",
    "steps": [
        {
            "percent": 10,
            "hold": {"minDurationSeconds": 3600, "minRequests": 100},
            "approval": "Required",
        },
        {"percent": 50},
        {"percent": 100},
    ],
    "guardrails": [
        {"metric": "ServerErrors", "goal": "Decrease", "noWorseThanPercent": 10, "onBreach": "Rollback"},
        {"metric": "Latency"},
    ],
    "breakers": [
        {"metric": "ServerErrors", "maxRate": "0.2", "minRequests": 20, "forMinutes": 3},
        {"metric": "Latency", "maxMicros": 2_000_000},
    ],
    "falseAlarmRate": "0.01",
    "advanceOn": "NoHarmDetected",
    "onNoTraffic": "Hold",
    "noTrafficGraceSeconds": 1800,
    "onSampleRatioMismatch": "Hold",
    "warmUpSeconds": 600,
    "bakeSeconds": 600,
    "deadlineSeconds": 86400,
}
VARIANTS = [
    {name: value for name, value in variant.items() if name != "weight"}
    for variant in GIVEN["spec"]["variants"][:2]
]
STEPPED_GIVEN: dict[str, Any] = {
    **GIVEN,
    "spec": {
        **GIVEN["spec"],
        "variants": VARIANTS,
        "traffic": {"strategy": "Stepped", "stepped": STEPPED},
    },
}

AT = "spec.traffic.stepped"
DECIMAL = r"^[0-9]+(\.[0-9]+)?$"
YEAR = 366 * 86400


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (STEPPED | changes).items() if name not in names}


def seconds(path: str, least: int = 0) -> list[Breach]:
    return [
        *out_of_range(path, least, YEAR),
        Breach(path, 90, "multipleOf", "should be a multiple of 60"),
    ]


def rate(path: str, low: str, high: str, *, least: str, most: str) -> list[Breach]:
    return [
        odd(path, "1e-3", DECIMAL),
        too_long(path, "0", most=19),
        *(
            rule(path, value, f"must be from {least} to {most}, but it is {value}", blamed=path)
            for value in (low, high)
        ),
    ]


def role(path: str) -> list[Breach]:
    return [
        odd(path, "Variant A", ENDPOINT_NAME),
        too_long(path, "a", most=63),
        rule(
            path,
            "VariantC",
            "must be the name of an entry in spec.variants, but there is no entry VariantC",
            blamed=path,
        ),
    ]


STEPPED_BREACHES = [
    replace(breach, strategy="Stepped")
    for breach in [
        rule(
            "spec.variants[0].weight",
            50,
            "weight of VariantA cannot be set, because the strategy Stepped sets the weights",
            blamed="spec.variants",
        ),
        rule(
            "spec.variants",
            [*VARIANTS, {**VARIANTS[0], "name": "VariantC"}],
            (
                "must be the baseline and the candidate if spec.traffic.strategy is Stepped, so 2 variants,"
                " not 3"
            ),
            blamed="spec.variants",
        ),
        rule(AT, None, "must be set if strategy is Stepped, and only then", blamed=AT),
        unlisted(f"{AT}.mode", "Apply", "Observe"),
        *role(f"{AT}.baseline"),
        *role(f"{AT}.candidate"),
        rule(
            AT,
            without("baseline", "candidate"),
            "at least one of baseline and candidate must be set",
            blamed=AT,
        ),
        rule(
            f"{AT}.candidate",
            "VariantA",
            "must be another variant than baseline, but both are VariantA",
            blamed=f"{AT}.candidate",
        ),
        empty(f"{AT}.steps"),
        too_many(f"{AT}.steps", [{"percent": percent} for percent in range(1, 22)], most=20),
        *out_of_range(f"{AT}.steps[0].percent", 1, 100),
        *seconds(f"{AT}.steps[0].hold.minDurationSeconds"),
        *out_of_range(f"{AT}.steps[0].hold.minRequests", 1, 1_000_000_000),
        unlisted(f"{AT}.steps[0].approval", "Required", "NotRequired"),
        *(
            rule(
                f"{AT}.steps[1].percent",
                percent,
                (
                    "each percent must be greater than that of the step before, but they are"
                    f" [10, {percent}, 100]"
                ),
                blamed=f"{AT}.steps",
            )
            for percent in (5, 10)
        ),
        twice(f"{AT}.guardrails", {"metric": "Latency"}, "metric"),
        too_many(f"{AT}.guardrails", [{"metric": "Latency"}] * 6, most=5),
        unlisted(
            f"{AT}.guardrails[0].metric",
            *("ServerErrors", "ClientErrors", "ModelErrors", "Latency", "Successes"),
        ),
        unlisted(f"{AT}.guardrails[0].goal", "Increase", "Decrease"),
        *out_of_range(f"{AT}.guardrails[0].noWorseThanPercent", 0, 500),
        unlisted(f"{AT}.guardrails[0].onBreach", "Rollback", "Hold"),
        rule(
            f"{AT}.guardrails[0].goal",
            "Increase",
            "must be Decrease for ServerErrors; Increase is for Successes only",
            blamed=f"{AT}.guardrails[0].goal",
        ),
        rule(
            f"{AT}.guardrails[1].metric",
            "Successes",
            (
                "metric cannot be Successes, which is only for the replay of recorded counts; an endpoint"
                " reports ServerErrors, ClientErrors, ModelErrors and Latency"
            ),
            blamed=f"{AT}.guardrails",
        ),
        rule(
            f"{AT}.guardrails[1]",
            {"metric": "Successes", "noWorseThanPercent": 100},
            "must be less than 100 if more is better, because a rate is never negative, but it is 100",
            blamed=f"{AT}.guardrails[1].noWorseThanPercent",
        ),
        rule(
            f"{AT}.steps",
            [{"percent": 100}],
            (
                "must be empty if the first step has percent 100, because the baseline then has no traffic to"
                " compare with"
            ),
            blamed=f"{AT}.guardrails",
        ),
        too_many(f"{AT}.breakers", [{"metric": "ServerErrors"}] * 9, most=8),
        unlisted(f"{AT}.breakers[0].metric", "ServerErrors", "ClientErrors", "ModelErrors", "Latency"),
        *rate(f"{AT}.breakers[0].maxRate", "0.0009", "1", least="0.001", most="0.99"),
        *out_of_range(f"{AT}.breakers[1].maxMicros", 1, 3_600_000_000),
        *out_of_range(f"{AT}.breakers[0].minRequests", 1, 1_000_000),
        *out_of_range(f"{AT}.breakers[0].forMinutes", 1, 15),
        *(
            rule(
                f"{AT}.breakers[{index}].maxMicros",
                micros,
                "must be set if metric is Latency, and only then",
                blamed=f"{AT}.breakers[{index}].maxMicros",
            )
            for index, micros in ((0, 1000), (1, None))
        ),
        rule(
            f"{AT}.breakers[1].maxRate",
            "0.5",
            "cannot be set if metric is Latency, but it is 0.5; set maxMicros instead",
            blamed=f"{AT}.breakers[1].maxRate",
        ),
        *rate(f"{AT}.falseAlarmRate", "0.00009", "0.51", least="0.0001", most="0.5"),
        unlisted(f"{AT}.advanceOn", "NoHarmDetected", "NonInferior"),
        rule(
            AT,
            without("guardrails", advanceOn="NonInferior"),
            "NonInferior requires at least one guardrail, whose margin is to be proven",
            blamed=f"{AT}.advanceOn",
        ),
        unlisted(f"{AT}.onNoTraffic", "Hold", "Rollback"),
        *seconds(f"{AT}.noTrafficGraceSeconds"),
        unlisted(f"{AT}.onSampleRatioMismatch", "Hold", "Rollback"),
        *seconds(f"{AT}.warmUpSeconds"),
        *seconds(f"{AT}.bakeSeconds"),
        *seconds(f"{AT}.deadlineSeconds", 60),
        rule(
            f"{AT}.deadlineSeconds",
            6000,
            (
                "must be greater than the holds of all steps and bakeSeconds together, but 6000 is not"
                " greater than 6000"
            ),
            blamed=f"{AT}.deadlineSeconds",
        ),
    ]
]

STRATEGY_BREACHES = [
    below("spec.variants[0].weight", 0),
    above("spec.variants[0].weight", 1000000),
    rule(
        "spec.variants[1].weight",
        None,
        "weight is required if spec.traffic.strategy is Manual, but VariantB has none",
        blamed="spec.variants",
    ),
    unlisted("spec.traffic.strategy", "Manual", "Stepped"),
    rule(AT, STEPPED, "must be set if strategy is Stepped, and only then", blamed=AT),
    *STEPPED_BREACHES,
]
