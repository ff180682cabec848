# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

"""The autoscaling of a variant in the tree of `get`."""

import pytest

from sagemaker_ab.cli.snapshot import parse_resource
from sagemaker_ab.cli.views.tree import resource_tree

DIMENSIONS = [
    {"name": "EndpointName", "value": "reviews-prod"},
    {"name": "VariantName", "value": "VariantB"},
]
TRACKING = {
    "name": "invocations",
    "type": "TargetTrackingScaling",
    "targetTrackingScaling": {
        "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
        "targetValue": "70.5",
    },
}
ALARM = {
    "namespace": "AWS/SageMaker",
    "metricName": "Invocations",
    "dimensions": DIMENSIONS,
    "statistic": "Sum",
    "comparisonOperator": "GreaterThanThreshold",
    "threshold": 500,
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
}
STEPS = [
    {"metricIntervalLowerBound": 0, "metricIntervalUpperBound": 100, "scalingAdjustment": 1},
    {"metricIntervalLowerBound": 100, "scalingAdjustment": 3},
]
ACTIONS = [
    {"name": "morning", "schedule": "cron(0 8 ? * MON-FRI *)", "minCapacity": 2, "maxCapacity": 6},
    {"name": "evening", "schedule": "cron(0 20 ? * MON-FRI *)", "minCapacity": 1, "maxCapacity": 4},
]
POLICY = "invocations: InvocationsPerInstance (sum, per minute), target 70.5"
SINCE = "2026-11-20T10:00:00Z"


def step_policy(**scaling):
    settings = {"adjustmentType": "ChangeInCapacity", "stepAdjustments": STEPS, "alarm": ALARM} | scaling
    return {"name": "burst", "type": "StepScaling", "stepScaling": settings}


def tracking_policy(**tracking):
    return {
        "name": "own",
        "type": "TargetTrackingScaling",
        "targetTrackingScaling": {"targetValue": 40} | tracking,
    }


@pytest.fixture
def scaled(shifting):
    """Give VariantB autoscaling with additions, and status what an operator knows of it, if anything."""

    def make(status=None, **autoscaling):
        variant = shifting["spec"]["variants"][1]
        del variant["instanceCount"]
        variant["autoscaling"] = {"minCapacity": 1, "maxCapacity": 2, "policies": [TRACKING], **autoscaling}
        if status is not None:
            known = {"name": "VariantB", "minCapacity": 1, "maxCapacity": 2, "since": SINCE}
            shifting["status"]["scaling"] = [known | status]
        return shifting

    return make


@pytest.fixture
def branch(now, text):
    """The lines of the autoscaling of a resource, without the guides of the tree."""

    def lines(raw, *, width=130):
        drawn = text(resource_tree(parse_resource(raw), now=now), width=width).splitlines()
        first = next(number for number, line in enumerate(drawn) if "scaling   " in line)
        indent = drawn[first].index("scaling")
        rest = (line for line in drawn[first + 1 :])
        leaves = [line[indent + 4 :] for line in rest if line[indent:].startswith(("├", "└", "│"))]
        return [drawn[first][indent:], *leaves]

    return lines


