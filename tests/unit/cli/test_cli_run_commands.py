"""Commands that steer a run: what they announce, set and refuse. The resources are recorded."""

import copy
import json

import pytest
import yaml
from click.testing import CliRunner

from sagemaker_ab.cli.main import commands
from tests.unit.cli.recorded_states import load

COMMANDS = ("approve", "promote", "abort", "hold", "resume", "retry")
RUN = load("waiting for approval").resource["status"]["traffic"]["run"]
HOLD = load("ramping").resource["status"]["traffic"]["gates"][0]["message"]
"""Until when the step lasts."""


class Cluster:
    """The API server, with one resource in a recorded state."""

    def __init__(self, kubernetes):
        self.kubernetes = kubernetes
        self.on_read = []
        """Called before one read each."""
        self._get = kubernetes.get
        kubernetes.get = self.get

    def has(self, state):
        """Put a copy of the recorded resource in place, and return it."""
        resource = copy.deepcopy(load(state).resource)
        self.kubernetes.objects[:] = [resource]
        return resource

    def get(self, namespace, name):
        if self.on_read:
            self.on_read.pop(0)()
        return copy.deepcopy(self._get(namespace, name))

    @property
    def resource(self):
        [resource] = self.kubernetes.objects
        return resource

    @property
    def traffic(self):
        return self.resource["status"]["traffic"]

    def changed(self):
        """Count a write of somebody else."""
        metadata = self.resource["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)

    def consumes(self, command, value, effect="Applied", message="It is done."):
        """Write the entry of a command, as the operator does."""
        entry = {
            "command": command,
            "value": value,
            "at": "2026-01-01T02:00:00Z",
            "effect": effect,
            "message": message,
        }
        others = [each for each in self.traffic.get("commands", []) if each["command"] != command]
        self.traffic["commands"] = [*others, entry]
        self.changed()


@pytest.fixture
def cluster(kubernetes):
    return Cluster(kubernetes)


@pytest.fixture
def run(clients):
    def invoke(*arguments):
        return CliRunner().invoke(commands, [*arguments, "-n", "ml"], obj=clients)

    return invoke


def patches(kubernetes):
    prefix = "sagemaker-ab.dev/"
    return [{key.removeprefix(prefix): value for key, value in patch.items()} for patch in kubernetes.patches]


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


def test_a_status_write_in_between_does_not_disturb_the_command(cluster, kubernetes, run):
    cluster.has("ramping")
    cluster.on_read = [lambda: None]
    original = kubernetes.annotate

    def late(resource, annotations, *, field_manager):
        kubernetes.annotate = original
        cluster.changed()
        return original(resource, annotations, field_manager=field_manager)

    kubernetes.annotate = late

    result = run("promote", "reviews", "--yes")

    assert result.exit_code == 0, result.output
    assert patches(kubernetes) == [{"promote": RUN}]


def test_a_run_that_went_on_in_between_is_not_promoted(cluster, kubernetes, run):
    cluster.has("ramping")
    original = kubernetes.annotate

    def late(resource, annotations, *, field_manager):
        kubernetes.annotate = original
        cluster.traffic["step"]["number"] = 3
        state = json.loads(cluster.traffic["state"])
        state["progress"]["step"] = 2
        cluster.traffic["state"] = json.dumps(state)
        cluster.changed()
        return original(resource, annotations, field_manager=field_manager)

    kubernetes.annotate = late

    result = run("promote", "reviews", "--yes")

    assert (result.exit_code, kubernetes.patches) == (1, [])
    assert "the command would do something else; run it again" in result.stderr


@pytest.mark.parametrize(
    ("annotation", "consumed", "value"),
    [
        (None, None, RUN),
        (RUN, RUN, f"{RUN}/2"),
        (f"{RUN}/2", f"{RUN}/2", f"{RUN}/3"),
        (None, f"{RUN}/2", f"{RUN}/3"),
        ("ffffffffff-1", "ffffffffff-1", RUN),
        (f"{RUN}/x", f"{RUN}/x", RUN),
    ],
)
def test_a_run_can_be_held_again_by_a_value_that_was_not_consumed(
    cluster, kubernetes, run, *, annotation, consumed, value
):
    annotations = cluster.has("ramping")["metadata"]["annotations"]
    if annotation is not None:
        annotations["sagemaker-ab.dev/hold"] = annotation
    if consumed is not None:
        cluster.consumes("hold", consumed)

    assert run("hold", "reviews", "--yes").exit_code == 0
    assert patches(kubernetes) == [{"hold": value}]


def test_an_approval_that_the_operator_has_refused_is_not_set_again(cluster, kubernetes, run):
    cluster.has("ramping")["metadata"]["annotations"]["sagemaker-ab.dev/approve"] = f"{RUN}/2"
    cluster.consumes("approve", f"{RUN}/2", "Refused", "Step '2' is not one of the 1 steps.")

    result = run("approve", "reviews", "--yes")

    assert (result.exit_code, kubernetes.patches) == (1, [])
    assert result.stderr == (
        f"Error: the operator has acted on sagemaker-ab.dev/approve={RUN}/2 before; remove the annotation "
        "first. It said: Step '2' is not one of the 1 steps\n"
    )


@pytest.mark.parametrize("value", [RUN, f"{RUN}/7"])
def test_a_value_that_the_operator_has_yet_to_consume_is_not_set_again(cluster, kubernetes, run, value):
    cluster.has("ramping")["metadata"]["annotations"]["sagemaker-ab.dev/hold"] = value

    result = run("hold", "reviews", "--yes")

    assert (result.exit_code, kubernetes.patches) == (0, [])
    assert result.stdout.endswith(f"The annotation sagemaker-ab.dev/hold={value} is set already.\n")


def test_wait_ends_with_what_the_operator_has_done(cluster, run, fake_time):
    cluster.has("ramping")
    fake_time.on_sleep = lambda: cluster.consumes("hold", RUN, message="The weights stay.")

    result = run("hold", "reviews", "--yes", "--wait")

    assert result.exit_code == 0
    assert result.stdout.endswith("The operator has acted: The weights stay.\n")


def test_wait_fails_if_the_operator_refuses(cluster, run, fake_time):
    cluster.has("ramping")
    fake_time.on_sleep = lambda: cluster.consumes("promote", RUN, "Refused", "Run 1 has ended: Aborted.")

    result = run("promote", "reviews", "--yes", "--wait")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: the operator refused it: Run 1 has ended: Aborted\n",
    )


