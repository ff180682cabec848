"""All that may happen in a life: as a strategy, and each kind once."""

from collections.abc import Iterator

from hypothesis import strategies as st

from tests.property.lives.faults import EFFECTS, ONCE, Chaos, Fault, Limit, Miss, Shortage, Status, Traffic
from tests.property.lives.hands import (
    Delete,
    FailKubernetes,
    ForceWeights,
    Kill,
    LoseStatus,
    Relocate,
    Replace,
    RequestReconcile,
    Stop,
)
from tests.property.lives.people import DeleteEndpoint, DeleteOurs, Disown, Redeploy, Retag, Steer, TakeName
from tests.property.lives.scaling_hands import (
    DeleteAlarm,
    DeletePolicy,
    Deregister,
    PutPolicy,
    PutSteps,
    Register,
    Schedule,
    Suspend,
    TouchAction,
)
from tests.property.lives.sketch import IMAGE, ROLE
from tests.property.lives.specs import MODELS, TYPES
from tests.property.lives.world import Happening

_KINDS = ("endpoint", "endpoint-config", "model")
_TAKEN = ("cluster", "name", "all", "another")
_LOST = ("finalizers", "annotations", "both")
_MADE = ("capture", "volume", "timeout", "routing", "model", "variants")
_SUSPENDED = ("", "in", "out", "scheduled")
_ALARMS = ("ours", "tracking")
_TOUCHED = ("delete", "schedule", "bounds")
_POLICIES = ("theirs", "invocations")
_POLICY_KINDS = ("StepScaling", "TargetTrackingScaling")
_PASSING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Migrating")
_LASTING = ("Failed", "OutOfService", "UpdateRollbackFailed")
_THINGS = (
    ("role", ROLE),
    ("image", IMAGE),
    ("capacity", TYPES[0]),
    *(("object", f"s3://bucket/{name}/model.tar.gz") for name in MODELS),
)
_ALL_TYPES = "Number of instances across active endpoints"
_OPERATIONS = (
    *("*", "*", "Describe*", "List*", "*Endpoint", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"),
    *("UpdateEndpoint", "UpdateEndpoint*", "*Capacities", "Delete*", "DescribeEndpoint", "ListTags"),
    *(
        "DescribeEndpointConfig",
        "DescribeScal*",
        "*ScalableTarget",
        "*ScalingPolicy",
        "AddTags",
        "*Scheduled*",
    ),
)

_PLACES = st.integers(0, 3)
_BOTH_TYPES = st.sampled_from(TYPES[:2])

_TO_THE_RESOURCE = st.one_of(
    st.builds(Kill),
    st.builds(Delete),
    st.builds(RequestReconcile),
    st.builds(ForceWeights, st.sampled_from([0, 0, 1])),
    st.builds(Replace, st.sampled_from(_LOST)),
    st.builds(LoseStatus, st.booleans()),
    st.builds(Relocate),
    st.builds(Stop, st.sampled_from([20.0, 400.0, 4000.0])),
    st.builds(FailKubernetes, st.integers(1, 4), st.booleans()),
)
_TO_OBJECTS = st.one_of(
    st.builds(Disown, st.sampled_from(_KINDS), st.sampled_from(_TAKEN)),
    st.builds(Retag, st.sampled_from(["team", "theirs"]), st.sampled_from(["x", None])),
    st.builds(DeleteOurs, st.sampled_from(_KINDS[1:]), st.none() | st.integers(0, 2)),
    st.builds(DeleteEndpoint, st.booleans()),
    st.builds(TakeName, st.sampled_from(_KINDS)),
    st.builds(Redeploy, st.sampled_from(_MADE)),
    st.builds(Steer, _PLACES, weight=st.sampled_from([0, 7, 100]), at_once=st.booleans()),
    st.builds(Steer, _PLACES, count=st.integers(1, 5), at_once=st.booleans()),
)
_TO_SCALING = st.one_of(
    st.builds(Register, _PLACES, st.integers(1, 2), st.integers(2, 5), st.sampled_from(_SUSPENDED)),
    st.builds(Deregister, _PLACES),
    st.builds(PutPolicy, _PLACES, st.sampled_from(_POLICIES), st.sampled_from(_POLICY_KINDS)),
    st.builds(DeletePolicy, _PLACES, st.sampled_from([*_POLICIES, "requests"])),
    st.builds(Schedule, _PLACES, st.none() | st.integers(1, 30), st.integers(1, 3)),
    st.builds(PutSteps, _PLACES),
    st.builds(
        Suspend,
        _PLACES,
        st.lists(st.sampled_from(_SUSPENDED[1:]), min_size=1, unique=True).map(tuple),
        st.booleans(),
    ),
    st.builds(DeleteAlarm, st.sampled_from(_ALARMS), st.integers(0, 3)),
    st.builds(TouchAction, _PLACES, st.sampled_from(_TOUCHED)),
)
_FAULTS = st.one_of(
    st.builds(
        Fault,
        st.sampled_from(sorted(EFFECTS.keys() - ONCE)),
        st.sampled_from([1, 1, 2, 6, None]),
        st.sampled_from(_OPERATIONS),
        st.sampled_from([None, True, False]),
    ),
    st.builds(Fault, st.sampled_from(sorted(EFFECTS.keys() - ONCE))),
    st.builds(Fault, st.sampled_from(sorted(ONCE))),
)
_IN_AWS = st.one_of(
    st.builds(Chaos, st.booleans(), st.booleans(), st.booleans()),
    st.sampled_from(_THINGS).map(lambda thing: Miss(*thing)),
    st.builds(Shortage, _BOTH_TYPES, st.sampled_from([200.0, 2000.0])),
    st.builds(Limit, _BOTH_TYPES | st.just(_ALL_TYPES), st.integers(0, 5)),
    st.builds(Traffic, st.sampled_from([100, 1000])),
    st.builds(Status, st.sampled_from(_PASSING), st.sampled_from([30.0, 200.0, 900.0])),
    st.builds(Status, st.sampled_from(_LASTING)),
)

HAPPENINGS = st.one_of(
    st.builds(Kill), _TO_THE_RESOURCE, _TO_OBJECTS, _TO_OBJECTS, _TO_SCALING, _FAULTS, _FAULTS, _IN_AWS
)


def _each() -> Iterator[Happening]:
    yield from (Kill(), Delete(), RequestReconcile(), ForceWeights(0), Relocate(), Stop(4000.0))
    yield from (Replace(lost) for lost in _LOST)
    yield from (LoseStatus(newer=False), LoseStatus(newer=True))
    yield from (FailKubernetes(2, lost_answers=False), FailKubernetes(2, lost_answers=True))
    yield from (Disown(kind, how) for kind in _KINDS for how in _TAKEN)
    yield from (Retag("team", "x"), Retag("theirs", "x"), DeleteEndpoint(at_once=True), DeleteEndpoint())
    yield from (DeleteOurs(kind) for kind in _KINDS[1:])
    yield from (TakeName(kind) for kind in _KINDS)
    yield from (Redeploy(what) for what in _MADE)
    yield from (Steer(0, weight=7), Steer(0, count=3), Steer(0, weight=7, count=3, at_once=True))
    yield from (Register(1, 2, 3, suspended) for suspended in _SUSPENDED)
    yield from (Deregister(1), DeletePolicy(1, "invocations"), Schedule(1, None, 2), Schedule(1, 5, 2))
    yield from (
        PutSteps(1),
        Suspend(1, ("in", "scheduled")),
        Suspend(1, ("in", "out", "scheduled"), value=False),
    )
    yield from (DeleteAlarm(whose) for whose in _ALARMS)
    yield from (TouchAction(1, how) for how in _TOUCHED)
    yield from (PutPolicy(1, name, kind) for name in _POLICIES for kind in _POLICY_KINDS)
    yield from (Fault(name, count=1 if name in ONCE else 3) for name in sorted(EFFECTS))
    yield from (Chaos(stale=True, lost=True, throttling=True), Shortage(TYPES[0], 2000.0), Traffic(1000))
    yield from (Miss(thing, name) for thing, name in _THINGS)
    yield from (Limit(TYPES[0], 0), Limit(_ALL_TYPES, 0))
    yield from (Status(status, 200.0) for status in _PASSING)
    yield from (Status(status) for status in _LASTING)


EACH = tuple(_each())
