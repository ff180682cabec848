# ruff: noqa: RUF001  # what is absent is shown as a dash, not as a minus

"""`kubectl sagemaker-ab get` through real kubectl against a real API server."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.usefixtures("cli_namespace")


def condition(kind: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": f"because of {reason}",
        "lastTransitionTime": "2026-11-25T15:51:08Z",
    }


def shares(current_a: int, current_b: int) -> dict[str, Any]:
    """A status on its way to 0/100."""
    return {
        "observedGeneration": 1,
        "summary": f"VariantA={current_a}% VariantB={current_b}%",
        "account": "123456789012",
        "region": "us-east-1",
        "endpoint": {"status": "Updating", "configName": "reviews-prod-8c1f2ab3"},
        "variants": [
            {
                "name": "VariantA",
                "modelName": "bert-a",
                "desiredWeight": "0",
                "currentWeight": str(current_a),
                "instances": {"current": 1, "desired": 1},
            },
            {
                "name": "VariantB",
                "modelName": "bert-b",
                "desiredWeight": "100",
                "currentWeight": str(current_b),
                "instances": {"current": 1, "desired": 2, "min": 1, "max": 2},
            },
        ],
        "metrics": {
            "windowStart": "2026-11-25T15:45:00Z",
            "windowEnd": "2026-11-25T15:50:00Z",
            "periodSeconds": 300,
            "variants": [
                {
                    "name": "VariantA",
                    "invocations": 171,
                    "modelLatencyMicros": {"average": 24011, "p50": 22104, "p90": 31020, "p99": 48212},
                }
            ],
        },
        "conditions": [
            condition("Ready", "False", "Updating"),
            condition("Reconciling", "True", "Updating"),
        ],
    }


def without_ages(text: str) -> str:
    """Ages are not the same in two runs."""
    return re.sub(r" +[0-9]+[smhd]([0-9]+[smhd])?\b", " AGE", text)


@pytest.mark.usefixtures("reviews")
def test_the_tree_shows_what_the_operator_wrote(plugin, set_status):
    set_status(shares(50, 50))

    shown = plugin("get", "reviews", "-n", "cli")

    assert without_ages(shown.stdout) == (
        "SageMakerABEndpoint cli/reviews AGE\n"
        "├── ◌ Ready        Updating AGE  because of Updating\n"
        "├── ◌ Reconciling  Updating AGE  because of Updating\n"
        "└── Endpoint reviews-prod  Updating\n"
        "    ├── region  us-east-1 123456789012\n"
        "    ├── config  reviews-prod-8c1f2ab3\n"
        "    ├── VariantA  ━━━━━─────  50% → 0%    1/1 instances\n"
        "    │   ├── model       bert-a\n"
        "    │   ├── requests    34.2/min  – per instance\n"
        "    │   ├── errors      4xx –  5xx –  model –\n"
        "    │   ├── latency ms  mean 24.0  p50 22.1  p90 31.0  p99 48.2  overhead –\n"
        "    │   └── load        CPU –  memory –  disk –\n"
        "    ├── VariantB  ━━━━━─────  50% → 100%  1/2 instances [1..2]\n"
        "    │   ├── model       bert-b\n"
        "    │   ├── requests    –         – per instance\n"
        "    │   ├── errors      4xx –  5xx –  model –\n"
        "    │   ├── latency ms  mean –     p50 –     p90 –     p99 –     overhead –\n"
        "    │   └── load        CPU –  memory –  disk –\n"
        "    └── metrics of 2026-11-25 15:45:00 UTC to 15:50:00, one period of 300 s\n"
    )


@pytest.mark.usefixtures("reviews")
def test_a_resource_no_operator_has_seen_is_drawn_without_status(plugin):
    shown = plugin("get", "reviews", "-n", "cli")

    assert shown.stdout.splitlines()[0].endswith("not yet seen by the operator")
    assert shown.returncode == 0


@pytest.mark.usefixtures("reviews")
def test_the_list_agrees_with_the_printer_columns_of_kubectl(plugin, kubectl, set_status):
    set_status(shares(50, 50))

    ours = [line.split()[:-1] for line in plugin("get", "-n", "cli").stdout.splitlines()]
    theirs = [line.split()[:-1] for line in kubectl("get", "smab", "-n", "cli").stdout.splitlines()]

    assert ours == theirs


@pytest.mark.usefixtures("reviews")
def test_json_yaml_and_names_are_those_of_kubectl(plugin, kubectl):
    stored = json.loads(kubectl("get", "smab", "reviews", "-n", "cli", "-o", "json").stdout)

    assert json.loads(plugin("get", "reviews", "-n", "cli", "-o", "json").stdout) == stored
    assert yaml.safe_load(plugin("get", "reviews", "-n", "cli", "-o", "yaml").stdout) == stored
    assert plugin("get", "-A", "-o", "name").stdout == kubectl("get", "smab", "-A", "-o", "name").stdout


@pytest.mark.usefixtures("reviews")
def test_a_watch_shows_each_change_and_ends_when_the_resource_is_deleted(
    plugin_command, plugin_env, kubectl, set_status
):
    set_status(shares(50, 50))
    command = [*plugin_command, "get", "reviews", "-n", "cli", "--watch", "--timeout", "60s"]
    with subprocess.Popen(command, env=plugin_env, stdout=subprocess.PIPE, text=True) as watching:
        seen = until(watching, "metrics of")
        set_status(shares(0, 100))
        then = until(watching, "metrics of")
        kubectl("delete", "smab", "reviews", "-n", "cli")
        rest, _ = watching.communicate(timeout=60)

    assert "VariantA  ━━━━━─────  50% → 0%" in seen
    assert "VariantA  ──────────  0% " in then
    assert rest.endswith("The resource was deleted.\n")
    assert watching.returncode == 0


def until(process: subprocess.Popen[str], words: str) -> str:
    """Read lines until one holds `words`; the process ends by itself, so this does too."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def test_a_missing_resource_is_one_line_and_exit_code_1(plugin):
    shown = plugin("get", "nowhere", "-n", "cli")

    assert (shown.returncode, shown.stdout) == (1, "")
    assert (
        shown.stderr
        == "Error: there is no sagemakerabendpoint 'nowhere' in namespace 'cli'; list all with get -A\n"
    )