def test_wait_ends_in_time(cluster, run, fake_time):
    cluster.has("ramping")

    result = run("abort", "reviews", "--yes", "--wait", "--timeout", "5s")

    assert result.exit_code == 1
    assert "has not acted on the annotation sagemaker-ab.dev/abort within 5 s" in result.stderr
    assert 5 <= fake_time.seconds < 6


def test_a_timeout_without_wait_is_wrong_usage(run):
    result = run("abort", "reviews", "--timeout", "5s")

    assert result.exit_code == 2
    assert "--timeout requires --wait" in result.stderr


# winner


def test_winner_prints_the_patch_of_status_with_one_operation_in_each_line(cluster, run):
    cluster.has("promoted")
    operations = json.loads(cluster.traffic["patch"])

    printed = run("winner", "reviews").stdout

    assert json.loads(printed) == operations
    assert len(printed.splitlines()) == len(operations)
    assert run("winner", "reviews", "-o", "patch").stdout == printed


def test_winner_prints_the_manifest_with_the_patch_applied(cluster, run):
    metadata = cluster.has("promoted")["metadata"]
    metadata["labels"] = {"team": "search"}
    metadata["annotations"] |= {
        "contact": "search@example.com",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }

    manifest = yaml.safe_load(run("winner", "reviews", "-o", "yaml").stdout)

    assert list(manifest) == ["apiVersion", "kind", "metadata", "spec"]
    assert manifest["metadata"] == {
        "name": "reviews",
        "namespace": "ml",
        "labels": {"team": "search"},
        "annotations": {"contact": "search@example.com"},
    }
    assert manifest["spec"]["traffic"] == {"strategy": "Manual"}
    assert [(each["name"], each["weight"]) for each in manifest["spec"]["variants"]] == [
        ("VariantA", 0),
        ("VariantB", 100),
    ]
    assert manifest["spec"]["models"] == cluster.resource["spec"]["models"]


def test_winner_refuses_a_patch_of_another_spec(cluster, run):
    cluster.has("promoted")["spec"]["variants"].reverse()

    result = run("winner", "reviews", "-o", "yaml")

    assert result.exit_code == 1
    assert "/spec/variants/0/name is VariantB, but the patch is for VariantA" in result.stderr


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("starting", "run {run} goes on: Step 1 of 3 at 10%: the run starts"),
        ("rolled back", "run {run} ended as RolledBack, which leaves nothing to commit: ServerErrors of"),
        ("evidence lost", "run {run} ended as EvidenceLost"),
    ],
)
def test_without_a_promotion_winner_says_why_there_is_nothing_to_commit(cluster, run, *, state, words):
    found = cluster.has(state)["status"]["traffic"]["run"]

    result = run("winner", "reviews")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: reviews has no winner to commit: {words.format(run=found)}")


def test_winner_of_what_was_only_observed_or_not_run(cluster, run):
    traffic = cluster.has("observing")["status"]["traffic"]
    traffic |= {"outcome": "Promoted", "endedAt": "2026-01-01T02:00:00Z"}
    assert "only observed, and moved no weight" in run("winner", "reviews").stderr

    cluster.resource["status"]["traffic"] = {"strategy": "Stepped", "mode": "Apply", "message": "It waits."}
    assert "no run has started yet: It waits" in run("winner", "reviews").stderr

    cluster.resource["status"]["traffic"] = {"strategy": "Manual"}
    assert "there is no run, so the weights are those of the spec" in run("winner", "reviews").stderr
