"""The policy for one cluster id, made by the command in docs/installation.md, is enough for its cluster."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from sandbox.aws.inprocess import InProcessAws
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec

ROOT = Path(__file__).parents[2]
POLICY = json.loads((ROOT / "manifests" / "iam" / "policy.json").read_text())
USER = "AKIASANDBOX"
CLUSTER_ID = "cluster-1"
"""The in-process operator's."""


@pytest.fixture(scope="module")
def command():
    page = (ROOT / "docs" / "installation.md").read_text()
    (found,) = re.findall(r"^\$ (sed .*) > policy\.json$", page, re.MULTILINE)
    return found


@pytest.fixture(scope="module")
def policy_for(command):
    """The command's result for a cluster id."""

    def made(cluster_id):
        done = subprocess.run(
            ["sh", "-c", command.replace("production", cluster_id)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            timeout=10,
        )
        return json.loads(done.stdout)

    return made


def conditions_on_the_id(policy):
    return [
        {test: asked for test, keys in statement["Condition"].items() for key, asked in keys.items()}
        for statement in policy["Statement"]
        if "cluster-id" in str(statement.get("Condition"))
    ]


def test_it_asks_for_the_id_wherever_the_other_asks_for_any(policy_for):
    assert conditions_on_the_id(POLICY) == [{"Null": "false"}] * 3
    assert conditions_on_the_id(policy_for("production")) == [{"StringEquals": "production"}] * 3


def test_nothing_else_is_changed(policy_for):
    def without(policy):
        mine = [each for each in policy["Statement"] if "cluster-id" in str(each.get("Condition"))]
        return [each | {"Condition": None} if each in mine else each for each in policy["Statement"]]

    assert without(policy_for("production")) == without(POLICY)


@pytest.fixture
def live_under(policy_for):
    """Let the operator create an endpoint and delete it, under the policy for a cluster id."""

    def live(cluster_id, *, passes):
        text = json.dumps(policy_for(cluster_id)).replace("role/sagemaker-execution", "role/*")
        sim = InProcessAws(stale_reads=False, lost_answers=False)
        sim.edit(policy={"principal": USER, "documents": [json.loads(text)]})
        operator = InProcessOperator(sim)
        operator.cluster.apply(spec())
        passes(operator)
        return sim, operator

    return live


def test_the_clusters_own_operator_may_do_its_work(live_under):
    sim, operator = live_under(CLUSTER_ID, passes=lambda operator: operator.settle())
    assert operator.ready
    operator.cluster.delete()
    operator.settle()
    assert sim.state() == {}


def test_another_clusters_operator_may_create_nothing(live_under):
    sim, operator = live_under("production", passes=lambda operator: [operator.step() for _ in range(3)])
    assert "AccessDenied" in operator.conditions["Ready"]
    assert sim.state() == {}
