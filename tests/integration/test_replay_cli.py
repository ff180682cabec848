"""`sagemaker-ab replay`, by what a person types and sees."""

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from sagemaker_ab.cli.main import commands
from tests.unit.traffic.bad_counts import BAD_COUNTS
from tests.unit.traffic.recorded import csv_lines, csv_text, minute

COMMAND = Path(sys.executable).with_name("sagemaker-ab")
AB = {
    "strategy": "ABTest",
    "abTest": {
        "baseline": "A",
        "hypothesis": {"metric": "Successes", "expect": "Different"},
        "minDurationSeconds": 3600,
        "onWinner": "Promote",
    },
}
HARD_DAY = {
    "A": {"percent": 50, "rate": 0.1, "micros": 50_000},
    "B": {"percent": 50, "rate": 0.13, "micros": 50_000},
}


def replay(tmp_path, counts, policy, *options, check=True):
    policy = policy if isinstance(policy, str | bytes) else yaml.safe_dump(policy)
    files = [written(tmp_path / "counts.csv", counts), written(tmp_path / "policy.yaml", policy)]
    done = CliRunner().invoke(commands, ["replay", *map(str, files), *options])
    if check:
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]
    return done


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture(scope="module")
def hard_day():
    return list(csv_lines(HARD_DAY, minutes=900))


def test_each_decision_is_a_line_and_the_last_one_final(tmp_path, hard_day):
    lines = replay(tmp_path, csv_text(hard_day), {"traffic": AB})
    assert [line["final"] for line in lines] == [False] * (len(lines) - 1) + [True]
    last = lines[-1]
    assert (last["verdict"], last["winner"], last["weights"]) == ("Winner", "B", {"A": 0, "B": 100})
    assert last["applied"] == {"A": 50, "B": 50}
    assert last["evidence"] >= last["threshold"] == 20
    assert 1 < last["interval"][0] < last["interval"][1]
    assert lines[0]["at"] == "2026-03-02T00:05Z"
    assert lines[0]["reason"] == "EvidenceTooLow"
    assert lines[0]["needs"] == {"evidence": 20, "seconds": 3300}
    assert lines[0]["lateDropped"] == 0


def test_rows_may_come_in_any_order_and_the_later_one_stands(tmp_path, hard_day):
    wrong = [line.rsplit(",", 2)[0] + ",1,2" for line in hard_day[:200]]
    shuffled = csv_text([*wrong, *reversed(hard_day)])
    assert replay(tmp_path, shuffled, {"traffic": AB}) == replay(
        tmp_path, csv_text(hard_day), {"traffic": AB}
    )


@pytest.mark.parametrize("style", [":00Z", "+00:00", ":00+00:00"])
def test_minutes_may_be_written_in_several_ways(tmp_path, hard_day, style):
    lines = list(csv_lines(HARD_DAY, minutes=900, style=style))
    assert replay(tmp_path, csv_text(lines), {"traffic": AB}) == replay(
        tmp_path, csv_text(hard_day), {"traffic": AB}
    )


def test_columns_and_rows_may_be_missing_and_an_empty_cell_is_absent(tmp_path):
    text = csv_text(
        [f"{minute(at)},{name},{'' if at % 3 else 50},5" for at in range(90) for name in "AB" if at % 7],
        header="minute,variant,trials,successes",
    )
    (last,) = replay(tmp_path, text, {"traffic": AB})[-1:]
    assert (last["verdict"], last["final"]) == ("Undecided", False)
    assert last["comparisons"][0]["baselineValue"] == pytest.approx(0.1)


def test_counts_may_be_the_doubles_that_cloudwatch_returns(tmp_path, hard_day):
    """With a fraction of zero: `aws cloudwatch get-metric-data` prints the sum 540 as 540.0."""
    integers = hard_day[:400]
    doubles = [re.sub(r",(\d+)(?=,|$)", r",\1.0", line) for line in integers]
    assert doubles != integers
    assert replay(tmp_path, csv_text(doubles), {"traffic": AB}) == replay(
        tmp_path, csv_text(integers), {"traffic": AB}
    )


def test_a_whole_resource_brings_its_policy_and_variants(tmp_path, hard_day):
    resource = {
        "kind": "SageMakerABEndpoint",
        "spec": {"variants": [{"name": "A"}, {"name": "B"}], "traffic": AB},
    }
    assert replay(tmp_path, csv_text(hard_day), resource)[-1]["winner"] == "B"
    resource["spec"]["variants"] = [{"name": "A"}, {"name": "X"}]
    done = replay(tmp_path, csv_text(hard_day[:40]), resource, check=False)
    assert done.stderr.splitlines() == [
        f"{tmp_path}/counts.csv: ignored: B; the policy's variants: A, X",
        f"{tmp_path}/counts.csv: no counts of X; the policy's variants: A, X",
    ]
    resource["spec"]["variants"] = [{"name": "B"}, {"name": "X"}]
    refused = replay(tmp_path, csv_text(hard_day), resource, check=False)
    assert (
        "policy.yaml: spec.traffic.abTest.baseline: 'A' should be one of the variants B, X" in refused.stderr
    )


