"""Breaches of the constraints of autoscaling."""

from collections.abc import Iterator

from sagemaker_ab.api.scaling_metrics import EXTENDED_STATISTICS, Unit
from tests.integration.breach import (
    Breach,
    empty,
    odd,
    out_of_range,
    rule,
    too_long,
    too_many,
    twice,
    unlisted,
)
from tests.integration.scaling_given import (
    ALARM,
    CONCURRENCY,
    DIMENSIONS,
    INVOCATIONS,
    METRIC_MATH,
    MOST_AUTOSCALING,
    ONE_METRIC,
)
from tests.integration.schedule_breaches import action_breaches

MOST = "spec.variants[1].autoscaling"
OTHER = "spec.variants[2].autoscaling"
TRACKING = f"{MOST}.policies[0].targetTrackingScaling"
CUSTOMIZED = f"{MOST}.policies[2].targetTrackingScaling.customizedMetric"
MATH = f"{OTHER}.policies[0].targetTrackingScaling.customizedMetric"
STEPS = f"{MOST}.policies[3].stepScaling"
EXACT = f"{OTHER}.policies[1].stepScaling"

PRINTABLE = "^[!-~]([ -~]*[!-~])?$"
NAMESPACE = "^[a-zA-Z0-9_./#-]([a-zA-Z0-9_./#: -]*[a-zA-Z0-9_./#:-])?$"
SIGNED = r"^-?[0-9]+(\.[0-9]+)?$"
STATISTICS = ("Average", "Minimum", "Maximum", "SampleCount", "Sum")
UNITS: tuple[str, ...] = Unit.__args__  # type: ignore[attr-defined]


def decimal_breaches(path: str) -> list[Breach]:
    return [
        odd(path, "1e3", SIGNED),
        too_long(path, "1", most=19),
        *out_of_range(path, -999999999, 999999999),
    ]


def metric_breaches(metric: str) -> list[Breach]:
    """Breaches of the fields that name a metric."""
    name, value = f"{metric}.dimensions[0].name", f"{metric}.dimensions[0].value"
    return [
        odd(f"{metric}.namespace", "Réviews", NAMESPACE),
        too_short(f"{metric}.namespace"),
        too_long(f"{metric}.namespace", "a", most=255),
        odd(f"{metric}.metricName", " Backlog", PRINTABLE),
        too_short(f"{metric}.metricName"),
        too_long(f"{metric}.metricName", "a", most=255),
        empty(f"{metric}.dimensions"),
        too_many(f"{metric}.dimensions", [{"name": f"d{n}", "value": "v"} for n in range(31)], most=30),
        twice(f"{metric}.dimensions", DIMENSIONS[0], "name"),
        odd(name, "Näme", PRINTABLE),
        too_short(name),
        too_long(name, "a", most=255),
        odd(value, "Välue", PRINTABLE),
        too_short(value),
        too_long(value, "a", most=1024),
        unlisted(f"{metric}.unit", *UNITS),
    ]


def too_short(path: str) -> Breach:
    return Breach(path, "", "minLength", "should be at least 1 chars long")


def tracking_breaches() -> Iterator[Breach]:
    yield unlisted(f"{TRACKING}.predefinedMetricType", INVOCATIONS, CONCURRENCY)
    yield odd(f"{TRACKING}.targetValue", "1e3", r"^[0-9]+(\.[0-9]+)?$")
    yield too_long(f"{TRACKING}.targetValue", "1", most=19)
    yield from out_of_range(f"{TRACKING}.targetValue", 1, 999999999)
    yield rule(f"{TRACKING}.targetValue", "0.0", "must be greater than 0", blamed=f"{TRACKING}.targetValue")
    yield from out_of_range(f"{TRACKING}.scaleOutCooldownSeconds", 0, 86400)
    yield from out_of_range(f"{TRACKING}.scaleInCooldownSeconds", 0, 86400)
    yield rule(
        f"{TRACKING}.customizedMetric",
        ONE_METRIC,
        "exactly one of predefinedMetricType and customizedMetric must be set, not 2 of them",
        blamed=TRACKING,
    )
    yield from metric_breaches(CUSTOMIZED)
    yield unlisted(f"{CUSTOMIZED}.statistic", *STATISTICS)
    for missing in ("namespace", "metricName", "statistic"):
        yield rule(
            f"{CUSTOMIZED}.{missing}",
            None,
            "metricName, namespace and statistic are required unless metrics is set",
            blamed=CUSTOMIZED,
        )
    for name in ONE_METRIC:
        yield rule(
            f"{MATH}.{name}",
            ONE_METRIC[name],
            "cannot be set together with metricName, namespace, dimensions, statistic or unit",
            blamed=f"{MATH}.metrics",
        )
    yield from math_breaches(f"{MATH}.metrics")


