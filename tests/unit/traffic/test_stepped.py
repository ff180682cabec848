"""Stepped advances after duration, requests, guardrails and approval. Harm rolls the run back."""

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import rows, stepped

GUARD = {"metric": "ServerErrors", "noWorseThanPercent": 0}


def follow(
    policy, *, minutes=200, approved=(), applies=True, calls=100, a=None, b=None, until=None, then=None
):
    """Apply the weights of each decision, as the operator would. Return the decisions.

    From minute `until` on, the candidate has the settings `then`, or there is no data.
    """
    run = Run(policy, ["A", "B"], started=0)
    decisions = [run.look(0)]
    for at in range(minutes):
        asked = decisions[-1].outcome.weights if applies else {"A": 100, "B": 0}
        variants = {
            "A": {"percent": asked["A"], "errors": 0.01, **(a or {})},
            "B": {"percent": asked["B"], "errors": 0.01, **(b or {})},
        }
        if until is not None and at >= until:
            variants["B"] |= then or {}
        if until is None or at < until or then:
            run.ingest(rows(variants, minutes=1, start=at, seed=at, calls=calls))
        decisions.append(run.look(at + 1, approved=approved))
        if decisions[-1].outcome.final:
            break
    return decisions


def reasons(decisions):
    return list(dict.fromkeys(each.outcome.reason for each in decisions))


def test_without_harm_every_step_completes_and_the_candidate_is_promoted():
    decisions = follow(stepped())
    assert list(dict.fromkeys(each.outcome.weights["B"] for each in decisions)) == [10, 50, 100]
    last = decisions[-1].outcome
    assert (last.verdict, last.winner, last.reason) == (Verdict.PROMOTE, "B", DecisionReason.STEPS_COMPLETED)


def test_a_hold_reports_the_remaining_seconds_and_requests():
    needs = follow(stepped(), minutes=3)[-1].outcome.needs
    assert needs["seconds"] == 600 - 120
    assert 0 < needs["requests"] <= 50


def test_a_hold_starts_when_the_share_is_applied():
    last = follow(stepped(noTrafficGraceSeconds=86400), applies=False)[-1].outcome
    assert (last.reason, last.needs) == (DecisionReason.WEIGHTS_NOT_APPLIED, {"percent": 10})


