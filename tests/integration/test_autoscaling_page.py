"""docs/autoscaling.md: its resources are valid and settle, and its examples are what the operator reports.

An example is a YAML block: an `autoscaling`, a list of conditions and events, or an excerpt of status.
"""

import copy
import json
import re

import pytest

from hack import crd
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.planning.intended_bounds import LATE_SECONDS
from tests.integration.autoscaling_runs import (
    PAGE,
    ROOT,
    RUNS,
    SAMPLE,
    declared,
    reported,
    reviews,
    section,
    status,
    titles,
)
from tests.integration.scaling_stage import alarms, bounds, policy_arns
from tests.integration.stage import settled, target

DECLARED = [
    pytest.param(autoscaling, id=f"{title} {number}")
    for title in titles()
    for number, autoscaling in enumerate(declared(title))
]


# What the page declares


@pytest.fixture(scope="module")
def server(control_plane, kubectl):
    """Return kubectl with an API server that knows the resource."""
    control_plane.define(crd.FILE)
    return kubectl


@pytest.mark.parametrize("autoscaling", DECLARED)
def test_the_api_server_takes_what_the_page_declares(server, autoscaling):
    manifest = {**copy.deepcopy(SAMPLE), "spec": reviews(autoscaling)}
    applied = server("apply", "--dry-run=server", "--validate=strict", "-f", "-", input=json.dumps(manifest))

    assert applied.returncode == 0, applied.stderr


@pytest.mark.parametrize("autoscaling", DECLARED)
def test_what_the_page_declares_is_in_aws(autoscaling):
    operator = settled(reviews(autoscaling))
    found = target(operator)

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert bounds(operator) == (autoscaling["minCapacity"], autoscaling["maxCapacity"])
    assert set(found["policies"]) == {each["name"] for each in autoscaling.get("policies", ())}
    assert set(found["scheduledActions"]) == {
        each["name"] for each in autoscaling.get("scheduledActions", ())
    }
    suspended = autoscaling.get("suspended", {})
    assert found["suspended"] == {
        "scale_in": suspended.get("scaleIn", False),
        "scale_out": suspended.get("scaleOut", False),
        "scheduled": suspended.get("scheduled", False),
    }


def test_a_step_policy_of_the_page_is_named_by_an_alarm_of_the_operator():
    (autoscaling,) = declared("Step scaling")
    operator = settled(reviews(autoscaling))

    actions = {name: alarm["AlarmActions"] for name, alarm in alarms(operator).items()}
    assert sorted(actions.values()) == sorted([arn] for arn in policy_arns(operator).values())
    name_of_the_page = r"sagemaker-ab/[0-9a-f]+/reviews/VariantB/[0-9a-f]+"
    assert all(re.fullmatch(name_of_the_page, name) for name in actions)


# What the page says that the operator reports


def seen(operator):
    """What `kubectl get` and `kubectl get events` show."""
    conditions = status(operator)["conditions"]
    shown = [{key: each[key] for key in ("type", "status", "reason", "message")} for each in conditions]
    return [
        *shown,
        *({key: each[key] for key in ("type", "reason", "message")} for each in operator.cluster.events),
    ]


def contains(found, quoted):
    """Return whether an excerpt of status is part of it; list items are matched by their names."""
    if isinstance(quoted, dict):
        return all(key in found and contains(found[key], value) for key, value in quoted.items())
    if isinstance(quoted, list):
        named = {each["name"]: each for each in found}
        return all(contains(named[each["name"]], each) for each in quoted)
    return found == quoted


@pytest.mark.parametrize(
    ("title", "number"), [(title, number) for title, runs in RUNS.items() for number in range(len(runs))]
)
def test_an_example_is_what_the_operator_reports(title, number):
    operator = RUNS[title][number]()
    quoted = reported(title)[number]

    if isinstance(quoted, dict):
        assert contains(status(operator), quoted), status(operator)
        return
    for each in quoted:
        assert each in seen(operator)


def test_every_example_of_the_page_is_run():
    on_page = {title: len(reported(title)) for title in titles()}

    assert {title: count for title, count in on_page.items() if count} == {
        title: len(runs) for title, runs in RUNS.items()
    }


def test_every_section_has_a_question_that_leads_to_it():
    linked = re.findall(r"^\| .+\? \| \[(.+)\]\(#", PAGE, re.MULTILINE)

    assert linked == [title for title in titles() if title != "How to read the examples"]


# Numbers and names


def test_the_page_has_the_minutes_of_the_code():
    assert f"For {LATE_SECONDS / 60:.0f} minutes after an action was due" in " ".join(PAGE.split())
    every = Settings().scaling_activities_seconds / 60
    assert f"The operator reads the activities of a region every {every:.0f} minutes." in " ".join(
        PAGE.split()
    )


def test_the_permissions_of_the_page_are_those_of_the_policy():
    policy = json.loads((ROOT / "manifests/iam/policy.json").read_text())
    allowed = {
        action
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    of_autoscaling = {
        action.partition(":")[2]
        for action in allowed
        if action.startswith(("application-autoscaling:", "cloudwatch:", "iam:Create"))
    } - {"GetMetricData"}
    table = [line for line in section("Permissions").splitlines() if line.startswith("|")]
    named = re.findall(r"`(?:[a-z-]+:)?([A-Z]\w+)`", "\n".join(table))

    assert set(named) == of_autoscaling


def test_the_picture_is_there():
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", PAGE)

    assert (ROOT / "docs" / picture).read_bytes().startswith(b"\x89PNG")
