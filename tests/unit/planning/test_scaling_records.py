"""What is remembered of the autoscaling that a spec has declared."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.scaling_status import MOST_RECORDED
from sagemaker_ab.planning.scaling_records import follow_scaling, record_scaling, scaling_records_of
from tests.unit.planning.worlds import AUTOSCALING, NOW, spec, want, with_variant, world

POLICY = AUTOSCALING["policies"][0]
MORE = {
    "name": "more",
    "type": "TargetTrackingScaling",
    "targetTrackingScaling": {
        "predefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        "targetValue": 5,
    },
}
NOON = {"name": "noon", "schedule": "cron(0 12 * * ? *)", "minCapacity": 2}
SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def scaling(**changes):
    return want(with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, **changes}))


RICH = scaling(
    policies=[POLICY, MORE],
    scheduledActions=[NOON],
    suspended={"scaleIn": True, "scheduled": False},
)


def followed(records, wanted, observed=None, **how):
    return follow_scaling(records, wanted, observed or world(wanted), **how)


def only(records):
    (record,) = records.values()
    return record


@pytest.fixture
def before():
    return followed({}, RICH, replace(world(RICH), targets={}))


def test_a_record_reads_back_from_status_as_it_was_written(before):
    written = [record_scaling(name, record) for name, record in before.items()]

    assert scaling_records_of(written) == before


@pytest.mark.parametrize(
    ("shown", "consistent", "kept"),
    [(True, True, False), (True, False, True), (False, True, True)],
    ids=["a read shows that it is gone", "the read may be stale", "the target is released"],
)
def test_what_an_earlier_spec_declared_is_forgotten_once_a_read_shows_that_it_is_gone(
    before, shown, consistent, kept
):
    plain = scaling()
    observed = world(plain) if shown else replace(world(plain), targets={})
    record = only(followed(before, plain, observed, consistent=consistent))

    assert ("more" in record.policies) is kept
    assert ("noon" in record.actions) is kept
    assert ("DynamicScalingInSuspended" in record.suspended) is kept


def test_what_the_spec_resumes_itself_is_not_remembered_as_suspended(before):
    resumed = scaling(suspended={"scaleIn": False})

    assert only(followed(before, resumed, replace(world(resumed), targets={}))).suspended == set()


def test_bounds_and_actions_count_since_they_changed(before):
    later = NOW + 1000
    wider = scaling(maxCapacity=9, scheduledActions=[NOON])
    moved = scaling(scheduledActions=[{**NOON, "minCapacity": 3}])

    record = only(followed(before, wider, replace(world(wider), now=later)))
    assert (record.since, record.actions["noon"].since) == (later, NOW)
    record = only(followed(before, moved, replace(world(moved), now=later)))
    assert (record.since, record.actions["noon"].since) == (NOW, later)


def test_a_target_with_other_bounds_than_the_spec_shows_that_a_record_may_be_lost():
    plain = scaling()
    other = {"VariantB": replace(world(plain).targets["VariantB"], max_capacity=7)}

    assert only(followed({}, plain, replace(world(plain), targets=other))).lost
    assert not only(followed({}, plain)).lost


def test_a_record_takes_no_more_names_than_status_and_never_drops_declared_ones():
    records = {}
    for round_ in range(5):
        actions = [{**NOON, "name": f"{round_}-{number}"} for number in range(20)]
        wanted = scaling(scheduledActions=actions)
        records = followed(records, wanted, replace(world(wanted), targets={}))

    names = set(only(records).actions)
    assert len(names) == MOST_RECORDED
    assert names >= {action["name"] for action in actions}
    assert record_scaling("VariantB", only(records))


def test_the_record_of_a_variant_that_is_gone_stays_as_long_as_its_target_or_alarm():
    step = {
        "name": "bursts",
        "type": "StepScaling",
        "stepScaling": {
            "adjustmentType": "ChangeInCapacity",
            "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
            "alarm": {
                "namespace": "N",
                "metricName": "M",
                "statistic": "Sum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 1,
            },
        },
    }
    wanted, fixed = scaling(policies=[step]), want(spec())
    records, live = followed({}, wanted), world(wanted)
    alarm = wanted.variants[1].scaling.policies[0].alarm.name

    assert follow_scaling(records, fixed, live) == records
    bare = replace(live, targets={}, alarms={alarm: {}})
    assert follow_scaling(records, fixed, bare) == records
    assert follow_scaling(records, fixed, replace(bare, alarms=None)) == records
    assert follow_scaling(records, fixed, replace(bare, alarms={})) == {}
