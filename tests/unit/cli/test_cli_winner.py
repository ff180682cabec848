"""What `winner` prints after a promotion, and what it says without one. The resources are recorded."""

import json

import pytest
import yaml


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
