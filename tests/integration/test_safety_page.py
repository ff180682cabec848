"""docs/safety.md: its examples are what the operator reports.

An example is a YAML block: a list of conditions and events.
"""

import re

import pytest
import yaml

from tests.integration.safety_runs import PAGE, RUNS

PARTS = ["What you see", "What AWS serves meanwhile", "The way out"]
SUMMARY = {"Ready", "Stalled", "Reconciling"}


def section(title):
    """The text of the section whose heading begins so."""
    (found,) = re.findall(rf"^## {re.escape(title)}\b.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def examples(title):
    blocks = re.findall(r"^```yaml\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def conditions(operator):
    resource = operator.cluster.resource
    found = resource["status"]["conditions"] if resource else []
    return [{key: each[key] for key in ("type", "status", "reason", "message")} for each in found]


def events(operator):
    return [{key: each[key] for key in ("type", "reason", "message")} for each in operator.cluster.events]


@pytest.mark.parametrize(
    ("title", "number"), [(title, number) for title, runs in RUNS.items() for number in range(len(runs))]
)
def test_an_example_is_what_the_operator_reports(title, number):
    operator = RUNS[title][number]()
    reported = [*conditions(operator), *events(operator)]

    for quoted in examples(title)[number]:
        assert quoted in reported
    summaries = {
        (each["reason"], each["message"]) for each in conditions(operator) if each["type"] in SUMMARY
    }
    assert len(summaries) <= 1, "Stalled and Reconciling say what Ready says"


def test_every_example_of_the_page_is_run():
    titles = [title.partition(":")[0] for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)]
    on_page = {title: len(examples(title)) for title in titles}

    assert {title: count for title, count in on_page.items() if count} == {
        title: len(runs) for title, runs in RUNS.items()
    }


@pytest.mark.parametrize("title", RUNS)
def test_a_section_says_what_is_seen_what_aws_serves_and_what_can_be_done(title):
    parts = re.findall(r"^\*\*(.+?)\.\*\*", section(title), re.MULTILINE)

    assert [part for part in parts if part in PARTS] == PARTS


def test_every_rule_has_a_row_that_leads_to_its_section():
    rows = re.findall(r"^\| \[(S\d+)\]\(#s\d+-", PAGE, re.MULTILINE)

    assert rows == [f"S{number}" for number in range(1, 11)]
