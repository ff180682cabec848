"""Random values of `autoscaling` that are valid by construction."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from sagemaker_ab.api.scaling_metrics import EXTENDED_STATISTICS, Unit

PREDEFINED = (
    "SageMakerVariantInvocationsPerInstance",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
)
COUNTS = st.integers(1, 10000)
COOLDOWNS = st.integers(0, 86400)
UNITS: tuple[str, ...] = Unit.__args__  # type: ignore[attr-defined]


def text(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(rf"\A({pattern})\Z")


def printable(most: int) -> st.SearchStrategy[str]:
    return text(f"[!-~]([ -~]{{0,{most - 2}}}[!-~])?")


TARGETS = st.one_of(st.integers(1, 999_999_999), text(r"[1-9][0-9]{0,8}(\.[0-9]{1,9})?"))
SIGNED = st.one_of(st.integers(-999_999_999, 999_999_999), text(r"-?[0-9]{1,9}(\.[0-9]{1,8})?"))
DIMENSIONS = st.lists(
    st.fixed_dictionaries({"name": printable(20), "value": printable(1024)}),
    min_size=1,
    max_size=3,
    unique_by=lambda dimension: dimension["name"],
)
METRIC = {
    "namespace": text("[a-zA-Z0-9_./#-]([a-zA-Z0-9_./#: -]{0,20}[a-z:])?"),
    "metricName": printable(255),
}
STATISTICS = st.sampled_from(["Average", "Minimum", "Maximum", "SampleCount", "Sum"])
EXTENDED = text(EXTENDED_STATISTICS).filter(lambda statistic: len(statistic) <= 64)
MEASURED = {"dimensions": DIMENSIONS, "unit": st.sampled_from(UNITS)}
ONE_METRIC = st.fixed_dictionaries({**METRIC, "statistic": STATISTICS}, optional=MEASURED)
METRIC_STATS = st.fixed_dictionaries({**METRIC, "stat": st.one_of(STATISTICS, EXTENDED)}, optional=MEASURED)


@st.composite
def metric_math(draw: st.DrawFn) -> dict[str, Any]:
    """Queries of which the first reads a metric and one returns the result."""
    ids = draw(st.lists(text("[a-z][a-zA-Z0-9_]{0,254}"), min_size=1, max_size=4, unique=True))
    returned = draw(st.sampled_from(ids))
    queries = []
    for index, name in enumerate(ids):
        what: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({"metricStat": METRIC_STATS})
        if index:
            what |= st.fixed_dictionaries({"expression": text("[ -~]{1,2048}")})
        result = {} if name == returned and draw(st.booleans()) else {"returnData": name == returned}
        label = draw(st.fixed_dictionaries({}, optional={"label": printable(255)}))
        queries.append({"id": name, **draw(what), **label, **result})
    return {"metrics": queries}


@st.composite
def steps(draw: st.DrawFn, adjustment_type: str, *, above: bool) -> list[dict[str, Any]]:
    """Adjoining steps in any order. They are open on the side on which the alarm fires."""
    inner: list[int | None] = [*sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))]
    edges = [0, *inner, None]
    if draw(st.booleans()):
        edges.insert(0, None)
    if not above:
        edges = [edge if edge is None else -edge for edge in reversed(edges)]
    adjustments = st.integers(1, 10000)
    if adjustment_type != "ExactCapacity":
        adjustments |= st.integers(-10000, -1)
    found = []
    for lower, upper in pairwise(edges):
        bounds = {"metricIntervalLowerBound": lower, "metricIntervalUpperBound": upper}
        written = {
            name: draw(st.sampled_from([bound, f"{bound}.0"]))
            for name, bound in bounds.items()
            if bound is not None
        }
        found.append({**written, "scalingAdjustment": draw(adjustments)})
    return draw(st.permutations(found))


@st.composite
def alarms(draw: st.DrawFn, *, above: bool) -> dict[str, Any]:
    period = draw(st.one_of(st.sampled_from([10, 20, 30]), st.integers(1, 1440).map(lambda n: n * 60)))
    longest = 604_800 if period >= 3600 else 86_400
    periods = draw(st.integers(1, min(1440, longest // period)))
    direction = "GreaterThan" if above else "LessThan"
    statistic = st.fixed_dictionaries({"statistic": STATISTICS}) | st.fixed_dictionaries(
        {"extendedStatistic": EXTENDED}
    )
    given = {
        **METRIC,
        "comparisonOperator": st.sampled_from([f"{direction}Threshold", f"{direction}OrEqualToThreshold"]),
        "threshold": SIGNED,
        "periodSeconds": st.just(period),
        "evaluationPeriods": st.just(periods),
    }
    optional = {
        **MEASURED,
        "datapointsToAlarm": st.integers(1, periods),
        "treatMissingData": st.sampled_from(["breaching", "notBreaching", "ignore", "missing"]),
    }
    return {**draw(st.fixed_dictionaries(given, optional=optional)), **draw(statistic)}


@st.composite
def step_scalings(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]))
    above = draw(st.booleans())
    optional: dict[str, st.SearchStrategy[Any]] = {
        "cooldownSeconds": COOLDOWNS,
        "metricAggregationType": st.sampled_from(["Average", "Minimum", "Maximum"]),
    }
    if kind == "PercentChangeInCapacity":
        optional["minAdjustmentMagnitude"] = COUNTS
    return {
        "adjustmentType": kind,
        "stepAdjustments": draw(steps(kind, above=above)),
        "alarm": draw(alarms(above=above)),
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


TRACKED = {
    "scaleOutCooldownSeconds": COOLDOWNS,
    "scaleInCooldownSeconds": COOLDOWNS,
    "disableScaleIn": st.booleans(),
}


@st.composite
def policies(draw: st.DrawFn, *, least: int) -> list[dict[str, Any]]:
    predefined = draw(st.lists(st.sampled_from(PREDEFINED), max_size=2, unique=True))
    metrics: list[dict[str, Any]] = [{"predefinedMetricType": metric} for metric in predefined]
    if draw(st.booleans()):
        metrics.append({"customizedMetric": draw(ONE_METRIC | metric_math())})
    settings = [
        (
            "TargetTrackingScaling",
            draw(st.fixed_dictionaries({"targetValue": TARGETS}, optional=TRACKED)) | metric,
        )
        for metric in metrics
    ]
    if draw(st.booleans()) or len(settings) < least:
        settings.append(("StepScaling", draw(step_scalings())))
    names = draw(st.lists(printable(256), min_size=len(settings), max_size=len(settings), unique=True))
    return [
        {"name": name, "type": kind, kind[0].lower() + kind[1:]: value}
        for name, (kind, value) in zip(names, settings, strict=True)
    ]


ZONES = st.sampled_from(["Europe/Berlin", "Etc/GMT+9", "America/Argentina/Buenos_Aires", "UTC"])
AT = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001  local time
    lambda time: f"at({time:%Y-%m-%dT%H:%M:%S})"
)
RATE = st.one_of(
    text("rate\\(1 (minute|hour|day)\\)"), text("rate\\([2-9][0-9]{0,8} (minutes|hours|days)\\)")
)
MONTHS = text("[*]|[1-9]|1[0-2]|JAN-MAR|OCT,DEC")
CRON = st.one_of(
    st.builds(
        "cron({} {} {} {} ? *)".format,
        text("[0-5]?[0-9]|[*]/5"),
        text("1?[0-9]|8-18/2|6,22"),
        text("[1-9]|L|LW|15W|1,15|[*]"),
        MONTHS,
    ),
    st.builds(
        "cron({} 8 ? {} {} {})".format,
        text("[0-5]?[0-9]"),
        MONTHS,
        text("[1-7]|MON-FRI|SAT,SUN|FRIL|3#2|L"),
        text("[*]|20[2-9][0-9]|2027-2030"),
    ),
)


@st.composite
def scheduled_actions(draw: st.DrawFn, low: int, high: int) -> list[dict[str, Any]]:
    """Actions whose minimums are all at most `low`, and whose maximums are all at least `high`."""
    names = draw(st.lists(text("[!-.0-9;-{}~]([ -.0-9;-{}~]{0,20}[a-z])?"), max_size=3, unique=True))
    minimums, maximums = st.integers(1, low), st.integers(high, 10000)
    capacities = st.one_of(
        st.fixed_dictionaries({"minCapacity": minimums}),
        st.fixed_dictionaries({"maxCapacity": maximums}),
        st.fixed_dictionaries({"minCapacity": minimums, "maxCapacity": maximums}),
    )
    schedules = st.one_of(
        st.fixed_dictionaries({"schedule": RATE}),
        st.fixed_dictionaries({"schedule": AT | CRON}, optional={"timezone": ZONES}),
    )
    return [{"name": name, **draw(schedules), **draw(spans()), **draw(capacities)} for name in names]


@st.composite
def spans(draw: st.DrawFn) -> dict[str, Any]:
    start = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 10**8)))
    times = {"startTime": start, "endTime": start + timedelta(seconds=draw(st.integers(1, 10**8)))}
    kept = draw(st.sets(st.sampled_from([*times])))
    offset = draw(st.sampled_from(["Z", "+05:30", "-08:00"]))
    return {name: f"{times[name]:%Y-%m-%dT%H:%M:%S}{offset}" for name in kept}


@st.composite
def autoscalings(draw: st.DrawFn) -> dict[str, Any]:
    low, initial, high = sorted(draw(st.tuples(COUNTS, COUNTS, COUNTS)))
    actions = draw(scheduled_actions(low, high))
    found: dict[str, Any] = {
        "minCapacity": low,
        "maxCapacity": high,
        "policies": draw(policies(least=0 if actions else 1)),
        "scheduledActions": actions,
    }
    kinds = draw(st.dictionaries(st.sampled_from(["scaleIn", "scaleOut", "scheduled"]), st.booleans()))
    optional = {
        "initialInstanceCount": st.just(initial),
        "foreignScaling": st.sampled_from(["Report", "Remove"]),
        **({"suspended": st.just(kinds)} if kinds else {}),
    }
    return {**found, **draw(st.fixed_dictionaries({}, optional=optional))}
