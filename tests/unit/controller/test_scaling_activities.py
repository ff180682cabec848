"""The activities of all resources of a region are read together, and each change of one is reported once."""

from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_ab.api.scaling_status import ScalingActivity, ScalingStatus
from sagemaker_ab.api.status import Status
from sagemaker_ab.controller.backoff import Backoff
from sagemaker_ab.controller.scaling_activities import ScalingActivitiesMonitor
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.events import draft_events
from sagemaker_ab.planning.scaling_activities import last_activities
from sandbox.aws.inprocess import START
from sandbox.aws.ledger import row
from tests.unit.controller.scaling_stage import ScalingStage

INTERVAL = 600.0
WAITS_LONG = [variant.seconds > (0, 0) for variant in row("sm.capacity.wait-seconds").variants].index(True)
"""AWS waits for missing capacity for half an hour at least."""
KEY = Key("ml", "reviews")
OTHER = Key("ml", "other")


class World(ScalingStage):
    """A monitor of VariantA and VariantB of "reviews", and what it leads to in status and events."""

    def __init__(self, **sim):
        super().__init__(**sim)
        self.region = self.clients()
        self.status = {KEY: Status(scaling=scaling({})), OTHER: Status(scaling=scaling({}))}
        self.writes = {KEY: 0, OTHER: 0}
        self.events = []
        self.restart()
        self.watch(KEY, "reviews")

    def restart(self):
        self.monitor = ScalingActivitiesMonitor(
            interval_seconds=INTERVAL, backoff=Backoff(30.0, 900.0).seconds, local_clock=self.now
        )

    def watch(self, key, endpoint, *, clients=None):
        last = last_activities(self.status[key].scaling)
        variants = {name: last.get(name) for name in ("VariantA", "VariantB")}
        self.monitor.watch(key, clients or self.region, endpoint, variants)

    def tick(self):
        """Tick once, and write the status of each resource with something new."""
        woken = list(self.monitor.tick())
        for key in woken:
            before, after = self.status[key], Status(scaling=scaling(self.monitor.newest(key)))
            self.writes[key] += before != after
            self.events += draft_events(before, after)
            self.status[key] = after
        return woken

    def run(self, *, minutes):
        """Let time go by as the operator does, which ticks every 15 seconds."""
        for _ in range(4 * minutes):
            self.sim.advance(seconds=15)
            self.tick()

    def last(self, variant="VariantA", *, key=KEY):
        return last_activities(self.status[key].scaling).get(variant)


def scaling(activities):
    return [
        ScalingStatus(
            name=name,
            min_capacity=1,
            max_capacity=4,
            since=datetime.fromtimestamp(START, UTC),
            last_activity=activities.get(name),
        )
        for name in ("VariantA", "VariantB")
    ]


@pytest.fixture
def world():
    return World()


def test_a_quota_that_blocks_for_an_hour_is_written_once_and_is_one_event(world):
    world.blocked_by_quota()
    began = world.now() - 120
    world.run(minutes=60)

    assert world.last().status == "Failed"
    assert world.last().reason == "QuotaExceeded"
    assert "Request ID" not in world.last().message
    assert world.last().since.timestamp() == began
    assert world.writes[KEY] == 1
    (event,) = world.events
    assert (event.kind, event.reason) == ("Warning", "ScalingFailed")
    assert event.message.startswith(
        "Variant VariantA was not scaled (QuotaExceeded). AWS: Failed to set desired instance count to 4."
    )
    assert world.last("VariantB") is None


def test_a_recovery_is_in_status_and_is_no_event(world):
    world.blocked_by_quota()
    world.run(minutes=15)
    world.quota_is_raised()
    world.run(minutes=15)

    assert (world.last().status, world.last().reason) == ("Successful", None)
    assert len(world.events) == 1


def test_an_activity_in_progress_at_a_read_is_followed_to_its_end(world):
    world.bounds(2, 4)
    world.sim.advance(seconds=15)
    world.tick()
    assert world.last().status == "InProgress"
    started = world.last().since

    world.run(minutes=12)
    assert world.last().status == "Successful"
    assert world.last().since == started


def test_an_activity_that_takes_longer_than_the_interval_is_followed_too():
    world = World(variants={"sm.capacity.wait-seconds": WAITS_LONG})
    world.sim.edit(missing={"capacity": "ml.m5.large"})
    world.bounds(2, 4)
    world.run(minutes=25)
    assert world.last().status == "InProgress"
    assert world.writes[KEY] == 1

    world.bounds(1, 4)
    world.run(minutes=90)
    assert (world.last().status, world.last().reason) == ("Unfulfilled", "Unfulfilled")
    (event,) = world.events
    assert "Usually, AWS lacks capacity" in event.message


def test_a_bound_that_is_reached_is_in_status_and_is_no_event(world):
    world.at_its_maximum()
    world.run(minutes=10)

    assert (world.last().status, world.last().reason) == ("NotScaled", "AlreadyAtMaxCapacity")
    assert world.last().message.endswith("its maximum number of instances (1)")
    assert world.events == []


