"""A run that was recorded in other processes is judged as one in this process, but for what came late."""

import copy
import json

import pytest

from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import judged
from sandbox.safety.resources import Version
from tests.unit.safety.stage import OPERATOR, Stage, fixed, scaled, spec

BOUNDS = Bounds.of_processes(speed=1)
SHIFTED = spec(fixed("VariantA", weight=100, count=2), scaled("VariantB", weight=0))


class Recording:
    """A stage of which every version of the resource is kept, with the time by the operator's clock."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.versions: list[Version] = []
        self._changed, self.stage.monitor.changed = self.stage.monitor.changed, self._keep
        self.stage.deploy()
        self.restarts: list[float] = []

    def _keep(self, resource, *, gone=False):
        self._changed(resource, gone=gone)
        now = self.now
        self.versions.append(Version(copy.deepcopy(resource), now - BOUNDS.lag, now, gone=gone))

    @property
    def now(self) -> float:
        return self.stage.aws.engine.clock.now()

    def judge(self, *, later_bounds=()):
        recorded = json.loads(json.dumps(self.stage.aws.gateway.recorder.since(0)))
        judge = judged(
            recorded,
            self.versions,
            self.restarts,
            bounds=[(0.0, BOUNDS), *later_bounds],
            access_keys={OPERATOR},
        )
        return [violation.rule for violation in judge.violations]


@pytest.fixture
def recording():
    return Recording()


def test_a_deployment_as_it_should_be_is_right(recording):
    assert recording.judge() == []


def test_what_was_wrong_at_the_time_is_found_afterwards(recording):
    recording.stage.apply(SHIFTED)
    recording.stage.aws.advance(seconds=10)
    recording.stage.weigh(VariantA=100, VariantB=0)
    recording.stage.settle()
    recording.stage.count("VariantA", 2)

    assert recording.judge() == ["S1"]


def test_a_reconcile_that_began_before_a_change_may_act_on_the_spec_before(recording):
    recording.stage.apply(SHIFTED)
    recording.stage.aws.advance(seconds=1)
    recording.stage.weigh(VariantA=100, VariantB=0)

    assert recording.judge() == []


def test_an_operator_that_has_reported_a_generation_knows_it(recording):
    recording.stage.apply(SHIFTED)
    recording.stage.write_status(ready=False)
    recording.stage.aws.advance(seconds=1)
    recording.stage.weigh(VariantA=100, VariantB=0)

    assert recording.judge() == ["S1"]


def test_a_change_of_which_the_monitor_hears_late_may_have_come_in_time(recording):
    recording.stage.apply(SHIFTED)
    recording.stage.aws.advance(seconds=10)
    recording.stage.weigh(VariantA=100, VariantB=0)
    recording.stage.aws.advance(seconds=0.5)
    recording.stage.apply(spec(fixed("VariantA", weight=100), scaled("VariantB", weight=0)))

    assert recording.judge() == []


def test_a_finalizer_of_which_the_monitor_hears_after_the_first_write_is_in_time():
    stage = Stage()
    stage.apply(spec())
    stage.read()
    stage.create_model("bert-a")
    now = stage.aws.engine.clock.now()
    bare = copy.deepcopy(stage.resource)
    stage.aws.advance(seconds=0.5)
    stage.pin()
    heard = stage.aws.engine.clock.now()
    versions = [
        Version(bare, now - BOUNDS.lag, now),
        Version(copy.deepcopy(stage.resource), heard - BOUNDS.lag, heard),
    ]
    recorded = stage.aws.gateway.recorder.since(0)
    judge = judged(recorded, versions, [], bounds=[(0.0, BOUNDS)], access_keys={OPERATOR})

    assert stage.found() == ["S7"]
    assert judge.violations == []


def test_a_restart_is_known_by_its_time(recording):
    for _ in range(2):
        recording.stage.aws.fault({"denied": True}, match={"write": True})
        recording.stage.weigh(VariantA=50, VariantB=50)
        recording.stage.aws.advance(seconds=10)
        recording.restarts.append(recording.now)

    assert recording.judge() == []
    recording.restarts.clear()
    assert recording.judge() == ["S9"]


def test_calls_with_another_key_are_not_judged(recording):
    recording.stage.apply(SHIFTED)
    recording.stage.aws.advance(seconds=10)
    person = recording.stage.aws.client("sagemaker", access_key="AKIASANDBOXPERSON")
    changes = [{"VariantName": "VariantA", "DesiredWeight": 100}]
    person.update_endpoint_weights_and_capacities(EndpointName="reviews", DesiredWeightsAndCapacities=changes)

    assert recording.judge() == []


def test_a_request_that_came_right_after_the_refusal_clears_the_wait(recording):
    stage = recording.stage
    stage.aws.fault({"denied": True}, match={"write": True})
    stage.weigh(VariantA=50, VariantB=50)
    stage.aws.advance(seconds=0.5)
    stage.apply(spec(), reconcile_requested_at="now")
    stage.weigh(VariantA=50, VariantB=50)

    assert recording.judge() == []


def test_bounds_that_come_later_hold_from_their_time_on(recording):
    """A config that nothing uses is deleted 100 s after the endpoint was read, on AWS's clock."""
    stage = recording.stage
    stage.create_config("second", spec())
    stage.read()
    stage.aws.advance(seconds=100)
    at = recording.now
    stage.aws.advance(seconds=1)
    stage.sagemaker.delete_endpoint_config(EndpointConfigName="second")
    fast = Bounds.of_processes(speed=1000)

    assert recording.judge() == ["S4"]
    assert recording.judge(later_bounds=[(at, fast)]) == []
    assert recording.judge(later_bounds=[(at + 10, fast)]) == ["S4"]
