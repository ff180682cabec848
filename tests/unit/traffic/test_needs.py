"""An outcome reports what the run waits for. A hold ends with its cause."""

import pytest

from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

GUARDS = [{"metric": "ServerErrors", "noWorseThanPercent": 50}]
WORLD = {"A": {"percent": 50, "errors": 0.02}, "B": {"percent": 50, "errors": 0.02}}
HOLD = {"minDurationSeconds": 7200, "minRequests": 50}


def looks(policy, *, silent=range(0), fields=("errors_5xx",), minutes=150):
    run = Run(policy, ["A", "B"], started=0)
    outcomes = []
    for row in rows(WORLD, minutes=minutes):
        gone = dict.fromkeys(fields) if row.at in silent else {}
        run.ingest([row._replace(counts=row.counts._replace(**gone))])
        if row.variant == "B" and row.at % 5 == 4:
            outcomes.append(run.look(row.at + 1).outcome)
    return outcomes


POLICIES = {
    "ABTest": ab_test(guardrails=GUARDS),
    "Stepped": stepped(steps=[{"percent": 50, "hold": HOLD}, {"percent": 100}], guardrails=GUARDS),
    "Bandit": bandit(guardrails=GUARDS, baseline="A", warmUpSeconds=0),
}


@pytest.mark.parametrize("name", POLICIES)
def test_missing_guardrail_data_holds_the_run_until_it_returns(name):
    outcomes = looks(POLICIES[name], silent=range(40, 90))
    held = [place for place, outcome in enumerate(outcomes) if outcome.verdict is Verdict.HOLD]
    assert held == list(range(13, 18))
    for outcome in (outcomes[place] for place in held):
        assert outcome.reason is DecisionReason.MISSING_DATA
        assert outcome.needs == {"data": "ServerErrors of A and B"}


@pytest.mark.parametrize(
    ("policy", "reason", "needs"),
    [
        (ab_test(warmUpSeconds=3600), DecisionReason.WARMING_UP, {"seconds": 3300}),
        (
            ab_test(minDurationSeconds=3600),
            DecisionReason.EVIDENCE_TOO_LOW,
            {"evidence": 20, "seconds": 3300},
        ),
        (
            ab_test(rampUp={"steps": [{"percent": 50, "hold": HOLD}]}),
            DecisionReason.RAMPING_UP,
            {"seconds": 7200},
        ),
        (stepped(steps=[{"percent": 50, "hold": HOLD}]), DecisionReason.STEP_HOLD, {"seconds": 7200}),
        (stepped(steps=[{"percent": 90, "hold": HOLD}]), DecisionReason.WEIGHTS_NOT_APPLIED, {"percent": 90}),
        (bandit(warmUpSeconds=3600), DecisionReason.WARMING_UP, {"seconds": 3300}),
    ],
    ids=lambda given: str(given) if isinstance(given, DecisionReason) else "",
)
def test_the_first_look_reports_what_the_run_waits_for(policy, reason, needs):
    outcome = looks(policy, minutes=5)[0]
    assert (outcome.verdict, outcome.reason) == (Verdict.UNDECIDED, reason)
    assert {name: outcome.needs[name] for name in needs} == needs


@pytest.mark.parametrize("policy", [ab_test(), bandit(warmUpSeconds=0)], ids=["ABTest", "Bandit"])
def test_without_the_metric_the_run_waits_for_it(policy):
    last = looks(policy, silent=range(40, 150), fields=("successes",))[-1]
    assert (last.verdict, last.reason) == (Verdict.UNDECIDED, DecisionReason.MISSING_DATA)
    assert last.needs["data"].startswith("Successes")