def test_bounds_schedule_policies_suspension_and_a_failed_activity_are_drawn(scaled, now, text):
    raw = scaled(
        minCapacity=1,
        maxCapacity=4,
        policies=[TRACKING, step_policy()],
        scheduledActions=ACTIONS,
        suspended={"scaleIn": True, "scheduled": False},
        status={
            "suspended": ["scaleIn"],
            "inEffect": {"name": "morning", "at": "2026-11-25T07:00:00Z"},
            "next": {"name": "evening", "at": "2026-11-25T19:00:00Z"},
            "lastActivity": {
                "status": "Failed",
                "reason": "QuotaExceeded",
                "message": "Failed to set desired instance count to 6.",
                "since": "2026-11-25T15:40:00Z",
            },
        },
    )
    raw["status"]["variants"][1]["instances"] |= {"min": 2, "max": 6}
    raw["status"]["conditions"].append(
        {
            "type": "AutoscalingApplied",
            "status": "False",
            "reason": "ForeignScaling",
            "message": "VariantB has a policy that is not in the spec: cpu",
            "lastTransitionTime": "2026-11-25T15:51:08Z",
        }
    )

    drawn = text(resource_tree(parse_resource(raw), now=now), width=130).splitlines()

    assert drawn[5] == (
        "├── ◌ AutoscalingApplied  ForeignScaling  44s    VariantB has a policy that is not in the spec: cpu"
    )
    assert "\n".join(drawn[16:]) == (
        "    ├── VariantB  ━━━━━─────  50% → 100%  1/2 instances [2..6]\n"
        "    │   ├── model       bert-b  sha256:ab12cd34ab12\n"
        "    │   ├── requests    33.2/min  16.6/min per instance\n"
        "    │   ├── errors      4xx –  5xx –  model –\n"
        "    │   ├── latency ms  mean 37.0  p50 35.1  p90 51.0  p99 118.2  overhead –\n"
        "    │   ├── load        CPU 52.0 %  memory –       disk –\n"
        "    │   └── scaling     2..6 instances  spec 1..4\n"
        "    │       ├── schedule   morning since 2026-11-25 07:00:00 UTC (8h ago)\n"
        "    │       ├── next       evening at 2026-11-25 19:00:00 UTC (in 3h8m): 1..4 instances\n"
        "    │       ├── policy     invocations: InvocationsPerInstance (sum, per minute), target 70.5\n"
        "    │       ├── policy     burst: Invocations (sum, per minute), alarm above 500 for 2 of 3 × 60 s: "
        "+1 from 500 to 600; +3 from\n"
        "    │       │   600\n"
        "    │       ├── suspended  scaleIn\n"
        "    │       ├── activity   Failed QuotaExceeded since 2026-11-25 15:40:00 UTC (11m ago)\n"
        "    │       └──            Failed to set desired instance count to 6.\n"
        "    └── metrics of 2026-11-25 15:45:00 UTC to 15:50:00, one period of 300 s"
    )


def test_without_a_status_of_autoscaling_the_spec_is_shown(scaled, branch):
    raw = scaled(policies=[TRACKING], scheduledActions=ACTIONS, suspended={"scaleOut": True})

    assert branch(raw) == [
        "scaling     1..2 instances",
        "schedule   –",
        "policy     invocations: InvocationsPerInstance (sum, per minute), target 70.5",
        "suspended  scaleOut (not yet)",
    ]


def test_a_resource_that_no_operator_has_seen_shows_the_bounds_of_the_spec(scaled, branch):
    raw = scaled()
    del raw["status"]

    assert branch(raw)[0] == "scaling     – instances  spec 1..2"


def test_a_variant_without_autoscaling_has_no_branch(shifting, now, text):
    assert "scaling  " not in text(resource_tree(parse_resource(shifting), now=now))


def test_a_variant_whose_autoscaling_left_the_spec_is_marked(shifting, branch):
    known = {"name": "VariantB", "minCapacity": 1, "maxCapacity": 2, "since": SINCE}
    shifting["status"]["scaling"] = [known | {"suspended": ["scheduled"]}]

    assert branch(shifting) == [
        "scaling     1..2 instances  not in spec",
        "suspended  scheduled (not in spec)",
    ]


@pytest.mark.parametrize(
    ("declared", "shown"),
    [({"scheduled": False}, "scaleIn (for run 0123456789-1)"), ({"scaleIn": True}, "scaleIn")],
    ids=["by a run", "by the spec too"],
)
def test_the_run_for_which_scale_in_is_suspended_is_named(scaled, branch, declared, shown):
    kept = {"suspended": ["scaleIn"], "scaleInSuspendedFor": "0123456789-1"}

    assert f"suspended  {shown}" in branch(scaled(suspended=declared, status=kept))