def math_breaches(metrics: str) -> Iterator[Breach]:
    yield empty(metrics)
    yield too_many(metrics, [{**METRIC_MATH[1], "id": f"m{n}"} for n in range(11)], most=10)
    yield twice(metrics, METRIC_MATH[0], "id")
    yield odd(f"{metrics}[0].id", "Backlog", "^[a-z][a-zA-Z0-9_]*$")
    yield too_long(f"{metrics}[0].id", "a", most=255)
    yield odd(f"{metrics}[0].label", "é", PRINTABLE)
    yield too_short(f"{metrics}[0].label")
    yield too_long(f"{metrics}[0].label", "a", most=255)
    yield odd(f"{metrics}[2].expression", "é", "^[ -~]+$")
    yield too_short(f"{metrics}[2].expression")
    yield too_long(f"{metrics}[2].expression", "a", most=2048)
    yield from metric_breaches(f"{metrics}[0].metricStat")
    yield odd(
        f"{metrics}[0].metricStat.stat",
        "Median",
        f"^(Average|Minimum|Maximum|SampleCount|Sum|{EXTENDED_STATISTICS})$",
    )
    yield too_long(f"{metrics}[0].metricStat.stat", "p" + "9" * 64, most=64)
    yield rule(
        f"{metrics}[2].metricStat",
        METRIC_MATH[0]["metricStat"],
        "exactly one of expression and metricStat must be set, not 2 of them",
        blamed=f"{metrics}[2]",
    )
    for index, value, count in ((0, True, 2), (1, None, 2), (2, False, 0)):
        words = f"exactly one must have returnData true, which is the default, not {count} of them"
        yield rule(f"{metrics}[{index}].returnData", value, words, blamed=metrics)
    yield rule(metrics, [{"id": "e", "expression": "1"}], "at least one must have metricStat", blamed=metrics)


def step_breaches() -> Iterator[Breach]:
    adjustments = f"{STEPS}.stepAdjustments"
    yield unlisted(f"{STEPS}.adjustmentType", "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
    yield empty(adjustments)
    yield too_many(
        adjustments, [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1} for _ in range(21)], most=20
    )
    yield from decimal_breaches(f"{adjustments}[0].metricIntervalLowerBound")
    yield from decimal_breaches(f"{adjustments}[0].metricIntervalUpperBound")
    yield from out_of_range(f"{adjustments}[0].scalingAdjustment", -10000, 10000)
    yield from out_of_range(f"{STEPS}.cooldownSeconds", 0, 86400)
    yield from out_of_range(f"{STEPS}.minAdjustmentMagnitude", 1, 10000)
    yield unlisted(f"{STEPS}.metricAggregationType", "Average", "Minimum", "Maximum")
    yield rule(
        f"{adjustments}[1].metricIntervalLowerBound",
        None,
        "metricIntervalLowerBound or metricIntervalUpperBound must be set",
        blamed=f"{adjustments}[1]",
    )
    for upper in (0, "-0.5"):
        yield rule(
            f"{adjustments}[0].metricIntervalUpperBound",
            upper,
            "must be greater than metricIntervalLowerBound",
            blamed=f"{adjustments}[0].metricIntervalUpperBound",
        )
    yield rule(
        f"{adjustments}[0].scalingAdjustment",
        0,
        "must not be 0, which has no effect",
        blamed=f"{adjustments}[0].scalingAdjustment",
    )
    for lower in (0, "1000.4", "1000.6"):
        yield rule(
            f"{adjustments}[1].metricIntervalLowerBound",
            lower,
            "intervals must not overlap and must not leave gaps",
            blamed=adjustments,
        )
    yield rule(
        f"{adjustments}[0].metricIntervalLowerBound",
        "-0.5",
        "one must have no metricIntervalLowerBound, because another has a negative one",
        blamed=adjustments,
    )
    yield rule(
        f"{adjustments}[1].metricIntervalUpperBound",
        2000,
        "one must have no metricIntervalUpperBound, because another has a positive one",
        blamed=adjustments,
    )
    for steps, operator in ((STEPS, "LessThanThreshold"), (EXACT, "GreaterThanOrEqualToThreshold")):
        yield rule(
            f"{steps}.alarm.comparisonOperator",
            operator,
            "one must be open on the side of the threshold on which the alarm fires: above, without"
            " metricIntervalUpperBound, or below, without metricIntervalLowerBound",
            blamed=f"{steps}.stepAdjustments",
        )
    yield rule(
        f"{EXACT}.stepAdjustments[0].scalingAdjustment",
        -1,
        "with ExactCapacity, each scalingAdjustment must be at least 1",
        blamed=f"{EXACT}.stepAdjustments",
    )
    yield rule(
        f"{STEPS}.adjustmentType",
        "ChangeInCapacity",
        "can only be set if adjustmentType is PercentChangeInCapacity",
        blamed=f"{STEPS}.minAdjustmentMagnitude",
    )
    yield from alarm_breaches(f"{STEPS}.alarm")
    yield odd(f"{EXACT}.alarm.extendedStatistic", "p101", f"^({EXTENDED_STATISTICS})$")
    yield too_long(f"{EXACT}.alarm.extendedStatistic", "p" + "9" * 64, most=64)


