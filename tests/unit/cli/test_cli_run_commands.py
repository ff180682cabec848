"""Commands that steer a run: what they announce, set and refuse. The resources are recorded."""

import json

import pytest

from tests.unit.cli.recorded_cluster import COMMANDS, HOLD, RUN, patches


@pytest.mark.parametrize(
    ("state", "command", "lines", "value"),
    [
        (
            "waiting for approval",
            "approve",
            [
                f"Run {RUN} of ml/reviews, step 2 of 3: 50% to VariantB",
                "approve: step 2 is approved. Step 3 can start.",
                "weights: VariantA 50% → 0%, VariantB 50% → 100%",
            ],
            f"{RUN}/2",
        ),
        (
            "ramping",
            "approve",
            [
                f"Run {RUN} of ml/reviews, step 2 of 3: 50% to VariantB",
                "approve: step 2 is approved. Step 3 can start.",
                "weights: VariantA 50% → 0%, VariantB 50% → 100%",
                "The next step also waits for:",
                f"  minDuration  {HOLD}",
            ],
            f"{RUN}/2",
        ),
        (
            "ramping",
            "promote",
            [
                f"Run {RUN} of ml/reviews, step 2 of 3: 50% to VariantB",
                "promote: VariantB gets all the traffic, and the run ends as Promoted once it has it.",
                "weights: VariantA 50% → 0%, VariantB 50% → 100%",
                "This overrides gates that are not satisfied:",
                f"  minDuration  {HOLD}",
                "  approval     Step 2 waits for approval",
            ],
            RUN,
        ),
        (
            "ramping",
            "abort",
            [
                f"Run {RUN} of ml/reviews, step 2 of 3: 50% to VariantB",
                "abort: the run ends as Aborted. VariantA gets all the traffic at once.",
                "weights: VariantA 50% → 100%, VariantB 50% → 0%",
            ],
            RUN,
        ),
        (
            "waiting for traffic",
            "hold",
            [
                f"Run {RUN} of ml/reviews, step 1 of 3: 10% to VariantB",
                "hold: the weights stay until the run is resumed. A rollback still happens.",
                "weights: VariantA 90%, VariantB 10%; they stay",
            ],
            RUN,
        ),
        (
            "held",
            "resume",
            [
                f"Run {RUN} of ml/reviews, step 2 of 3: 50% to VariantB",
                "resume: the run goes on with step 2.",
                "weights: VariantA 50%, VariantB 50%; they stay",
            ],
            RUN,
        ),
        (
            "evidence lost",
            "retry",
            [
                f"Run {RUN} of ml/reviews, step 1 of 3: 10% to VariantB",
                f"retry: another run starts at step 1. Run {RUN} ended as EvidenceLost.",
                "weights: VariantA 50% → 90%, VariantB 50% → 10%",
            ],
            RUN,
        ),
    ],
)
def test_a_command_says_what_will_happen_and_sets_its_annotation(
    cluster, kubernetes, run, *, state, command, lines, value
):
    cluster.has(state)

    result = run(command, "reviews", "--yes")

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        *lines,
        f"The annotation sagemaker-ab.dev/{command}={value} is set.",
    ]
    assert patches(kubernetes)[0][command] == value


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("promote", "the run ends as Promoted."),
        ("abort", "the run ends as Aborted."),
        ("hold", "the run stays in its step until it is resumed. A rollback still ends it."),
    ],
)
def test_under_observe_the_weights_stay(cluster, run, command, words):
    cluster.has("observing")

    lines = run(command, "reviews", "--yes").stdout.splitlines()

    assert f"{command}: {words}" in lines
    assert lines[2].endswith("; they stay, because the mode is Observe")


def test_an_autoscaled_candidate_gets_its_share_step_by_step(cluster, run):
    variant = cluster.has("ramping")["spec"]["variants"][1]
    del variant["instanceCount"]
    policy = {
        "name": "invocations",
        "type": "TargetTrackingScaling",
        "targetTrackingScaling": {
            "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
            "targetValue": 40,
        },
    }
    variant["autoscaling"] = {"minCapacity": 1, "maxCapacity": 4, "policies": [policy]}

    shown = run("promote", "reviews", "--yes").stdout

    assert "VariantB autoscales, so its share at most doubles in 10m until it is reached.\n" in shown


