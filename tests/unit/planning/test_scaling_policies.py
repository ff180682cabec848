"""Policies are changed in an order that AWS accepts, whatever is declared and whatever exists."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.desired_scaling import STEP_SCALING, TARGET_TRACKING, DesiredPolicy
from sagemaker_ab.planning.observed_scaling import ObservedPolicy
from sagemaker_ab.planning.scaling_policies import policy_puts

NAMES = ("a", "b", "c", "d")
METRICS = ("m1", "m2", "m3", "m4")


def tracking(metric, target=1.0):
    return {"TargetValue": target, "CustomizedMetricSpecification": {"MetricName": metric}}


def stepping(adjustment):
    step = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": adjustment}
    return {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step]}


@st.composite
def policies(draw, names=NAMES):
    """Return policies by name, of which no two track one metric."""
    chosen = draw(st.lists(st.sampled_from(names), unique=True))
    metrics = draw(st.permutations(METRICS))
    return {
        name: draw(
            st.one_of(
                st.builds(
                    lambda target, m=metric: (TARGET_TRACKING, tracking(m, target)),
                    st.sampled_from([1.0, 2.0]),
                ),
                st.builds(lambda by: (STEP_SCALING, stepping(by)), st.integers(1, 2)),
            )
        )
        for name, metric in zip(chosen, metrics, strict=False)
    }


class Aws:
    """Policies by AWS's rules: no two for one metric, and none of another type under a name."""

    def __init__(self, live):
        self.live = dict(live)

    def delete(self, name):
        del self.live[name]

    def put(self, name, kind, configuration):
        before = self.live.get(name)
        assert before is None or before[0] == kind, f"the type of {name} cannot be changed"
        metric = configuration.get("CustomizedMetricSpecification")
        for other, (_, found) in self.live.items():
            tracked = found.get("CustomizedMetricSpecification")
            assert other == name or metric is None or metric != tracked, f"{other} tracks {metric}"
        self.live[name] = (kind, configuration)


def puts_of(declared, live, *, removed=frozenset(), repaired=frozenset()):
    wanted = [DesiredPolicy(name, kind, configuration) for name, (kind, configuration) in declared.items()]
    held = {name: ObservedPolicy(kind, configuration) for name, (kind, configuration) in live.items()}
    return list(policy_puts(wanted, held, removed=removed, repaired=repaired))


@given(declared=policies(), live=policies(), data=st.data())
def test_any_order_that_respects_what_waits_for_what_ends_as_declared(declared, live, data):
    surplus = frozenset(live.keys() - declared.keys())
    puts = puts_of(declared, live, removed=surplus)
    aws = Aws(live)
    deletions = set(surplus.union(*(put.deletes for put in puts)))
    pending = {put.policy.name: put for put in puts}
    while deletions or pending:
        free = [
            name
            for name, put in pending.items()
            if not put.deletes & deletions and not put.after & pending.keys()
        ]
        assert deletions or free, "every step waits for another one"
        step = data.draw(
            st.sampled_from(
                [*(("delete", name) for name in sorted(deletions)), *(("put", name) for name in free)]
            )
        )
        if step[0] == "delete":
            deletions.remove(step[1])
            aws.delete(step[1])
        else:
            policy = pending.pop(step[1]).policy
            aws.put(policy.name, policy.type, policy.configuration)
    assert aws.live == declared


@given(declared=policies(), live=policies(), data=st.data())
def test_planned_anew_after_each_step_it_ends_as_declared(declared, live, data):
    aws = Aws(live)
    for _ in range(20):
        surplus = frozenset(aws.live.keys() - declared.keys())
        puts = puts_of(declared, aws.live, removed=surplus)
        deletions = surplus.union(*(put.deletes for put in puts))
        names = {put.policy.name for put in puts}
        free = [put.policy for put in puts if not put.deletes and not put.after & names]
        if not deletions and not puts:
            break
        assert deletions or free, "every step waits for another one"
        steps = [*sorted(deletions), *free]
        step = data.draw(st.sampled_from(steps))
        if isinstance(step, str):
            aws.delete(step)
        else:
            aws.put(step.name, step.type, step.configuration)
    assert aws.live == declared


@given(declared=policies(names=("a", "b")), live=policies())
def test_what_may_not_be_deleted_is_not_and_holds_only_what_collides_with_it(declared, live):
    theirs = live.keys() - declared.keys()
    puts = puts_of(declared, live)

    assert not theirs & set().union(*(put.deletes for put in puts))
    tracked = {
        live[name][1].get("CustomizedMetricSpecification", {}).get("MetricName"): name
        for name in theirs
        if live[name][0] == TARGET_TRACKING
    }
    for put in puts:
        metric = put.policy.configuration.get("CustomizedMetricSpecification", {}).get("MetricName")
        assert put.blocked_by == tracked.get(metric, "")


@given(declared=policies())
def test_what_is_as_declared_is_not_put_but_to_repair_it(declared):
    assert puts_of(declared, declared) == []
    repaired = frozenset(list(declared)[:1])
    assert {put.policy.name for put in puts_of(declared, declared, repaired=repaired)} == repaired


def test_defaults_that_aws_reads_back_and_the_order_of_steps_and_dimensions_are_no_difference():
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 5.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 5.0, "ScalingAdjustment": 2},
    ]
    dimensions = [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}]
    metric = {"MetricName": "m", "Dimensions": dimensions}
    wanted = [
        DesiredPolicy("s", STEP_SCALING, {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}),
        DesiredPolicy(
            "t",
            TARGET_TRACKING,
            {"TargetValue": 5.0, "DisableScaleIn": False, "CustomizedMetricSpecification": metric},
        ),
    ]
    held = {
        "s": ObservedPolicy(
            STEP_SCALING,
            {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps[::-1], "Cooldown": 300},
        ),
        "t": ObservedPolicy(
            TARGET_TRACKING,
            {"TargetValue": 5, "CustomizedMetricSpecification": {**metric, "Dimensions": dimensions[::-1]}},
        ),
    }
    assert list(policy_puts(wanted, held, removed=frozenset(), repaired=frozenset())) == []
    other = {
        **held,
        "t": replace(held["t"], configuration={**held["t"].configuration, "DisableScaleIn": True}),
    }
    assert [p.policy.name for p in policy_puts(wanted, other, removed=frozenset(), repaired=frozenset())] == [
        "t"
    ]