def test_all_endpoints_of_a_region_share_one_call_every_ten_minutes(world):
    world.endpoint("other")
    world.watch(OTHER, "other")
    world.run(minutes=60)
    assert world.reads() == 6

    world.blocked_by_quota("other", variant="VariantB", minutes=0)
    before = world.reads()
    woken = [key for _ in range(4 * 11) for key in advanced(world)]
    assert woken == [OTHER]
    assert world.last("VariantB", key=OTHER).reason == "QuotaExceeded"
    assert world.last("VariantB") is None
    assert world.reads() <= before + 4


def advanced(world):
    world.sim.advance(seconds=15)
    return world.tick()


def test_without_autoscaling_nothing_is_read(world):
    world.monitor.watch(KEY, world.region, "reviews", {})
    world.run(minutes=30)
    assert world.reads() == 0
    assert world.monitor.newest(KEY) == {}


def test_a_resource_that_is_forgotten_is_not_read_any_more(world):
    world.run(minutes=1)
    world.monitor.forget(KEY)
    world.monitor.forget(KEY)
    world.run(minutes=30)
    assert world.reads() == 1


def test_each_region_is_read_for_itself(world):
    abroad = world.clients("eu-west-1")
    world.watch(OTHER, "reviews", clients=abroad)
    world.blocked_by_quota()
    world.run(minutes=10)
    regions = {
        call["region"] for call in world.sim.calls() if call["operation"].startswith("DescribeScalingA")
    }

    assert regions == {"us-east-1", "eu-west-1"}
    assert world.last().reason == "QuotaExceeded"
    assert world.last(key=OTHER) is None


def test_a_refusal_is_logged_once_backs_off_and_changes_nothing(world, caplog):
    world.blocked_by_quota()
    world.run(minutes=1)
    known, before = world.last(), world.reads()
    world.denied()
    world.run(minutes=12 * 60)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "AccessDenied" in caplog.text
    assert "application-autoscaling:DescribeScalingActivities" in caplog.text
    assert world.last() == known
    assert (world.writes[KEY], len(world.events)) == (1, 1)
    assert 10 < world.reads() - before < 12 * 60 / 12


def test_reads_go_on_after_a_refusal_and_cover_the_time_of_it(world, caplog):
    caplog.set_level("INFO")
    world.run(minutes=1)
    fault = world.denied()
    world.run(minutes=15)
    world.bounds(2, 4)
    world.run(minutes=60)
    assert world.last() is None
    world.granted(fault)
    world.run(minutes=20)

    assert world.last().status == "Successful"
    assert caplog.messages[-1] == "Scaling activities can be read again in us-east-1"


def test_status_outlives_a_restart_with_the_start_of_the_series(world):
    world.blocked_by_quota()
    world.run(minutes=90)
    known = world.last()
    world.restart()
    world.watch(KEY, "reviews")
    assert world.monitor.newest(KEY)["VariantA"] == known
    world.run(minutes=30)

    assert world.last() == known
    assert (world.writes[KEY], len(world.events)) == (1, 1)


def test_what_happened_within_an_hour_before_the_start_is_seen(world):
    world.bounds(2, 4)
    world.sim.advance(minutes=50)
    world.run(minutes=1)
    assert world.last().status == "Successful"


def test_a_resource_watched_later_is_read_an_hour_back_too(world):
    world.endpoint("other")
    world.bounds(2, 4, endpoint="other")
    world.run(minutes=30)
    world.watch(OTHER, "other")
    world.run(minutes=11)
    assert world.last(key=OTHER).status == "Successful"


def test_only_the_first_read_of_a_resource_goes_an_hour_back(world):
    """An activity that fails is repeated every ten seconds, and a page holds 50: an hour has many pages."""
    world.blocked_by_quota()
    world.sim.advance(minutes=60)
    world.tick()
    first = world.reads()
    world.sim.advance(minutes=10)
    world.tick()

    assert first > 5
    assert 0 < world.reads() - first <= 2


def test_a_variant_that_is_added_keeps_what_is_known_of_the_others(world):
    world.blocked_by_quota()
    world.run(minutes=1)
    known = world.last()
    old = ScalingActivity(status="Successful", message="done", since=known.since - timedelta(days=1))
    world.monitor.watch(KEY, world.region, "reviews", {"VariantA": None, "New": old})
    assert world.monitor.newest(KEY) == {"VariantA": known, "New": old}


def test_another_endpoint_of_the_resource_discards_what_is_known(world):
    world.blocked_by_quota()
    world.run(minutes=1)
    world.monitor.watch(KEY, world.region, "successor", {"VariantA": None})
    assert world.monitor.newest(KEY) == {}


def test_more_activities_than_a_read_takes_are_logged_once(world, caplog):
    for name in ("second", "third"):
        world.endpoint(name)
    for name in ("reviews", "second", "third"):
        world.blocked_by_quota(name, minutes=0)
        world.blocked_by_quota(name, variant="VariantB", minutes=0)
    world.sim.advance(minutes=58)
    world.tick()
    assert "has more scaling activities than the operator reads at a time" in caplog.text
    assert world.last().reason == "QuotaExceeded"

    world.run(minutes=120)
    assert len(caplog.records) == 1
