"""Commands that steer a run, through real kubectl against a real API server, with recorded statuses."""

import copy
import json
import os
import pty
import subprocess

import pytest
import yaml

from tests.integration.cli.conftest import NAMESPACE
from tests.unit.cli.recorded_states import load

WHERE = ("reviews", "-n", NAMESPACE)


@pytest.fixture
def steered(control_plane, cli_namespace, set_status):
    """Put the resource of a recorded state into the cluster; return its status.traffic."""
    applied = []

    def put(state):
        recorded = copy.deepcopy(load(state).resource)
        manifest = {
            "apiVersion": "sagemaker-ab.dev/v1alpha1",
            "kind": "SageMakerABEndpoint",
            "metadata": {"name": "reviews", "namespace": cli_namespace},
            "spec": recorded["spec"],
        }
        control_plane.kubectl("apply", "-f", "-", input=json.dumps(manifest), check=True)
        applied.append(manifest)
        set_status(recorded["status"])
        return recorded["status"]["traffic"]

    yield put
    if applied:
        control_plane.kubectl("delete", "smab", *WHERE, "--ignore-not-found", check=True)


@pytest.fixture
def annotations(kubectl):
    """Read the annotations of commands, without their prefix."""

    def read():
        found = json.loads(kubectl("get", "smab", *WHERE, "-o", "json").stdout)["metadata"]
        prefix = "sagemaker-ab.dev/"
        return {
            key.removeprefix(prefix): value
            for key, value in found.get("annotations", {}).items()
            if key.startswith(prefix)
        }

    return read


@pytest.mark.parametrize(
    ("state", "command", "step"),
    [
        ("waiting for approval", "approve", "/2"),
        ("ramping", "promote", ""),
        ("ramping", "abort", ""),
        ("ramping", "hold", ""),
        ("held", "resume", ""),
        ("rolled back", "retry", ""),
    ],
)
def test_a_confirmed_command_sets_its_annotation(plugin, steered, annotations, *, state, command, step):
    run = steered(state)["run"]

    shown = plugin(command, *WHERE, "--yes")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Run {run} of cli/reviews, step ")
    assert annotations()[command] == f"{run}{step}"


def test_a_terminal_is_asked_and_a_no_changes_nothing(plugin_command, plugin_env, steered, annotations):
    steered("ramping")
    for answer, expected in (("n", {}), ("y", {"abort"})):
        assert answered([*plugin_command, "abort", *WHERE], answer, env=plugin_env) == (answer == "n")
        assert annotations().keys() == set(expected)


def answered(command, answer, *, env):
    """Run a command on a terminal and answer its question; return the exit code."""
    terminal, side = pty.openpty()
    try:
        with subprocess.Popen(command, env=env, stdin=side, stdout=subprocess.PIPE, text=True) as process:
            os.write(terminal, f"{answer}\n".encode())
            out, _ = process.communicate(timeout=60)
    finally:
        os.close(terminal)
        os.close(side)
    assert "Continue? [y/N]: " in out
    return process.returncode


def test_without_a_terminal_yes_is_required(plugin, steered, annotations):
    steered("ramping")

    shown = plugin("promote", *WHERE, input="y\n")

    assert shown.returncode == 2
    assert "This overrides gates that are not satisfied:" in shown.stdout
    assert "confirm with --yes" in shown.stderr
    assert annotations() == {}


def test_wait_returns_once_the_operator_has_written_what_it_did(
    plugin_command, plugin_env, steered, set_status
):
    traffic = steered("ramping")
    entry = {
        "command": "hold",
        "value": traffic["run"],
        "at": "2026-01-01T02:00:00Z",
        "effect": "Applied",
        "message": "The weights stay until the run is resumed.",
    }
    command = [*plugin_command, "hold", *WHERE, "--yes", "--wait"]
    with subprocess.Popen(command, env=plugin_env, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        seen = next(line for line in waiting.stdout if line.startswith("The annotation "))
        set_status({"traffic": {"commands": [entry], "held": True}})
        rest, _ = waiting.communicate(timeout=60)

    assert seen == f"The annotation sagemaker-ab.dev/hold={traffic['run']} is set.\n"
    assert (waiting.returncode, rest) == (
        0,
        "The operator has acted: The weights stay until the run is resumed.\n",
    )


def test_an_annotation_belongs_to_the_command_line_and_not_to_the_operator(plugin, steered, kubectl):
    steered("ramping")
    plugin("hold", *WHERE, "--yes")

    shown = kubectl("get", "smab", *WHERE, "-o", "json", "--show-managed-fields")
    fields = json.loads(shown.stdout)["metadata"]["managedFields"]
    owners = [each["manager"] for each in fields if "sagemaker-ab.dev/hold" in json.dumps(each["fieldsV1"])]

    assert owners == ["kubectl-sagemaker-ab"]


def test_who_may_only_read_is_refused_by_the_api_server(plugin, steered, control_plane, annotations):
    steered("ramping")
    role = ("create", "rolebinding", "reader", "--clusterrole=smab-reader", "--user=reader", "-n", NAMESPACE)
    rule = ("--verb=get,list", "--resource=sagemakerabendpoints.sagemaker-ab.dev")
    control_plane.kubectl("create", "clusterrole", "smab-reader", *rule, check=True)
    control_plane.kubectl(*role, check=True)
    reader = str(control_plane.kubeconfig_for(user="reader"))

    try:
        shown = plugin("promote", *WHERE, "--yes", "--kubeconfig", reader)
    finally:
        control_plane.kubectl("delete", "rolebinding", "reader", "-n", NAMESPACE, check=True)
        control_plane.kubectl("delete", "clusterrole", "smab-reader", check=True)

    assert shown.returncode == 1
    assert 'User "reader" cannot patch resource "sagemakerabendpoints"' in shown.stderr
    assert annotations() == {}


def test_a_run_that_is_over_is_refused(plugin, steered, annotations):
    run = steered("promoted")["run"]

    shown = plugin("abort", *WHERE, "--yes")

    assert (shown.returncode, shown.stderr) == (1, f"Error: Run {run} has ended: Promoted\n")
    assert annotations() == {}


def test_the_manifest_of_the_winner_applies_and_the_patch_gives_the_same_spec(plugin, steered, kubectl):
    steered("promoted")
    manifest = plugin("winner", *WHERE, "-o", "yaml").stdout
    patch = plugin("winner", *WHERE, "-o", "patch").stdout

    shown = kubectl("patch", "smab", *WHERE, "--type=json", "-p", patch, "--dry-run=server", "-o", "json")

    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["spec"] == yaml.safe_load(manifest)["spec"]
    assert kubectl("apply", "-f", "-", "--dry-run=server", input=manifest).returncode == 0


def test_the_tree_shows_the_run(plugin, steered):
    run = steered("waiting for approval")["run"]

    lines = plugin("get", *WHERE).stdout.splitlines()

    assert f"├── Run {run}  step 2 of 3: 50% to VariantB" in lines
    assert "│   ├── waits for  your approval: kubectl sagemaker-ab approve reviews" in lines
