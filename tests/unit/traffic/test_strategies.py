"""A strategy is one module and one line of the registry, behind one protocol."""

import ast
import json
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import BaseModel

import sagemaker_ab.traffic
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookContext, LookOutcome, Verdict
from sagemaker_ab.traffic.evidence.accumulators import Accumulators, comparison
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.explain import compared_pairs, summaries_of
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies import registry
from sagemaker_ab.traffic.strategies.manual import ManualStrategy
from sagemaker_ab.traffic.strategies.registry import strategy_of
from sagemaker_ab.traffic.strategies.shares import all_traffic_to
from sagemaker_ab.traffic.variant_roles import roles_with_baseline
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

ROOT = Path(sagemaker_ab.traffic.__file__).parent
HOMES = {"Stepped": "stepped", "ABTest": "ab_test", "Bandit": "bandit"}
WORLD = {"A": {"percent": 50, "rate": 0.1}, "B": {"percent": 50, "rate": 0.2}}


class Fastest(BaseModel):
    """A fifth policy: all traffic to the variant with the lowest average latency, after a minimum time."""

    STILL_AHEAD: ClassVar[frozenset[str]] = frozenset()
    after_minutes: int = 60


class FastestStrategy:
    metrics = ("Latency",)
    steps = 0

    def __init__(self, policy, variants):
        self.policy = policy
        self.roles = roles_with_baseline(variants[0], variants)

    def initial_weights(self):
        return dict.fromkeys(self.roles.variants, 1)

    def accumulators(self):
        pairs = [(self.roles.baseline, name) for name in self.roles.challengers]
        return Accumulators(comparisons={pair: comparison("Latency", *pair) for pair in pairs})

    def decide(self, evidence, context):
        known = [(each.estimate or 1.0, name) for (_, name), each in evidence.comparisons.items()]
        winner = min([(1.0, self.roles.baseline), *known])[1]
        over = context.now - evidence.started >= self.policy.after_minutes
        outcome = LookOutcome(
            verdict=Verdict.WINNER if over else Verdict.UNDECIDED,
            reason=DecisionReason.PROVEN if over else DecisionReason.MINIMUM_DURATION,
            weights=all_traffic_to(winner, self.roles.variants),
            winner=winner if over else None,
            final=over,
        )
        return Decision(at=context.now, outcome=outcome, progress=context.progress)

    def summaries(self, evidence):
        return summaries_of(compared_pairs("Latency", evidence), error_rate=0.05, challengers=1)


@pytest.fixture
def fifth(monkeypatch):
    monkeypatch.setitem(registry.STRATEGIES, Fastest, FastestStrategy)


def latencies(a, b, *, start=0):
    world = {"A": {"percent": 50, "micros": a}, "B": {"percent": 50, "micros": b}}
    return rows(world, minutes=30, start=start)


@pytest.mark.usefixtures("fifth")
def test_a_fifth_strategy_runs_once_the_registry_names_it():
    run = Run(Fastest(), ["A", "B"], started=0)
    run.ingest(latencies(50_000, 30_000))
    assert run.look(30).outcome.reason is DecisionReason.MINIMUM_DURATION
    run.ingest(latencies(50_000, 30_000, start=30))
    restored = Run.from_json(json.loads(json.dumps(run.to_json())), Fastest(), ["A", "B"])
    outcome = restored.look(60).outcome
    assert (outcome.verdict, outcome.winner, outcome.weights) == (Verdict.WINNER, "B", {"A": 0, "B": 100})
    assert [each.metric for each in restored.summaries()] == ["Latency"]


@pytest.mark.parametrize("policy", HOMES)
def test_only_the_strategy_and_the_registry_know_a_policy(policy):
    """Neither by import nor by name."""
    knowing = {
        str(module.relative_to(ROOT))
        for module in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if (isinstance(node, ast.Name) and node.id == policy)
        or (isinstance(node, ast.ImportFrom) and policy in {alias.name for alias in node.names})
    }
    assert knowing == {f"strategies/{HOMES[policy]}.py", "strategies/registry.py"}


def test_under_manual_the_weights_of_the_spec_are_the_only_decision(reviews_spec):
    strategy = ManualStrategy(EndpointSpec.model_validate(reviews_spec))
    assert (strategy.roles.baseline, strategy.roles.challengers) == ("A", ("B",))
    evidence = RunEvidence(strategy.accumulators(), strategy.roles, started=0)
    evidence.ingest(rows(WORLD, minutes=30))
    run = Run(stepped(), ["A", "B"], started=0)
    decision = strategy.decide(evidence, LookContext(now=30, progress=run.progress))
    assert decision.outcome.weights == strategy.initial_weights() == {"A": 30, "B": 10}
    assert (decision.outcome.reason, decision.outcome.final) == (DecisionReason.DECLARED, True)
    assert strategy.summaries(evidence) == []


@pytest.fixture
def reviews_spec():
    container = {"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/m:1", "modelDataUrl": "s3://b/m.tgz"}
    return {
        "endpointName": "reviews",
        "executionRoleArn": "arn:aws:iam::111122223333:role/sagemaker",
        "models": [{"name": "m", "primaryContainer": container}],
        "variants": [
            {"name": name, "model": "m", "instanceType": "ml.m5.large", "instanceCount": 1, "weight": weight}
            for name, weight in (("A", 30), ("B", 10))
        ],
    }


@pytest.mark.parametrize(
    ("policy", "weights"),
    [
        (stepped(), {"A": 100, "B": 0}),
        (ab_test(), {"A": 50, "B": 50}),
        (
            ab_test(
                allocation=[{"variant": "B", "percent": 30}, {"variant": "A", "percent": 70}],
                rampUp={"steps": [{"percent": 5}]},
            ),
            {"A": 95, "B": 5},
        ),
        (bandit(), {"A": 50, "B": 50}),
    ],
    ids=["Stepped", "ABTest", "ramp-up", "Bandit"],
)
def test_a_new_endpoint_starts_with_the_weights_of_the_first_look_and_stepped_with_the_baseline(
    policy, weights
):
    assert strategy_of(policy, ["A", "B"]).initial_weights() == weights


@pytest.mark.parametrize(
    ("policy", "metrics", "steps"),
    [
        (stepped(), ("ServerErrors",), 3),
        (ab_test(guardrails=[{"metric": "Successes"}, {"metric": "Latency"}]), ("Successes", "Latency"), 0),
        (bandit(), ("Successes",), 0),
    ],
    ids=["Stepped", "ABTest", "Bandit"],
)
def test_a_strategy_names_its_metrics_and_counts_the_steps_to_approve(policy, metrics, steps):
    strategy = strategy_of(policy, ["A", "B"])
    assert (tuple(strategy.metrics), strategy.steps) == (metrics, steps)