def test_a_spec_that_the_operator_has_not_acted_on_is_pointed_out(cluster, run):
    cluster.has("ramping")["metadata"]["generation"] = 2

    assert "The operator has not acted on the newest spec yet" in run("hold", "reviews", "--yes").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_terminal_it_says_what_would_happen_and_wants_yes(cluster, kubernetes, run, command):
    cluster.has({"resume": "held", "retry": "rolled back"}.get(command, "ramping"))

    result = run(command, "reviews")

    assert (result.exit_code, kubernetes.patches) == (2, [])
    assert f"\n{command}: " in result.stdout
    assert "there is no terminal to confirm on; confirm with --yes" in result.stderr


@pytest.mark.parametrize(
    ("state", "arguments", "message"),
    [
        ("rolled back", ["approve"], "Run {run} has ended: RolledBack"),
        ("rolled back", ["promote"], "Run {run} has ended: RolledBack"),
        ("rolled back", ["abort"], "Run {run} has ended: RolledBack"),
        ("promoted", ["hold"], "Run {run} has ended: Promoted"),
        ("ramping", ["retry"], "Run {run} goes on. Only a run that has ended can be retried"),
        ("ramping", ["resume"], "Run {run} is not held"),
        (
            "ramping",
            ["approve", "--step", "1"],
            "Step 1 is not the current step of run {run}, which is 2 of 3",
        ),
        (
            "ramping",
            ["approve", "--step", "3"],
            "Step 3 is not the current step of run {run}, which is 2 of 3",
        ),
        ("waiting for traffic", ["approve"], "Step 1 of run {run} needs no approval"),
        (
            "ramping",
            ["promote", "--run", "ffffffffff-1"],
            "ffffffffff-1 is not the current run of reviews, which is {run}",
        ),
    ],
)
def test_a_command_that_cannot_be_followed_is_refused_and_names_what_is(
    cluster, kubernetes, run, *, state, arguments, message
):
    found = cluster.has(state)["status"]["traffic"]["run"]
    command, *options = arguments

    result = run(command, "reviews", "--yes", *options)

    assert (result.exit_code, result.stderr) == (1, f"Error: {message.format(run=found)}\n")
    assert kubernetes.patches == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_resource_without_a_run_says_why(cluster, run, command):
    resource = cluster.has("starting")
    traffic = resource["status"].pop("traffic")
    assert run(command, "reviews", "--yes").stderr == (
        "Error: reviews has no run: the operator has not acted on its strategy yet\n"
    )

    resource["status"]["traffic"] = {"strategy": "Stepped", "mode": "Apply", "message": "It waits."}
    assert run(command, "reviews", "--yes").stderr == "Error: reviews has no run yet: It waits.\n"

    resource["status"]["traffic"] = {**traffic, "state": "of another version"}
    assert "cannot be read from status; use the same version" in run(command, "reviews", "--yes").stderr

    resource["metadata"]["deletionTimestamp"] = "2026-01-01T02:00:00Z"
    assert run(command, "reviews", "--yes").stderr == "Error: reviews is being deleted\n"


def test_the_strategy_manual_has_no_run(run):
    assert run("promote", "reviews", "--yes").stderr == (
        "Error: reviews has no run: the strategy Manual has none\n"
    )


@pytest.mark.parametrize(
    ("state", "command", "words"),
    [("held", "hold", "the run is held already"), ("ramping", "approve", "step 2 is approved already")],
)
def test_what_is_so_already_is_not_asked_for_again(cluster, kubernetes, run, *, state, command, words):
    cluster.has(state)["status"]["traffic"]["approvedSteps"] = [2]

    result = run(command, "reviews")

    assert (result.exit_code, kubernetes.patches) == (0, [])
    assert result.stdout.endswith(f"Nothing to do: {words}.\n")


def test_a_candidate_that_a_person_promoted_is_not_promoted_again(cluster, kubernetes, run):
    traffic = cluster.has("ramping")["status"]["traffic"]
    traffic["state"] = json.dumps({**json.loads(traffic["state"]), "promoted": True})

    result = run("promote", "reviews")

    assert (result.exit_code, kubernetes.patches) == (0, [])
    assert "Nothing to do: the candidate is promoted already" in result.stdout