def test_a_step_with_approval_waits_for_it_by_number():
    steps = [{"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 50}, "approval": "Required"}]
    policy = stepped(steps=[*steps, {"percent": 100}])
    last = follow(policy, minutes=60)[-1].outcome
    assert (last.reason, last.needs) == (DecisionReason.APPROVAL_REQUIRED, {"approvalOfStep": 1})
    assert follow(policy, approved=[1])[-1].outcome.verdict is Verdict.PROMOTE


def test_harm_rolls_back_to_the_baseline():
    last = follow(stepped(), b={"errors": 0.4})[-1].outcome
    assert (last.verdict, last.reason) == (Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED)
    assert last.weights == {"A": 100, "B": 0}
    assert last.subject == "ServerErrors of B"


def test_a_guardrail_with_hold_holds_the_run():
    policy = stepped(guardrails=[GUARD | {"onBreach": "Hold"}], deadlineSeconds=86400)
    last = follow(policy, b={"errors": 0.4}, minutes=60)[-1].outcome
    assert (last.verdict, last.reason, last.final) == (Verdict.HOLD, DecisionReason.GUARDRAIL_BREACHED, False)


def test_fewer_successes_are_harm():
    policy = stepped(guardrails=[{"metric": "Successes", "noWorseThanPercent": 10}])
    last = follow(policy, b={"rate": 0.01}, a={"rate": 0.3}, minutes=300)[-1].outcome
    assert (last.verdict, last.subject) == (Verdict.ROLLBACK, "Successes of B")


def test_a_higher_average_latency_is_harm():
    policy = stepped(
        guardrails=[{"metric": "Latency", "noWorseThanPercent": 10}],
        steps=[{"percent": 50, "hold": {"minDurationSeconds": 60_000}}],
    )
    last = follow(policy, a={"micros": 50_000}, b={"micros": 75_000}, minutes=400)[-1].outcome
    assert (last.verdict, last.subject) == (Verdict.ROLLBACK, "Latency of B")


def test_a_breaker_needs_no_comparison():
    policy = stepped(guardrails=[], breakers=[{"metric": "ServerErrors", "maxRate": "0.2"}])
    decisions = follow(policy, b={"errors": 0.9}, a={"errors": 0.9})
    assert decisions[-1].outcome.reason is DecisionReason.BREAKER_TRIPPED
    assert decisions[-1].at == 2


def broken(minutes, *, every=1, breaker=None, calls=10):
    """Look every `every` minutes at a candidate with these failed calls a minute. Return the outcome."""
    bounds = {"metric": "ServerErrors", "maxRate": "0.2", "minRequests": 10} | (breaker or {})
    run = Run(stepped(guardrails=[], breakers=[bounds]), ["A", "B"], started=0)
    for at in range(0, len(minutes), every):
        for minute, failed in enumerate(minutes[at : at + every], start=at):
            run.ingest([CountsRow(minute, "B", Counts(weight=10, invocations=calls, errors_5xx=failed))])
        decision = run.look(at + every)
        if decision.outcome.final:
            break
    return decision.outcome


@pytest.mark.parametrize("every", [1, 5, 60])
def test_a_breaker_checks_every_minute_at_any_interval_of_looks(every):
    outcome = broken([0, 0, 10, 10] + [0] * 56, every=every)
    assert (outcome.reason, outcome.subject) == (DecisionReason.BREAKER_TRIPPED, "ServerErrors of B")


def test_a_breaker_skips_minutes_without_the_metric():
    assert broken([None, None, 5]).evidence == pytest.approx(0.5)
    assert broken([0, 0, 5]).reason is not DecisionReason.BREAKER_TRIPPED


def test_a_revision_of_the_counts_resets_a_breaker():
    outage = [CountsRow(at, "B", Counts(weight=10, invocations=10, errors_5xx=10)) for at in range(3)]
    run = Run(stepped(guardrails=[], breakers=[{"metric": "ServerErrors"}]), ["A", "B"], started=0)
    run.ingest(outage)
    run.ingest([row._replace(counts=row.counts._replace(errors_5xx=0)) for row in outage])
    assert run.look(3).outcome.verdict is Verdict.UNDECIDED


def test_a_high_p99_trips_only_if_every_minute_has_it():
    def last(*tails):
        breaker = {"metric": "Latency", "maxMicros": 1000, "minRequests": 1, "forMinutes": 2}
        run = Run(stepped(guardrails=[], breakers=[breaker]), ["A", "B"], started=0)
        for at, tail in enumerate(tails):
            run.ingest([CountsRow(at, "B", Counts(weight=10, invocations=10, latency_p99_micros=tail))])
        return run.look(len(tails)).outcome

    assert last(2000, 3000).evidence == pytest.approx(2000)
    assert last(2000, 500, 3000).reason is not DecisionReason.BREAKER_TRIPPED
    assert last(2000, None, 3000).reason is not DecisionReason.BREAKER_TRIPPED


@pytest.mark.parametrize("steps", [[{"percent": 50, "hold": {"minDurationSeconds": 600}}, {"percent": 100}]])
def test_a_step_does_not_complete_without_the_metric_of_a_breaker(steps):
    policy = stepped(guardrails=[], breakers=[{"metric": "ServerErrors"}], steps=steps)
    last = follow(policy, minutes=60, b={"errors": None})[-1].outcome
    assert (last.reason, last.needs) == (DecisionReason.MISSING_DATA, {"data": "ServerErrors of B"})
    assert follow(policy, minutes=60)[-1].outcome.verdict is Verdict.PROMOTE


def test_a_bake_does_not_complete_without_the_metric_of_a_guardrail():
    """At 100 percent nothing is compared, but the metric is still required."""
    policy = stepped(bakeSeconds=1800)
    seen = follow(policy)
    whole = next(each.at for each in seen if each.outcome.weights["B"] == 100)
    blind = follow(policy, minutes=200, until=whole, then={"errors": None})[-1].outcome
    assert (blind.reason, blind.needs) == (DecisionReason.MISSING_DATA, {"data": "ServerErrors of B"})
    assert seen[-1].outcome.verdict is Verdict.PROMOTE


def test_the_deadline_rolls_back():
    last = follow(stepped(deadlineSeconds=1260), applies=False)[-1]
    assert (last.outcome.reason, last.at) == (DecisionReason.DEADLINE_EXCEEDED, 21)


REACTIONS = [("Hold", Verdict.HOLD), ("Rollback", Verdict.ROLLBACK)]


@pytest.mark.parametrize(("reaction", "verdict"), REACTIONS)
def test_no_traffic_has_the_reaction_of_the_policy(reaction, verdict):
    policy = stepped(guardrails=[], onNoTraffic=reaction)
    decisions = follow(policy, minutes=60, applies=False)
    assert decisions[-1].outcome.verdict is verdict


@pytest.mark.parametrize(("reaction", "verdict"), REACTIONS)
def test_a_sample_ratio_mismatch_has_the_reaction_of_the_policy(reaction, verdict):
    """The weights are applied as requested, but the candidate gets three times its share."""
    steps = [{"percent": 10, "hold": {"minDurationSeconds": 3600}}, {"percent": 100}]
    policy = stepped(steps=steps, onSampleRatioMismatch=reaction)
    run = Run(policy, ["A", "B"], started=0)
    for at in range(60):
        run.ingest([CountsRow(at, "A", Counts(weight=90, invocations=70, errors_5xx=0))])
        run.ingest([CountsRow(at, "B", Counts(weight=10, invocations=30, errors_5xx=0))])
        outcome = run.look(at + 1).outcome
        if outcome.verdict is not Verdict.UNDECIDED:
            break
    assert (outcome.verdict, outcome.reason) == (verdict, DecisionReason.SAMPLE_RATIO_MISMATCH)
    assert outcome.subject == "share of B"
    assert outcome.weights == ({"A": 90, "B": 10} if reaction == "Hold" else {"A": 100, "B": 0})


@pytest.mark.parametrize("world", [{}, {"b": {"errors": 0.4}}])
def test_a_run_that_observes_decides_the_same(world):
    applied, observed = (follow(stepped(mode=mode), **world) for mode in ("Apply", "Observe"))
    assert observed == applied


def test_a_guardrail_without_data_holds_the_run():
    policy = stepped(guardrails=[{"metric": "Latency", "noWorseThanPercent": 10}])
    decisions = follow(policy, minutes=120)
    assert decisions[-1].outcome.verdict is Verdict.HOLD
    assert DecisionReason.MISSING_DATA in reasons(decisions)
    assert {each.outcome.weights["B"] for each in decisions} == {10}


def test_a_step_does_not_complete_without_invocations_of_the_baseline():
    """Without a comparison, the errors of the candidate do not show that it does no harm."""
    steps = [{"percent": 50, "hold": {"minDurationSeconds": 600}}, {"percent": 100}]
    policy = stepped(steps=steps)
    run = Run(policy, ["A", "B"], started=0)
    for at in range(60):
        run.ingest([CountsRow(at, "A", Counts(invocations=0, errors_5xx=0))])
        run.ingest([CountsRow(at, "B", Counts(invocations=50, errors_5xx=50))])
        outcome = run.look(at + 1).outcome
    assert (outcome.reason, outcome.needs) == (
        DecisionReason.MISSING_DATA,
        {"data": "ServerErrors of A and B"},
    )


def test_a_hold_does_not_start_at_a_minute_with_the_candidate_alone():
    """5 % are applied but 50 % requested. Alone in its minute, the candidate seems to have all the weight."""
    policy = stepped(steps=[{"percent": 50, "hold": {"minDurationSeconds": 600}}, {"percent": 100}])
    run = Run(policy, ["A", "B"], started=0)
    for at in range(30):
        run.ingest(rows({"A": {"percent": 95}, "B": {"percent": 5}}, minutes=1, start=at, seed=at))
    run.ingest([CountsRow(30, "B", Counts(weight=5, invocations=5, errors_5xx=0))])
    assert run.look(31).outcome.reason is DecisionReason.WEIGHTS_NOT_APPLIED


def test_a_run_whose_data_stops_is_not_promoted():
    decisions = follow(stepped(), minutes=300, until=8)
    assert decisions[-1].outcome.verdict is not Verdict.PROMOTE


def test_advance_on_non_inferior_waits_for_the_proof():
    policy = stepped(
        advanceOn="NonInferior",
        guardrails=[{"metric": "ServerErrors", "noWorseThanPercent": 100}],
        steps=[{"percent": 50, "hold": {"minDurationSeconds": 600}}, {"percent": 100}],
    )
    decisions = follow(policy, minutes=900, a={"errors": 0.1}, b={"errors": 0.1})
    assert DecisionReason.NOT_INFERIOR_UNPROVEN in reasons(decisions)
    assert decisions[-1].outcome.verdict is Verdict.PROMOTE
    assert decisions[-1].at >= 120


def test_the_last_step_bakes_before_the_promotion():
    decisions = follow(stepped(bakeSeconds=600))
    assert decisions[-1].outcome.verdict is Verdict.PROMOTE
    assert [each.outcome.weights["B"] for each in decisions].count(100) >= 10


def test_a_single_step_with_a_bake_time_has_no_other_hold():
    policy = stepped(steps=[{"percent": 50}], bakeSeconds=1200, deadlineSeconds=1500)
    last = follow(policy)[-1]
    assert (last.outcome.verdict, last.at) == (Verdict.PROMOTE, 21)


def test_a_single_step_has_a_hold():
    assert follow(stepped(steps=[{"percent": 50}]), minutes=5)[-1].outcome.verdict is Verdict.UNDECIDED


def unverified(failed=0):
    """A minute with requests of both variants whose weights nobody knows."""
    return [
        ("A", Counts(invocations=90, errors_5xx=0, verified=False)),
        ("B", Counts(invocations=10, errors_5xx=failed, verified=False)),
    ]


def test_minutes_whose_weights_are_not_verified_are_no_time_of_the_hold():
    policy = stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 600}}, {"percent": 100}])
    run = Run(policy, ["A", "B"], started=0)
    for at in range(21):
        if 5 <= at < 15:
            run.ingest(CountsRow(at, name, counts) for name, counts in unverified())
        else:
            run.ingest(rows({"A": {"percent": 90}, "B": {"percent": 10}}, minutes=1, start=at, calls=200))
        outcome = run.look(at + 1).outcome
        assert outcome.reason is (DecisionReason.STEP_HOLD if at < 20 else DecisionReason.STEPS_COMPLETED)


def test_an_approval_counts_only_while_the_weights_are_verified():
    steps = [{"percent": 10, "hold": {"minDurationSeconds": 600}, "approval": "Required"}, {"percent": 100}]
    run = Run(stepped(steps=steps), ["A", "B"], started=0)
    run.ingest(rows({"A": {"percent": 90}, "B": {"percent": 10}}, minutes=1, calls=200))
    run.look(1)
    run.ingest(rows({"A": {"percent": 90}, "B": {"percent": 10}}, minutes=20, calls=200))
    assert run.look(20).outcome.reason is DecisionReason.APPROVAL_REQUIRED
    for at in range(20, 40):
        run.ingest(CountsRow(at, name, counts) for name, counts in unverified())
    outcome = run.look(40, approved=[1]).outcome
    assert (outcome.reason, outcome.subject) == (DecisionReason.MISSING_DATA, "minutes with verified weights")


def test_a_breaker_counts_minutes_whose_weights_are_not_verified():
    run = Run(stepped(guardrails=[], breakers=[{"metric": "ServerErrors"}]), ["A", "B"], started=0)
    for at in range(3):
        run.ingest(CountsRow(at, name, counts) for name, counts in unverified(failed=10))
    assert run.look(3).outcome.reason is DecisionReason.BREAKER_TRIPPED


def test_a_guardrail_does_not_count_minutes_whose_weights_are_not_verified():
    run = Run(stepped(breakers=[]), ["A", "B"], started=0)
    for at in range(20):
        run.ingest(CountsRow(at, name, counts) for name, counts in unverified(failed=10))
    assert run.look(20).outcome.reason is DecisionReason.WEIGHTS_NOT_APPLIED


@pytest.mark.parametrize("share", [5, 15, 50])
def test_a_hold_does_not_start_while_another_share_is_applied(share):
    policy = stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 600}}, {"percent": 100}])
    run = Run(policy, ["A", "B"], started=0)
    run.ingest(rows({"A": {"percent": 100 - share}, "B": {"percent": share}}, minutes=30))
    assert run.look(30).outcome.reason is DecisionReason.WEIGHTS_NOT_APPLIED


def test_a_hold_starts_again_after_a_smaller_share():
    policy = stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 600}}, {"percent": 100}])
    run = Run(policy, ["A", "B"], started=0)
    for at in range(40):
        share = 2 if 5 <= at < 20 else 10
        run.ingest(
            rows({"A": {"percent": 100 - share}, "B": {"percent": share}}, minutes=1, start=at, calls=300)
        )
        if run.look(at + 1).outcome.final:
            break
    assert at == 30
