"""What was released for an update is restored as it was read, whoever had made it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sagemaker_ab.api.status import ReleasedTarget, Status
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.records import record_released, released_of
from sagemaker_ab.planning.released import Released, decode_target, encode_target, restoration, still_released
from sagemaker_ab.planning.scaling import blocking_update
from tests.unit.planning.worlds import AUTOSCALING, NOW, nothing, spec, want, with_variant, world

TAGS = {"team": "search"}
ACTION = {"Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 2}}
SAVED = ObservedTarget(
    min_capacity=2,
    max_capacity=7,
    policies={"by-hand": ObservedPolicy("StepScaling", {"Cooldown": 60})},
    suspended={"DynamicScalingInSuspended": True},
    scheduled_actions={"morning": ObservedAction(ACTION)},
)
TODAY = datetime.fromtimestamp(NOW, UTC)


def scaled():
    return want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))


def seeing(target):
    """An observation in which the target of VariantB is this one."""
    return replace(nothing(), targets={"VariantB": target} if target else {})


def restored(saved, live):
    commands = restoration("reviews", "VariantB", saved, seeing(live), TAGS)
    identity = {"ServiceNamespace", "ResourceId", "ScalableDimension"}
    return [
        (c.operation, {key: value for key, value in c.request.items() if key not in identity})
        for c in commands
    ]


REGISTER = (
    "RegisterScalableTarget",
    {
        "MinCapacity": 2,
        "MaxCapacity": 7,
        "SuspendedState": {"DynamicScalingInSuspended": True},
        "Tags": TAGS,
    },
)
PUT_POLICY = (
    "PutScalingPolicy",
    {
        "PolicyName": "by-hand",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {"Cooldown": 60},
    },
)
PUT_ACTION = ("PutScheduledAction", {"ScheduledActionName": "morning", **ACTION})


def test_a_target_that_is_gone_is_restored_with_all_that_belongs_to_it():
    assert restored(SAVED, None) == [REGISTER, PUT_POLICY, PUT_ACTION]


def test_only_what_is_missing_is_restored():
    assert restored(SAVED, SAVED) == []
    assert restored(SAVED, replace(SAVED, policies={})) == [PUT_POLICY]
    assert restored(SAVED, replace(SAVED, scheduled_actions={})) == [PUT_ACTION]
    assert restored(replace(SAVED, scheduled_actions={}), SAVED) == []


def test_a_step_policy_comes_back_with_a_new_arn_which_its_event_says():
    """Alarms of others still name the old one, and fire nothing."""
    (put,) = restoration("reviews", "VariantB", SAVED, seeing(replace(SAVED, policies={})), TAGS)

    assert put.description == (
        "put scaling policy by-hand on VariantB again, with a new ARN, which alarms that somebody else made"
        " must name"
    )


def scheduled(**members):
    """Whether a scheduled action with these members is restored."""
    action = {"ScalableTargetAction": {"MinCapacity": 2}, **members}
    return bool(
        restored(
            replace(SAVED, scheduled_actions={"a": ObservedAction(action)}),
            replace(SAVED, scheduled_actions={}),
        )
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Schedule": "cron(0 6 * * ? *)"}, True),
        ({"Schedule": "at(2023-11-14T22:13:19)"}, False),
        ({"Schedule": "at(2023-11-14T22:13:21)"}, True),
        ({"Schedule": "at(2023-11-14T22:13:21)", "Timezone": "Asia/Tokyo"}, False),
        ({"Schedule": "at(2023-11-14T22:13:19)", "Timezone": "America/New_York"}, True),
        ({"Schedule": "rate(1 day)", "EndTime": "2023-11-14T22:13:19+00:00"}, False),
        ({"Schedule": "rate(1 day)", "EndTime": "2023-11-14T22:13:21+00:00"}, True),
        ({"Schedule": "at(2023-11-14T22:13:21)", "EndTime": "2023-11-14T22:13:19+00:00"}, False),
        ({"Schedule": "at(soon)"}, True),
        ({"Schedule": "at(2023-11-14T22:13:19)", "Timezone": "Nowhere/City"}, True),
        ({}, True),
    ],
    ids=lambda value: " ".join(value.values()) or "none" if isinstance(value, dict) else "",
)
def test_an_action_whose_time_is_over_is_left_out(members, expected):
    """It is 22:13:20 UTC of 14 November 2023. Times without an offset are in the action's time zone."""
    assert scheduled(**members) is expected