def test_usage_is_told_as_a_kubectl_command_with_exit_code_2(plugin):
    shown = plugin("get", "--output", "xml")

    assert shown.returncode == 2
    assert shown.stderr.startswith("Usage: kubectl sagemaker-ab get [OPTIONS] [NAME]\n")


@pytest.mark.usefixtures("reviews")
def test_a_terminal_without_unicode_gets_the_tree_all_the_same(plugin):
    shown = plugin("get", "reviews", "-n", "cli", PYTHONIOENCODING="ascii")

    assert shown.returncode == 0
    assert "+-- Endpoint reviews-prod" in shown.stdout or "`-- Endpoint reviews-prod" in shown.stdout


def test_an_unknown_context_is_named(plugin):
    shown = plugin("get", "--context", "elsewhere")

    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: no cluster to connect to: ")
    assert "elsewhere" in shown.stderr


def test_an_api_server_that_is_not_there_is_said_in_one_line(plugin, control_plane, tmp_path):
    kubeconfig = tmp_path / "dead.yaml"
    kubeconfig.write_text(
        control_plane.kubeconfig.read_text().replace(control_plane.url, "https://127.0.0.1:1")
    )

    shown = plugin("get", "--kubeconfig", str(kubeconfig))

    assert shown.returncode == 1
    assert shown.stderr.startswith("Error: the API server: ")
    assert "Connection refused; check --context" in shown.stderr


def test_who_may_not_read_is_told_by_the_api_server(plugin, control_plane):
    stranger = control_plane.kubeconfig_for(user="stranger")

    shown = plugin("get", "-n", "cli", "--kubeconfig", str(stranger))

    assert shown.returncode == 1
    assert 'User "stranger" cannot list resource "sagemakerabendpoints"' in shown.stderr