def test_a_variant_that_the_policy_does_not_name_is_left_out_and_told_once(tmp_path, hard_day):
    allocation = [{"variant": name, "percent": 50} for name in "AB"]
    policy = {"traffic": AB | {"abTest": AB["abTest"] | {"allocation": allocation}}}
    typo = [line.replace(",A,", ",a,") for line in hard_day[:40] if ",A," in line]
    done = replay(tmp_path, csv_text([*typo, *hard_day]), policy, check=False)
    assert done.exit_code == 0
    assert done.stderr == f"{tmp_path}/counts.csv: ignored: a; the policy's variants: A, B\n"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines == replay(tmp_path, csv_text(hard_day), policy)
    assert {*lines[0]["applied"]} == {"A", "B"}


def test_the_order_of_rows_casts_nobody(tmp_path, hard_day):
    policy = {"traffic": {"strategy": "Bandit", "bandit": {"metric": "Successes", "warmUpSeconds": 0}}}
    forth, back = (replay(tmp_path, csv_text(rows), policy) for rows in (hard_day[:400], hard_day[399::-1]))
    assert forth == back
    assert list(forth[0]["weights"]) == ["A", "B"]


def test_a_file_may_begin_with_a_byte_order_mark_and_quote_its_cells(tmp_path, hard_day):
    plain = csv_text(hard_day[:40])
    quoted = "\ufeff" + re.sub(r"[^,\n]+", r'"\g<0>"', plain)
    assert replay(tmp_path, quoted, {"traffic": AB}) == replay(tmp_path, plain, {"traffic": AB})


def test_swapped_files_are_refused_in_one_short_line(tmp_path, hard_day):
    counts, policy = csv_text(hard_day), yaml.safe_dump({"traffic": AB})
    refused = replay(tmp_path, policy, counts, check=False)
    assert refused.exit_code == 1
    assert len(refused.stderr) < 300
    assert "policy.yaml: the policy should be a mapping with traffic" in refused.stderr


def test_steps_are_approved_by_number(tmp_path):
    lines = list(csv_lines({"A": {"percent": 50}, "B": {"percent": 50}}, minutes=200))
    steps = [{"percent": 50, "hold": {"minDurationSeconds": 600}, "approval": "Required"}, {"percent": 100}]
    policy = {"traffic": {"strategy": "Stepped", "stepped": {"candidate": "B", "steps": steps}}}
    waits = replay(tmp_path, csv_text(lines), policy)[-1]
    assert (waits["reason"], waits["needs"]) == ("ApprovalRequired", {"approvalOfStep": 1})
    assert replay(tmp_path, csv_text(lines), policy, "--approve", "1")[-1]["verdict"] == "Promote"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (
            {"strategy": "Stepped", "stepped": {"candidate": "B", "steps": [{"percent": 50}]}},
            "--approve: 2 should be one of the policy's steps, 1 to 1",
        ),
        (AB, "--approve: 2 is for the steps of Stepped; ABTest has none"),
    ],
)
def test_what_cannot_be_approved_is_refused(tmp_path, hard_day, policy, words):
    refused = replay(tmp_path, csv_text(hard_day[:20]), {"traffic": policy}, "--approve", "2", check=False)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert words in refused.stderr


def test_the_looks_may_be_closer_or_further_apart(tmp_path, hard_day):
    every = replay(tmp_path, csv_text(hard_day), {"traffic": AB}, "--every", "60")
    assert [line["at"] for line in every[:2]] == ["2026-03-02T00:01Z", "2026-03-02T00:02Z"]
    refused = replay(tmp_path, csv_text(hard_day), {"traffic": AB}, "--every", "90", check=False)
    assert refused.exit_code == 2
    assert "90 should be a multiple of 60" in refused.stderr


def drawn(tmp_path, counts, policy):
    path = tmp_path / "replay.svg"
    replay(tmp_path, counts, policy, "--plot", str(path), "--every", "1800")
    return re.findall(r"<!-- (.*?) -->", path.read_text())


def test_the_picture_has_weights_rates_with_intervals_and_evidence(tmp_path, hard_day):
    guarded = AB["abTest"] | {"guardrails": [{"metric": "Latency", "noWorseThanPercent": 50}]}
    words = drawn(tmp_path, csv_text(hard_day), {"traffic": AB | {"abTest": guarded}})
    assert words[-1].startswith("Winner B: Proven   2026-03-02T00:30Z to ")
    for word in ("Weights", "B asked for", "B applied", "Successes", "B, interval", "percent"):
        assert word in words
    for word in ("Latency", "average, ms", "Evidence, Successes of B over A", "evidence", "threshold"):
        assert word in words