def alarm_breaches(alarm: str) -> Iterator[Breach]:
    yield from metric_breaches(alarm)
    yield unlisted(f"{alarm}.statistic", *STATISTICS)
    yield unlisted(
        f"{alarm}.comparisonOperator",
        *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold"),
        *("LessThanThreshold", "LessThanOrEqualToThreshold"),
    )
    yield from decimal_breaches(f"{alarm}.threshold")
    yield from out_of_range(f"{alarm}.periodSeconds", 10, 86400)
    yield from out_of_range(f"{alarm}.evaluationPeriods", 1, 1440)
    yield from out_of_range(f"{alarm}.datapointsToAlarm", 1, 1440)
    yield unlisted(f"{alarm}.treatMissingData", "breaching", "notBreaching", "ignore", "missing")
    yield rule(
        f"{alarm}.extendedStatistic",
        "p90",
        "exactly one of statistic and extendedStatistic must be set, not 2 of them",
        blamed=alarm,
    )
    for period in (15, 50, 90):
        yield rule(
            f"{alarm}.periodSeconds",
            period,
            f"must be 10, 20, 30 or a multiple of 60, not {period}",
            blamed=f"{alarm}.periodSeconds",
        )
    yield rule(
        f"{alarm}.datapointsToAlarm",
        6,
        "must be less than or equal to evaluationPeriods, but 6 is greater than 5",
        blamed=f"{alarm}.datapointsToAlarm",
    )
    for period, periods, span in ((120, 721, 86520), (3600, 169, 608400)):
        yield rule(
            alarm,
            {**ALARM, "periodSeconds": period, "evaluationPeriods": periods},
            "evaluationPeriods * periodSeconds must be at most 86400, or 604800 if periodSeconds is at least"
            f" 3600, but it is {span}",
            blamed=f"{alarm}.evaluationPeriods",
        )


SCALING_BREACHES = [
    *out_of_range(f"{MOST}.minCapacity", 1, 10000),
    *out_of_range(f"{MOST}.maxCapacity", 1, 10000),
    rule(
        f"{MOST}.minCapacity",
        3,
        "must be less than or equal to maxCapacity, but 3 is greater than 2",
        blamed=f"{MOST}.minCapacity",
    ),
    *out_of_range(f"{MOST}.initialInstanceCount", 1, 10000),
    rule(
        f"{MOST}.initialInstanceCount",
        3,
        "must be from minCapacity to maxCapacity, but 3 is not from 1 to 2",
        blamed=f"{MOST}.initialInstanceCount",
    ),
    too_many(
        f"{MOST}.policies", [{**MOST_AUTOSCALING["policies"][0], "name": f"p{n}"} for n in range(5)], most=4
    ),
    twice(f"{MOST}.policies", MOST_AUTOSCALING["policies"][0], "name"),
    rule(
        f"{MOST}.policies",
        [],
        "policies and scheduledActions must not both be empty, because nothing would scale the variant;"
        " set instanceCount instead",
        blamed=MOST,
    ),
    rule(
        f"{TRACKING}.predefinedMetricType",
        CONCURRENCY,
        "each policy must have a predefinedMetricType of its own; AWS allows one policy per metric",
        blamed=f"{MOST}.policies",
    ),
    rule(
        TRACKING,
        {"customizedMetric": {**ONE_METRIC, "dimensions": DIMENSIONS[::-1]}, "targetValue": 50},
        "each policy must have a customizedMetric of its own; AWS allows one policy per metric",
        blamed=f"{MOST}.policies",
    ),
    odd(f"{MOST}.policies[0].name", "", PRINTABLE),
    too_long(f"{MOST}.policies[0].name", "a", most=256),
    unlisted(f"{MOST}.policies[0].type", "TargetTrackingScaling", "StepScaling"),
    *(
        rule(
            f"{MOST}.policies[{index}].type",
            type_name,
            f"must be set if type is {name}, and only then",
            blamed=f"{MOST}.policies[{index}].{name[0].lower()}{name[1:]}",
        )
        for index, type_name in ((0, "StepScaling"), (3, "TargetTrackingScaling"))
        for name in ("StepScaling", "TargetTrackingScaling")
    ),
    *tracking_breaches(),
    *step_breaches(),
    *action_breaches(f"{OTHER}.scheduledActions"),
    rule(
        f"{OTHER}.suspended",
        {},
        "at least one of scaleIn, scaleOut and scheduled must be set",
        blamed=f"{OTHER}.suspended",
    ),
    unlisted(f"{MOST}.foreignScaling", "Report", "Remove"),
]
