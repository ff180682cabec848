"""Why a variant does not scale is in status and one event; conditions do not change."""

import pytest

from tests.integration.stage import SCALING, now, settled, steps
from tests.unit.planning.worlds import with_variant

AUTOSCALED = next(each for each in SCALING["variants"] if each["name"] == "VariantB")["autoscaling"]


def between(minimum, maximum):
    """VariantB scales between so many instances."""
    bounds = {"minCapacity": minimum, "maxCapacity": maximum}
    return with_variant(SCALING, "VariantB", autoscaling=AUTOSCALED | bounds)


class Watched:
    """An operator whose loop runs: activities are checked every 15 s, reconciles run when they are due."""

    def __init__(self):
        self.operator = settled(SCALING)
        self.versions = []
        self.operator.cluster.watchers.append(self._changed)

    def _changed(self, resource, *, gone=False):
        activity = None if gone else last(resource)
        if not self.versions or self.versions[-1] != activity:
            self.versions.append(activity)

    def run(self, *, minutes):
        operator = self.operator
        end, due = now(operator) + 60 * minutes, now(operator)
        while now(operator) < end:
            woken = list(operator.scaling_activities.tick())
            if woken or now(operator) >= due:
                before = now(operator)
                steps(operator, 1)
                due = max(now(operator), before + 60)
            operator.sim.advance(seconds=15)

    def quota(self, count):
        self.operator.sim.edit(quota={"ml.m5.large": count})

    @property
    def last(self):
        return last(self.operator.cluster.resource)

    @property
    def warnings(self):
        events = self.operator.cluster.events
        return [event["message"] for event in events if event["reason"] == "ScalingFailed"]


def last(resource):
    """Return the last activity of VariantB in status, None if there is none."""
    scaling = {each["name"]: each for each in resource["status"].get("scaling", ())}
    return scaling.get("VariantB", {}).get("lastActivity")


@pytest.fixture
def blocked():
    """An endpoint whose VariantB needs one instance more than its quota allows."""
    watched = Watched()
    watched.quota(2)
    watched.operator.cluster.apply(between(2, 4))
    watched.run(minutes=25)
    return watched


def test_a_quota_is_written_once_and_is_one_event_although_aws_repeats_the_failure(blocked):
    assert (blocked.last["status"], blocked.last["reason"]) == ("Failed", "QuotaExceeded")
    known = list(blocked.versions)
    blocked.run(minutes=60)

    assert blocked.versions == known
    (message,) = blocked.warnings
    assert message.startswith("Variant VariantB was not scaled (QuotaExceeded). AWS: Failed to set desired")
    assert blocked.operator.ready


def test_a_restart_repeats_neither_the_write_nor_the_event(blocked):
    known = list(blocked.versions)
    blocked.operator.crash()
    blocked.run(minutes=30)

    assert blocked.versions == known
    assert len(blocked.warnings) == 1


def test_a_recovery_is_in_status_and_is_no_event(blocked):
    blocked.quota(None)
    blocked.run(minutes=30)

    assert blocked.last.get("reason") != "QuotaExceeded"
    assert len(blocked.warnings) == 1


def test_a_refused_read_changes_nothing(blocked, caplog):
    blocked.operator.sim.fault({"denied": True}, match={"operation": "DescribeScalingActivities"}, count=None)
    known, conditions = list(blocked.versions), blocked.operator.conditions
    blocked.run(minutes=60)

    assert blocked.versions == known
    assert blocked.operator.conditions.keys() == conditions.keys()
    assert blocked.operator.ready
    assert sum("Scaling activities cannot be read" in message for message in caplog.messages) == 1


def test_activities_are_not_read_for_a_resource_that_is_gone(blocked):
    blocked.operator.cluster.delete()
    blocked.operator.settle()
    before = len(blocked.operator.sim.calls())
    blocked.operator.sim.advance(minutes=30)

    assert list(blocked.operator.scaling_activities.tick()) == []
    assert len(blocked.operator.sim.calls()) == before
