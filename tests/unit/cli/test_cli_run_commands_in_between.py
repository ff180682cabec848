"""Commands that steer a run while the operator and others write, and what they wait for."""

import json

import pytest

from tests.unit.cli.recorded_cluster import RUN, patches


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
