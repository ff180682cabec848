"""Random traffic policies that are valid by construction."""

from typing import Any

from hypothesis import strategies as st

from tests.property.scaling_specs import text

ERRORS = ("ServerErrors", "ClientErrors", "ModelErrors")
SECONDS = st.integers(0, 1440).map(lambda minutes: 60 * minutes)
MARGINS = st.integers(1, 99)
REACTIONS = st.sampled_from(["Rollback", "Hold"])
ERROR_RATES = text(r"0\.(0[1-9]{1,3}|[1-4][0-9]{0,12})|0\.5|0\.0001")
HOLDS = st.fixed_dictionaries(
    {}, optional={"minDurationSeconds": SECONDS, "minRequests": st.integers(1, 1_000_000_000)}
)


@st.composite
def goals(draw: st.DrawFn, metric: str) -> dict[str, Any]:
    possible = ["Increase", "Decrease"] if metric == "Successes" else ["Decrease"]
    return draw(st.fixed_dictionaries({}, optional={"goal": st.sampled_from(possible)}))


@st.composite
def guardrails(draw: st.DrawFn, *metrics: str) -> list[dict[str, Any]]:
    found = []
    for metric in draw(st.lists(st.sampled_from([*metrics]), max_size=3, unique=True)):
        goal = draw(goals(metric))
        more_is_better = metric == "Successes" and goal.get("goal") != "Decrease"
        margins = st.integers(0, 99 if more_is_better else 500)
        optional = {"noWorseThanPercent": margins, "onBreach": REACTIONS}
        found.append({"metric": metric, **goal, **draw(st.fixed_dictionaries({}, optional=optional))})
    return found


BREAKERS = st.builds(
    dict.__or__,
    st.one_of(
        st.fixed_dictionaries(
            {"metric": st.sampled_from(ERRORS)}, optional={"maxRate": text(r"0\.[1-9][0-8]{0,12}|0\.001")}
        ),
        st.fixed_dictionaries({"metric": st.just("Latency"), "maxMicros": st.integers(1, 3_600_000_000)}),
    ),
    st.fixed_dictionaries(
        {}, optional={"minRequests": st.integers(1, 1_000_000), "forMinutes": st.integers(1, 15)}
    ),
)


def increasing(most: int) -> st.SearchStrategy[list[int]]:
    return st.sets(st.integers(1, most), min_size=1, max_size=4).map(sorted)


@st.composite
def stepped_policies(
    draw: st.DrawFn, names: tuple[str, str], *, metrics: tuple[str, ...] = (*ERRORS, "Latency")
) -> dict[str, Any]:
    """A policy whose baseline and candidate are these variants."""
    roles = dict(zip(("baseline", "candidate"), names, strict=True))
    steps = [
        {
            "percent": percent,
            **draw(
                st.fixed_dictionaries(
                    {}, optional={"hold": HOLDS, "approval": st.sampled_from(["Required", "NotRequired"])}
                )
            ),
        }
        for percent in draw(increasing(100))
    ]
    guards = draw(guardrails(*metrics)) if steps[0]["percent"] < 100 else []
    bake = draw(SECONDS)
    least = sum(step.get("hold", {}).get("minDurationSeconds", 1800) for step in steps) + bake
    optional: dict[str, st.SearchStrategy[Any]] = {
        "breakers": st.lists(BREAKERS, max_size=3),
        "falseAlarmRate": ERROR_RATES,
        "advanceOn": st.sampled_from(["NoHarmDetected", "NonInferior"] if guards else ["NoHarmDetected"]),
        "onNoTraffic": REACTIONS,
        "noTrafficGraceSeconds": SECONDS,
        "onSampleRatioMismatch": REACTIONS,
        "mode": st.sampled_from(["Apply", "Observe"]),
        "warmUpSeconds": SECONDS,
    }
    return {
        **{role: roles[role] for role in draw(st.sampled_from([("baseline",), ("candidate",), (*roles,)]))},
        "steps": steps,
        **({"guardrails": guards} if guards or draw(st.booleans()) else {}),
        "bakeSeconds": bake,
        "deadlineSeconds": least + 60 * draw(st.integers(1, 1440)),
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


@st.composite
def hypotheses(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from([*ERRORS, "Latency", "Successes"]))
    expect: st.SearchStrategy[dict[str, Any]] = st.one_of(
        st.fixed_dictionaries({"expect": st.just("NonInferior")}, optional={"marginPercent": MARGINS}),
        st.fixed_dictionaries(
            {},
            optional={
                "expect": st.sampled_from(["Superior", "Different"]),
                "minimumEffectPercent": MARGINS,
            },
        ),
    )
    return {"metric": metric, **draw(goals(metric)), **draw(expect)}


@st.composite
def ab_tests(draw: st.DrawFn) -> dict[str, Any]:
    challengers = draw(st.integers(1, 99))
    least = draw(SECONDS)
    allocation = [{"variant": "A", "percent": 100 - challengers}, {"variant": "B", "percent": challengers}]
    ramp = [{"percent": percent} for percent in draw(increasing(challengers))]
    optional = {
        "allocation": st.just(draw(st.permutations(allocation))),
        "rampUp": st.just({"steps": ramp}),
        "errorRates": st.fixed_dictionaries(
            {}, optional={"falseWinner": ERROR_RATES, "falseAlarm": ERROR_RATES, "power": text(r"0\.[5-9]")}
        ),
        "guardrails": guardrails(*ERRORS, "Latency", "Successes"),
        "onSampleRatioMismatch": st.sampled_from(["Hold", "Ignore"]),
        "onWinner": st.sampled_from(["Promote", "KeepWeights"]),
    }
    return {
        "baseline": "A",
        "hypothesis": draw(hypotheses()),
        "minDurationSeconds": least,
        "maxDurationSeconds": least + draw(SECONDS),
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


@st.composite
def bandits(draw: st.DrawFn) -> dict[str, Any]:
    metric = draw(st.sampled_from([*ERRORS, "Successes"]))
    floor = draw(st.integers(0, 50))
    optional = {
        "guardrails": guardrails(*ERRORS, "Latency"),
        "falseAlarmRate": ERROR_RATES,
        "stop": st.fixed_dictionaries(
            {}, optional={"falseWinner": ERROR_RATES, "minDurationSeconds": SECONDS}
        ),
        "seed": st.integers(0, 4_294_967_295),
    }
    return {
        "metric": metric,
        **draw(goals(metric)),
        "baseline": "A",
        "floorPercent": floor,
        "ceilingPercent": draw(st.integers(floor + 1, 100)),
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


POLICIES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {
            "strategy": st.just("Stepped"),
            "stepped": stepped_policies(("A", "B"), metrics=(*ERRORS, "Latency", "Successes")),
        }
    ),
    st.fixed_dictionaries({"strategy": st.just("ABTest"), "abTest": ab_tests()}),
    st.fixed_dictionaries({"strategy": st.just("Bandit"), "bandit": bandits()}),
)