def test_a_target_is_written_as_json_and_read_back():
    text = encode_target(SAVED)

    assert decode_target(text) == SAVED
    assert json.loads(text) == {
        "MinCapacity": 2,
        "MaxCapacity": 7,
        "SuspendedState": {"DynamicScalingInSuspended": True},
        "Policies": {"by-hand": ["StepScaling", {"Cooldown": 60}]},
        "ScheduledActions": {"morning": ACTION},
    }


def test_a_target_is_written_alike_in_whatever_order_it_was_read():
    """Else each read might change the status, and notify every watch."""
    other = ObservedPolicy("StepScaling", {"Cooldown": 1, "AdjustmentType": "ChangeInCapacity"})
    turned = ObservedPolicy("StepScaling", dict(reversed(other.configuration.items())))
    suspended = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False}
    one = replace(SAVED, policies={"by-hand": other, "a": other}, suspended=suspended)
    same = replace(
        SAVED, policies={"a": turned, "by-hand": turned}, suspended=dict(reversed(suspended.items()))
    )

    assert encode_target(one) == encode_target(same)
    assert encode_target(ObservedTarget(1, 2)) == (
        '{"MaxCapacity":2,"MinCapacity":1,"Policies":{},"ScheduledActions":{},"SuspendedState":{}}'
    )


def test_nothing_is_released_where_the_instance_type_in_use_is_not_known():
    """Somebody deleted the config in use."""
    faster = {"instanceType": "ml.m5.xlarge", "instanceCount": None, "autoscaling": AUTOSCALING}
    wanted, live = want(with_variant(spec(), "VariantB", **faster)), world(scaled())

    assert list(blocking_update(wanted, live)) == ["VariantB"]
    assert list(blocking_update(wanted, replace(live, config_in_use=None))) == []


# How long the record is kept


def kept(seconds=3600, *, wanted=None, live=None, saved=SAVED, variant="VariantB"):
    """Whether the record of a release is kept, so many seconds after the release."""
    record = Released(saved, since=NOW)
    observed = replace(live or world(scaled()), now=NOW + seconds)
    return list(still_released({variant: record}, wanted or scaled(), observed)) == [variant]


def test_a_record_is_kept_until_a_read_shows_the_whole_target():
    assert kept()
    assert not kept(live=replace(world(scaled()), targets={"VariantB": SAVED}))


def test_a_record_is_kept_while_reads_may_be_older_than_the_release():
    whole = replace(world(scaled()), targets={"VariantB": SAVED})

    assert kept(29, live=whole)
    assert not kept(30, live=whole)


def test_a_record_ends_with_its_endpoint_and_with_its_variant():
    assert not kept(live=nothing())
    assert not kept(variant="VariantC")
    assert kept(live=world(scaled(), variants=()))


def test_a_record_ends_once_the_spec_gives_its_variant_a_fixed_count():
    assert not kept(wanted=want(spec()))


# In status


def test_a_record_in_status_is_read_back():
    record = Released(SAVED, since=NOW)

    (written,) = record_released(Status(), {"VariantB": record})
    assert (written.name, written.since) == ("VariantB", TODAY)
    assert released_of(Status(released_scaling=[written])) == {"VariantB": record}
    assert released_of(Status()) == {}
    assert record_released(Status(), {}) is None


def test_a_record_that_this_version_cannot_read_stays_as_it_is():
    newer = ReleasedTarget(name="VariantA", content='{"Other":1}', since=TODAY)
    before = Status(released_scaling=[newer])

    assert released_of(before) == {}
    assert record_released(before, {}) == [newer]
    written = record_released(before, {"VariantB": Released(SAVED, since=NOW)})
    assert [each.name for each in written] == ["VariantB", "VariantA"]
    (rewritten,) = record_released(before, {"VariantA": Released(SAVED, since=NOW)})
    assert rewritten.content == encode_target(SAVED)
