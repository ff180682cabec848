"""`export` of a run that the operator steers in this process: a replay prints the operator's decisions."""

import copy
import json
from datetime import UTC, datetime

import pytest
import yaml
from click.testing import CliRunner

from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.main import commands
from sagemaker_ab.cli.replaying.counts_file import read_counts
from tests.integration.rollouts import STEPS, Rollout, stepped

FIRST_STEP = [{**STEPS[0], "approval": "Required"}, *STEPS[1:]]


class OneResource:
    """A cluster with one resource."""

    default_namespace = "ml"

    def __init__(self, raw):
        self.raw = raw

    def get(self, _namespace, _name):
        return self.raw


def resource_of(rollout):
    """A copy of the resource as the API server returns it."""
    return copy.deepcopy(
        {
            "apiVersion": "sagemaker-ab.dev/v1alpha1",
            "kind": "SageMakerABEndpoint",
            **rollout.cluster.resource,
        }
    )


@pytest.fixture(scope="module")
def waiting():
    """A rollout whose first step waits for approval."""
    rollout = Rollout(stepped(steps=FIRST_STEP))
    rollout.fails("bert-a", 0.01)
    rollout.run(minutes=40)
    return rollout


def export(rollout, *options, raw=None):
    resource = OneResource(raw or resource_of(rollout))
    clients = Clients(kubernetes=lambda *_: resource, aws=lambda _region: rollout.operator._session.clients())
    return CliRunner().invoke(commands, ["export", "reviews", *options], obj=clients)


def rows_of(result):
    assert result.exit_code == 0, result.output
    return read_counts(result.stdout.splitlines(), source="export").rows


@pytest.fixture
def replayed(tmp_path):
    """Replay counts each minute with the policy of a rollout; return when a decision changed, and to what."""

    def run(rollout, counts):
        (tmp_path / "counts.csv").write_text(counts)
        (tmp_path / "policy.yaml").write_text(yaml.safe_dump(resource_of(rollout)))
        files = [str(tmp_path / name) for name in ("counts.csv", "policy.yaml")]
        result = CliRunner().invoke(commands, ["replay", *files, "--every", "60"])
        assert result.exit_code == 0, result.output
        looks = [json.loads(line) for line in result.stdout.splitlines()]
        found = [(look["at"], look["verdict"], look["reason"]) for look in looks]
        return [
            each
            for each, before in zip(found, [None, *found], strict=False)
            if before is None or each[1:] != before[1:]
        ]

    return run


def decisions(rollout):
    """The decisions in status, as a replay writes them."""
    return [
        (
            f"{datetime.fromisoformat(each['at']).astimezone(UTC):%Y-%m-%dT%H:%MZ}",
            each["verdict"],
            each["reason"],
        )
        for each in rollout.status["decisions"]
    ]


def test_a_replay_of_the_export_prints_the_decisions_of_the_operator(waiting, replayed):
    result = export(waiting)

    assert result.exit_code == 0, result.output
    assert replayed(waiting, result.stdout) == decisions(waiting)
    assert decisions(waiting)[-1][1:] == ("Undecided", "ApprovalRequired")


@pytest.mark.parametrize(("failing", "outcome"), [(0.0, "Promoted"), (0.1, "RolledBack")])
def test_a_whole_run_is_exported_and_replayed_after_its_outcome(replayed, failing, outcome):
    rollout = Rollout(stepped(breakers=[]))
    rollout.fails("bert-a", 0.01)
    rollout.fails("bert-b", failing)
    rollout.until_ended()
    rollout.run(minutes=10)
    assert rollout.status["outcome"] == outcome

    result = export(rollout)

    assert result.exit_code == 0, result.output
    assert "status does not keep" not in result.stderr
    assert replayed(rollout, result.stdout) == decisions(rollout)