def test_the_picture_of_a_bandit_says_that_it_asks_for_no_evidence(tmp_path, hard_day):
    policy = {"traffic": {"strategy": "Bandit", "bandit": {"metric": "Successes", "warmUpSeconds": 0}}}
    words = drawn(tmp_path, csv_text(hard_day[:400]), policy)
    assert {"Undecided: Learning   2026-03-02T00:30Z to 2026-03-02T03:20Z", "B, interval"} <= set(words)
    assert "none is asked for" in words


def test_a_metric_that_is_nought_throughout_is_drawn_without_a_warning(tmp_path, hard_day):
    guarded = AB["abTest"] | {"guardrails": [{"metric": "ServerErrors"}]}
    with warnings.catch_warnings(action="error"):
        assert "ServerErrors" in drawn(
            tmp_path, csv_text(hard_day[:400]), {"traffic": AB | {"abTest": guarded}}
        )


def test_a_picture_that_cannot_be_written_is_told(tmp_path, hard_day):
    options = ("--plot", str(tmp_path / "nowhere" / "x.png"))
    refused = replay(tmp_path, csv_text(hard_day[:20]), {"traffic": AB}, *options, check=False)
    assert refused.exit_code == 1
    assert "could not be saved to" in refused.stderr


@pytest.mark.parametrize("name", ["x.bmp", "x", "x.", ".png"])
def test_a_picture_in_no_known_format_is_refused_before_the_replay(tmp_path, hard_day, name):
    options = ("--plot", str(tmp_path / name))
    refused = replay(tmp_path, csv_text(hard_day[:20]), {"traffic": AB}, *options, check=False)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"'{tmp_path / name}' should end in .png, .svg or .pdf" in refused.stderr


def test_without_matplotlib_a_picture_is_refused_before_the_replay(tmp_path, hard_day, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "sagemaker_ab.cli.replaying.picture", raising=False)
    options = ("--plot", str(tmp_path / "x.png"))
    refused = replay(tmp_path, csv_text(hard_day[:20]), {"traffic": AB}, *options, check=False)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "run pip install matplotlib" in refused.stderr


def test_where_nothing_more_fits_it_ends_in_one_line(tmp_path, hard_day):
    written(tmp_path / "counts.csv", csv_text(hard_day[:20]))
    written(tmp_path / "policy.yaml", yaml.safe_dump({"traffic": AB}))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "replay", "counts.csv", "policy.yaml"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "Error: standard output: No space left on device\n")


def test_a_week_of_two_variants_is_replayed_without_a_cluster_or_aws(tmp_path):
    week = csv_lines({"A": {"percent": 50}, "B": {"percent": 50}}, minutes=10_080, calls=20)
    written(tmp_path / "counts.csv", csv_text(week))
    written(tmp_path / "policy.yaml", yaml.safe_dump({"traffic": AB}))
    done = subprocess.run(
        [COMMAND, "replay", "counts.csv", "policy.yaml"],
        cwd=tmp_path,
        env={"PATH": "/nonexistent", "KUBECONFIG": "/nonexistent", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert (len(decisions), decisions[-1]["at"]) == (2016, "2026-03-09T00:00Z")


@pytest.mark.parametrize(("counts", "named"), BAD_COUNTS)
def test_a_bad_file_is_refused_by_line_column_value_and_bound(tmp_path, counts, named):
    done = replay(tmp_path, counts, {"traffic": AB}, check=False)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert [word for word in named if word not in done.stderr] == []


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("", "policy.yaml: the policy should be a mapping with traffic, but is nothing"),
        (
            "traffic: [",
            "policy.yaml: line 1, column 11: while parsing a flow node, expected the node content",
        ),
        (b"traffic: \xff", "policy.yaml: is not YAML: 'utf-8' codec can't decode byte 0xff"),
        ("traffic: \x01", "policy.yaml: is not YAML: unacceptable character #x0001"),
        (
            "{}\n---\n{}",
            "policy.yaml: line 2, column 1: expected a single document in the stream, but found another",
        ),
        (
            "traffic:\n  strategy: ABTest\n  strategy: Bandit",
            'policy.yaml: line 3, column 3: "strategy" should appear',
        ),
        (
            "traffic: {? [a] : 1}",
            "policy.yaml: line 1, column 13: while constructing a mapping, found unhashable key",
        ),
        (
            "traffic: !!python/name:os.system",
            "policy.yaml: line 1, column 10: could not determine a constructor",
        ),
        (
            "traffic: {strategy: Bandit}",
            "policy.yaml: traffic.bandit: must be set if strategy is Bandit, and only then",
        ),
        (
            "traffic: {strategy: Stepped, stepped: {candidate: X, steps: [{percent: 5}]}}",
            "policy.yaml: traffic.stepped.candidate: 'X' should be one of the variants A, B",
        ),
    ],
)
def test_a_bad_policy_is_refused_with_the_name_of_its_file(tmp_path, hard_day, policy, words):
    done = replay(tmp_path, csv_text(hard_day), policy, check=False)
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr
