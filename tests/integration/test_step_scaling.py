"""A step policy end to end: its alarm fires, AWS scales in steps, and the operator leaves it alone."""

from itertools import pairwise

import pytest

from tests.integration.kills import killed_at_each_write
from tests.integration.scaling_stage import (
    ALARM,
    INVOCATIONS,
    alarm_name,
    alarm_of,
    policy_arns,
    scaling,
    stepping,
    tracking,
)
from tests.integration.stage import (
    SCALING,
    aws,
    counts,
    endpoint,
    now,
    run,
    scaling_by_hand,
    settled,
    steps,
    target,
    updates_fail,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import with_variant

CALMING = {
    "adjustmentType": "ChangeInCapacity",
    "cooldownSeconds": 60,
    "stepAdjustments": [{"metricIntervalUpperBound": 0, "scalingAdjustment": -1}],
}
QUIET = {**ALARM, "threshold": 2, "comparisonOperator": "LessThanThreshold", "evaluationPeriods": 3}
BOTH = scaling(
    policies=[
        stepping("bursts", cooldownSeconds=300),
        stepping("calm", alarm=QUIET, **CALMING),
    ]
)
OTHER_TYPE = {"instanceType": "ml.m5.xlarge"}
NOON = {"name": "noon", "schedule": "cron(0 12 * * ? *)", "timezone": "Europe/Berlin", "minCapacity": 2}
WHOLE = scaling(
    policies=[INVOCATIONS, tracking("cpu"), stepping()],
    scheduledActions=[NOON],
    suspended={"scaleIn": True, "scaleOut": False},
)


def history(operator, *, hours, look):
    """Let time go by, and return what a look at it shows whenever that changes, with minutes."""
    begin, seen = now(operator), []
    while now(operator) < begin + 3600 * hours:
        steps(operator, 1)
        found = look()
        if not seen or seen[-1][1] != found:
            seen.append(((now(operator) - begin) / 60, found))
    return seen


def test_instances_follow_the_steps_of_the_policy_and_its_cooldown_and_go_again():
    operator = settled(BOTH)
    first = len(operator.writes())
    operator.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 40})
    seen = history(operator, hours=0.6, look=lambda: counts(operator)["VariantB"])

    assert [count for _, count in seen] == [1, 2, 3, 4]
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(seen[1:])]
    assert all(gap >= 5 for gap in gaps), "not before the cooldown of 300 s is over"

    operator.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 1})
    seen = history(operator, hours=1.5, look=lambda: counts(operator)["VariantB"])
    assert [count for _, count in seen][-1] == 1
    assert [count for _, count in seen] == sorted((count for _, count in seen), reverse=True)
    assert operator.writes()[first:] == []
    assert operator.ready


def test_a_bigger_breach_takes_the_bigger_step():
    operator = settled(BOTH)
    operator.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 90})
    seen = history(operator, hours=0.15, look=lambda: counts(operator)["VariantB"])

    assert [count for _, count in seen][:2] == [1, 3]


def test_the_alarm_fires_the_policy_again_after_a_release_has_given_it_a_new_arn():
    operator = settled(scaling(policies=[stepping()]))
    before = policy_arns(operator)["bursts"]
    operator.cluster.apply(with_variant(scaling(policies=[stepping()]), "VariantB", **OTHER_TYPE))
    operator.settle()
    after = policy_arns(operator)["bursts"]

    assert before != after
    assert alarm_of(operator)["AlarmActions"] == [after]
    operator.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 40})
    run(operator, hours=0.3)
    assert counts(operator)["VariantB"] > 1
    assert alarm_name(operator)


@pytest.mark.parametrize("spec", ["keeps the policy", "drops the policy"])
def test_the_alarm_follows_a_policy_that_is_restored_after_a_failed_update(spec):
    """The variant waits for another instance type, so that the spec does not govern its autoscaling yet."""
    operator = settled(scaling(policies=[INVOCATIONS, stepping()]))
    updates_fail(operator)
    policies = [INVOCATIONS, stepping()] if spec == "keeps the policy" else [INVOCATIONS]
    operator.cluster.apply(with_variant(scaling(policies=policies), "VariantB", **OTHER_TYPE))
    operator.settle_or_stall()

    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == "ml.m5.large"
    assert alarm_of(operator)["AlarmActions"] == [policy_arns(operator)["bursts"]]


def test_a_foreign_action_with_the_name_of_a_declared_policy_comes_back_after_a_release():
    operator = settled(SCALING)
    action = {"Schedule": "cron(0 3 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}}
    scaling_by_hand(operator, "PutScheduledAction", ScheduledActionName="invocations", **action)
    operator.settle()
    operator.cluster.apply(with_variant(SCALING, "VariantB", **OTHER_TYPE))
    operator.settle()

    assert list(target(operator)["scheduledActions"]) == ["invocations"]
    assert operator.cluster.resource["status"].get("releasedScaling") is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("outcome", ["succeeds", "fails"])
def test_all_of_it_survives_a_release_and_the_death_of_the_process_at_any_write(outcome, seed):
    def change(operator):
        if outcome == "fails":
            updates_fail(operator)
        operator.cluster.apply(with_variant(WHOLE, "VariantB", **OTHER_TYPE))

    def prepared():
        operator = settled(WHOLE, aws(seed=seed, calm=False))
        action = {"Schedule": "cron(0 3 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}}
        scaling_by_hand(operator, "PutScheduledAction", ScheduledActionName="theirs", **action)
        scaling_by_hand(
            operator, "RegisterScalableTarget", SuspendedState={"ScheduledScalingSuspended": True}
        )
        operator.sim.advance(seconds=10)
        return operator

    before = target(prepared())
    for operator in killed_at_each_write(prepared, change, seed=seed):
        operator.settle_or_stall()
        assert target(operator) == before
        assert alarm_of(operator)["AlarmActions"] == [policy_arns(operator)["bursts"]]
        expected = "ml.m5.xlarge" if outcome == "succeeds" else "ml.m5.large"
        assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == expected