def test_bounds_that_no_action_has_changed_are_those_of_the_spec(scaled, branch):
    raw = scaled(
        scheduledActions=[{"name": "peak", "schedule": "cron(0 9 * * ? *)", "maxCapacity": 8}],
        status={"next": {"name": "peak", "at": "2026-11-25T15:52:32Z"}},
    )

    assert branch(raw)[1:] == [
        "schedule  bounds of the spec since 2026-11-20 10:00:00 UTC (5d5h ago)",
        "next      peak at 2026-11-25 15:52:32 UTC (in 40s): max 8",
        f"policy    {POLICY}",
    ]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("rate(1 hour)", "every hour"),
        ("rate(2 hours)", "every 2 hours"),
        ("rate(15 days)", "every 15 days"),
        ("cron(0/5 8 * * ? *)", "cron(0/5 8 * * ? *)"),
    ],
)
def test_an_action_without_a_time_in_status_is_shown_with_its_schedule(scaled, branch, schedule, words):
    raw = scaled(
        scheduledActions=[{"name": "often", "schedule": schedule, "minCapacity": 2}],
        status={"inEffect": {"name": "often"}, "next": {"name": "often"}},
    )

    assert branch(raw)[1:3] == [f"schedule  often {words}", f"next      often {words}: min 2"]


def test_an_action_without_a_time_that_left_the_spec_is_shown_by_its_name(scaled, branch):
    assert branch(scaled(status={"inEffect": {"name": "gone"}}))[1] == "schedule  gone –"


def test_an_action_that_is_overdue_in_status_is_shown_as_past(scaled, branch):
    raw = scaled(status={"next": {"name": "gone", "at": "2026-11-25T15:51:12Z"}})

    assert branch(raw)[1:] == ["next    gone at 2026-11-25 15:51:12 UTC (40s ago)", f"policy  {POLICY}"]


@pytest.mark.parametrize("status", ["Successful", "InProgress", "Pending", "Overridden"])
def test_an_ordinary_activity_is_not_reported(scaled, branch, status):
    activity = {"status": status, "message": "Setting desired instance count to 2.", "since": SINCE}

    assert branch(scaled(status={"lastActivity": activity}))[1:] == [f"policy  {POLICY}"]


def test_a_decision_not_to_scale_is_reported_with_its_reason(scaled, branch):
    activity = {
        "status": "NotScaled",
        "reason": "AlreadyAtMaxCapacity",
        "message": "The count is at its maximum of 2.",
        "since": "2026-11-25T15:00:00Z",
    }

    assert branch(scaled(status={"lastActivity": activity}))[2:] == [
        "activity  NotScaled AlreadyAtMaxCapacity since 2026-11-25 15:00:00 UTC (51m ago)",
        "          The count is at its maximum of 2.",
    ]


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        (
            tracking_policy(
                predefinedMetricType="SageMakerVariantConcurrentRequestsPerModelHighResolution",
                disableScaleIn=True,
            ),
            "own: ConcurrentRequestsPerModel (maximum), target 40, scales out only",
        ),
        (
            tracking_policy(
                customizedMetric={
                    "namespace": "/aws/sagemaker/Endpoints",
                    "metricName": "CPUUtilization",
                    "statistic": "Average",
                    "unit": "Percent",
                }
            ),
            "own: CPUUtilization (average, percent), target 40",
        ),
        (
            tracking_policy(
                customizedMetric={
                    "metrics": [
                        {
                            "id": "m1",
                            "metricStat": {"namespace": "Shop", "metricName": "Backlog", "stat": "Sum"},
                            "returnData": False,
                        },
                        {"id": "e1", "expression": "m1 / 60"},
                    ]
                }
            ),
            "own: m1 / 60 (metric math), target 40",
        ),
        (
            step_policy(
                adjustmentType="PercentChangeInCapacity",
                stepAdjustments=[{"metricIntervalUpperBound": 0, "scalingAdjustment": -25}],
                alarm={
                    "namespace": "Shop",
                    "metricName": "Wait",
                    "extendedStatistic": "p90",
                    "comparisonOperator": "LessThanOrEqualToThreshold",
                    "threshold": "0.5",
                    "periodSeconds": 300,
                },
            ),
            "burst: Wait (p90), alarm at or below 0.5 for 1 × 300 s: -25% to 0.5",
        ),
        (
            step_policy(
                adjustmentType="ExactCapacity",
                stepAdjustments=[{"metricIntervalLowerBound": 0, "scalingAdjustment": 2}],
            ),
            "burst: Invocations (sum, per minute), alarm above 500 for 2 of 3 × 60 s: =2 from 500",
        ),
    ],
)
def test_a_policy_is_described_in_one_line(scaled, branch, policy, line):
    assert branch(scaled(policies=[policy]))[1:] == [f"policy  {line}"]
