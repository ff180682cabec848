"""Two valid values of autoscaling, which have every field between them."""

from typing import Any

INVOCATIONS = "SageMakerVariantInvocationsPerInstance"
CONCURRENCY = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
DIMENSIONS = [{"name": "EndpointName", "value": "reviews-prod"}, {"name": "VariantName", "value": "VariantB"}]
ONE_METRIC: dict[str, Any] = {
    "namespace": "/aws/sagemaker/Endpoints",
    "metricName": "CPUUtilization",
    "dimensions": DIMENSIONS,
    "statistic": "Average",
    "unit": "Percent",
}
METRIC_MATH: list[dict[str, Any]] = [
    {
        "id": "backlog",
        "label": "requests that wait",
        "metricStat": {
            "namespace": "Reviews",
            "metricName": "Backlog",
            "dimensions": DIMENSIONS,
            "stat": "Maximum",
            "unit": "Count",
        },
        "returnData": False,
    },
    {
        "id": "instances",
        "metricStat": {"namespace": "Reviews", "metricName": "Instances", "stat": "p50"},
        "returnData": False,
    },
    {"id": "each", "expression": "backlog / instances", "returnData": True},
]
ALARM: dict[str, Any] = {
    "namespace": "AWS/SageMaker",
    "metricName": "ModelLatency",
    "dimensions": DIMENSIONS,
    "statistic": "Average",
    "unit": "Microseconds",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": "200000.5",
    "periodSeconds": 60,
    "evaluationPeriods": 5,
    "datapointsToAlarm": 3,
    "treatMissingData": "notBreaching",
}
MOST_AUTOSCALING: dict[str, Any] = {
    "minCapacity": 1,
    "maxCapacity": 2,
    "initialInstanceCount": 2,
    "policies": [
        *(
            {
                "name": name,
                "type": "TargetTrackingScaling",
                "targetTrackingScaling": {
                    "predefinedMetricType": metric,
                    "targetValue": 2,
                    "scaleOutCooldownSeconds": 60,
                    "scaleInCooldownSeconds": 300,
                    "disableScaleIn": True,
                },
            }
            for name, metric in (("invocations", INVOCATIONS), ("concurrency", CONCURRENCY))
        ),
        {
            "name": "utilization",
            "type": "TargetTrackingScaling",
            "targetTrackingScaling": {"customizedMetric": ONE_METRIC, "targetValue": "70.5"},
        },
        {
            "name": "latency",
            "type": "StepScaling",
            "stepScaling": {
                "adjustmentType": "PercentChangeInCapacity",
                "stepAdjustments": [
                    {
                        "metricIntervalLowerBound": 0,
                        "metricIntervalUpperBound": "1000.5",
                        "scalingAdjustment": 50,
                    },
                    {"metricIntervalLowerBound": "1000.5", "scalingAdjustment": 100},
                ],
                "cooldownSeconds": 120,
                "minAdjustmentMagnitude": 1,
                "metricAggregationType": "Maximum",
                "alarm": ALARM,
            },
        },
    ],
    "foreignScaling": "Remove",
}
OTHER_AUTOSCALING: dict[str, Any] = {
    "minCapacity": 1,
    "maxCapacity": 6,
    "policies": [
        {
            "name": "backlog",
            "type": "TargetTrackingScaling",
            "targetTrackingScaling": {"customizedMetric": {"metrics": METRIC_MATH}, "targetValue": 10},
        },
        {
            "name": "idle",
            "type": "StepScaling",
            "stepScaling": {
                "adjustmentType": "ExactCapacity",
                "stepAdjustments": [{"metricIntervalUpperBound": 0, "scalingAdjustment": 1}],
                "alarm": {
                    "namespace": "AWS/SageMaker",
                    "metricName": "ModelLatency",
                    "extendedStatistic": "p90",
                    "comparisonOperator": "LessThanThreshold",
                    "threshold": 1000,
                },
            },
        },
    ],
    "scheduledActions": [
        {
            "name": "morning",
            "schedule": "cron(0 8 ? * MON-FRI *)",
            "timezone": "Europe/Berlin",
            "startTime": "2027-01-01T00:00:00Z",
            "endTime": "2027-12-31T00:00:00+01:00",
            "minCapacity": 3,
            "maxCapacity": 6,
        },
        {"name": "evening", "schedule": "cron(0 20 ? * * *)", "minCapacity": 1},
        {"name": "sale", "schedule": "at(2027-11-26T00:00:00)", "maxCapacity": 4},
        {"name": "steady", "schedule": "rate(12 hours)", "minCapacity": 2, "maxCapacity": 6},
    ],
    "suspended": {"scaleIn": True, "scaleOut": False, "scheduled": False},
    "foreignScaling": "Report",
}