def test_a_candidate_without_any_minute_is_exported_and_replayed(replayed):
    rollout = Rollout(rate=0)
    rollout.sim.edit(lateMetrics={"endpoint": "reviews", "variant": "VariantB", "seconds": 86_400})
    rollout.requests(100)
    rollout.run(minutes=45)

    rows = rows_of(result := export(rollout))

    assert {row.variant for row in rows if row.counts.invocations} == {"VariantA"}
    assert [row.variant for row in rows if row.at == rows[-1].at] == ["VariantA", "VariantB"]
    assert replayed(rollout, result.stdout) == decisions(rollout)
    assert decisions(rollout)[-1][1:] == ("Hold", "NoTraffic")


def with_weights(raw, *, since=None, until=None):
    """Let the weights that status keeps begin later or end earlier, in seconds after the start of the run.

    Return the minute of that time.
    """
    traffic = raw["status"]["traffic"]
    state = json.loads(traffic["state"])
    start = datetime.fromisoformat(traffic["startedAt"]).timestamp()
    newest = state["weights"]["stretches"][-1]
    if since is not None:
        newest[0], newest[1] = start + since, max(newest[1], start + since)
        state["weights"]["stretches"] = [newest]
    if until is not None:
        newest[1] = start + until
    traffic["state"] = json.dumps(state)
    return int(start + (since or until)) // 60


def test_weights_that_have_not_changed_since_status_was_written_are_verified_up_to_now(waiting):
    raw = resource_of(waiting)
    written = with_weights(raw, until=600)

    rows = [row for row in rows_of(export(waiting, raw=raw)) if row.counts.weight == 10]

    assert rows[-1].at > written + 20


def test_minutes_whose_weights_status_does_not_keep_have_none_and_are_reported(waiting):
    raw = resource_of(waiting)
    known = with_weights(raw, since=1200)

    result = export(waiting, raw=raw)

    assert min(row.at for row in rows_of(result) if row.counts.weight is not None) >= known
    assert "without weights: status does not keep those of that time. A replay cannot" in result.stderr


def without_weights(result):
    return {row.at for row in rows_of(result) if row.counts.invocations and not row.counts.verified}


def test_minutes_in_which_the_weights_moved_have_none_and_are_reported(waiting):
    raw = resource_of(waiting)
    traffic = raw["status"]["traffic"]
    state = json.loads(traffic["state"])
    since, until, *weights = state["weights"]["stretches"].pop()
    between = since + 600
    state["weights"]["stretches"] += [[since, between, *weights], [between + 300, until, *weights]]
    traffic["state"] = json.dumps(state)

    result = export(waiting, raw=raw)

    moved = without_weights(result) - without_weights(export(waiting))
    assert len(moved) in {5, 6}
    assert "without weights: they moved, or were not verified" in result.stderr


def test_the_run_is_named_with_the_time_that_was_written(waiting):
    run = waiting.status["run"]

    assert export(waiting, "--run", run).stderr.startswith(f"Run {run}: ")
    refused = export(waiting, "--run", "ffffffffff-1")
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"Error: ffffffffff-1 is not the current run of reviews, which is {run}\n",
    )


def test_a_status_without_weights_is_refused(waiting):
    raw = resource_of(waiting)
    traffic = raw["status"]["traffic"]
    state = json.loads(traffic["state"])
    state["weights"]["stretches"] = []
    traffic["state"] = json.dumps(state)

    result = export(waiting, raw=raw)

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"status keeps no verified weights of run {traffic['run']}" in result.stderr


def test_metrics_that_cloudwatch_does_not_answer_are_an_error(waiting):
    effect = {"result": {"status": "Forbidden", "metric": "Invocations"}}
    fault = waiting.sim.fault(effect, match={"operation": "GetMetricData"}, count=None)

    try:
        result = export(waiting)
    finally:
        waiting.sim.gateway.faults.remove(fault)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "CloudWatch answered metrics of the endpoint with Forbidden; try again" in result.stderr
