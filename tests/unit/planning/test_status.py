"""What status says about what a reconcile has gathered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.status import Metrics, Status, VariantMetrics
from sagemaker_ab.planning.deployment import DeploymentState, request
from sagemaker_ab.planning.events import draft_events
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.records import deployment_of
from sagemaker_ab.planning.status import report_problem
from sagemaker_ab.planning.variant_metrics import Reading
from tests.unit.planning.status_worlds import MORNING, SCALING, WANTED, reported
from tests.unit.planning.worlds import nothing, spec, want, with_variant, world


def condition(status, kind):
    return next((c for c in status.conditions if c.type == kind), None)


def summary(status):
    return {
        kind: condition(status, kind).status
        for kind in ("Ready", "Reconciling", "Stalled")
        if condition(status, kind)
    }


def test_an_endpoint_as_asked_is_ready_and_nothing_else():
    assert summary(reported(world(WANTED))) == {"Ready": "True"}


def test_every_condition_speaks_of_the_generation_it_was_found_for():
    status = reported(world(WANTED))

    assert status.observed_generation == 3
    assert {c.observed_generation for c in status.conditions} == {3}


@pytest.mark.parametrize(
    "observed",
    [
        nothing(),
        world(WANTED, status=EndpointStatus.CREATING),
        world(WANTED, status=EndpointStatus.UPDATING, pending_config_name="next"),
        world(WANTED, status=EndpointStatus.UNKNOWN),
        world(want(with_variant(spec(), "VariantA", weight=1))),
        world(want(with_variant(spec(), "VariantA", instanceCount=2))),
        world(want(with_variant(spec(), "VariantA", model="bert-b"))),
    ],
    ids=["absent", "creating", "deploying", "newer", "weights", "counts", "model"],
)
def test_what_is_not_yet_as_asked_is_reconciling(observed):
    assert summary(reported(observed)) == {"Ready": "False", "Reconciling": "True"}


def test_weights_asked_for_but_not_arrived_are_not_applied():
    arriving = tuple(replace(v, current_weight=1.0) for v in world(WANTED).endpoint.variants)

    status = reported(world(WANTED, status=EndpointStatus.UPDATING, variants=arriving))

    assert condition(status, "WeightsApplied").status == "False"
    assert summary(status) == {"Ready": "False", "Reconciling": "True"}


def test_the_autoscalers_own_work_leaves_the_resource_ready():
    """Else every scaling activity would hold up a Helm wait or an Argo CD wave."""
    scaling = tuple(
        replace(v, desired_count=3) if v.name == "VariantB" else v for v in world(SCALING).endpoint.variants
    )

    status = reported(world(SCALING, status=EndpointStatus.UPDATING, variants=scaling), SCALING)

    assert summary(status) == {"Ready": "True"}


def test_somebody_elses_endpoint_is_stalled_and_not_described():
    status = reported(world(WANTED, tags={}))

    assert summary(status) == {"Ready": "False", "Stalled": "True"}
    assert condition(status, "Ready").reason == Reason.NOT_OWNED
    assert status.endpoint is None
    assert status.variants is None


def test_somebody_elses_endpoint_is_not_reported_as_ours():
    status = reported(world(WANTED, tags={}))

    assert condition(status, "EndpointInService").status == "False"
    assert condition(status, "WeightsApplied").status == "False"
    assert (status.summary, status.account) == (None, None)


def test_a_problem_is_reported_in_awss_words():
    status = reported(nothing(), problem=Problem(Reason.REFUSED, "The execution role ARN is invalid"))

    assert condition(status, "Stalled").message == "The execution role ARN is invalid"


def test_a_transient_problem_does_not_stall():
    problem = Problem(Reason.RETRYING, "Rate exceeded", stalled=False)

    assert summary(reported(nothing(), problem=problem)) == {"Ready": "False", "Reconciling": "True"}


def test_autoscaling_is_a_condition_only_where_it_is_asked_for():
    assert condition(reported(world(WANTED)), "AutoscalingApplied") is None
    assert condition(reported(world(SCALING), SCALING), "AutoscalingApplied").status == "True"
    unscaled = replace(world(SCALING), targets={})
    assert condition(reported(unscaled, SCALING), "AutoscalingApplied").status == "False"


def test_a_condition_dates_from_when_its_status_flipped():
    first = reported(nothing())
    still = reported(
        world(WANTED, status=EndpointStatus.CREATING), before=first, now=MORNING + timedelta(minutes=1)
    )
    ready = reported(world(WANTED), before=still, now=MORNING + timedelta(minutes=5))

    assert condition(still, "Ready").last_transition_time == MORNING
    assert condition(ready, "Ready").last_transition_time == MORNING + timedelta(minutes=5)


def test_nothing_changed_is_nothing_to_write():
    first = reported(world(WANTED))

    assert reported(world(WANTED), before=first, now=MORNING + timedelta(hours=1)) == first


def test_account_and_region_are_pinned_before_the_first_write_and_stay():
    assert reported(nothing()).account == "123456789012"
    pinned = Status(account="999999999999", region="eu-west-1")
    assert reported(world(WANTED), before=pinned).account == "999999999999"


def test_shares_are_those_of_the_traffic_now():
    thirds = want(with_variant(spec(), "VariantB", weight=100))

    assert reported(world(thirds), thirds).summary == "VariantA=33.3% VariantB=66.7%"


def test_bounds_of_a_variant_that_scales_stand_beside_its_counts():
    instances = reported(world(SCALING), SCALING).variants[1].instances

    assert (instances.current, instances.min, instances.max) == (1, 1, 4)


def test_a_variant_is_described_with_what_is_asked_for_and_what_is_there():
    moving = replace(
        world(SCALING).endpoint.variants[1],
        current_weight=50.0,
        desired_weight=12.5,
        current_count=2,
        desired_count=3,
        image_digest="sha256:0123",
    )

    (variant,) = reported(world(SCALING, variants=(moving,)), SCALING).variants

    assert variant.model_dump() == {
        "name": "VariantB",
        "model_name": SCALING.variants[1].model_name,
        "image_digest": "sha256:0123",
        "desired_weight": "12.5",
        "current_weight": "50",
        "instances": {"current": 2, "desired": 3, "min": 1, "max": 4},
    }


def test_without_a_config_the_models_of_variants_are_not_known():
    status = reported(replace(world(WANTED), config_in_use=None))

    assert [variant.model_name for variant in status.variants] == [None, None]


def test_an_endpoint_is_described_with_what_it_is_being_updated_to():
    updating = world(
        WANTED, status=EndpointStatus.UPDATING, pending_config_name="next", failure_reason="ping"
    )
    first = reported(updating)
    later = reported(updating, before=first, now=MORNING + timedelta(minutes=1))

    endpoint = later.endpoint
    assert (endpoint.status, endpoint.config_name) == ("Updating", WANTED.config_name)
    assert (endpoint.pending_config_name, endpoint.failure_reason) == ("next", "ping")
    assert endpoint.arn == updating.endpoint.arn
    assert endpoint.since == MORNING
    ended = reported(world(WANTED), before=later, now=MORNING + timedelta(minutes=2))
    assert ended.endpoint.since == MORNING + timedelta(minutes=2)


def test_a_read_that_may_be_older_than_the_newest_write_leaves_the_resource_reconciling():
    status = reported(world(WANTED), awaiting_consistency=True)

    assert summary(status) == {"Ready": "False", "Reconciling": "True"}
    assert condition(status, "Ready").reason == Reason.PENDING


def test_counts_that_the_autoscaler_chose_are_kept_in_status():
    scaled = tuple(replace(v, desired_count=3) for v in world(SCALING).endpoint.variants)
    first = reported(world(SCALING, variants=scaled), SCALING)
    gone = reported(nothing(), SCALING, before=first)

    assert [(each.name, each.count) for each in gone.last_instance_counts] == [("VariantB", 3)]


def test_a_reconcile_request_that_was_honored_is_kept():
    first = reported(world(WANTED), reconcile_requested_at="now")

    assert first.last_handled_reconcile_at == "now"
    assert reported(world(WANTED), before=first).last_handled_reconcile_at == "now"
    assert reported(world(WANTED), before=first).traffic.strategy == "Manual"


def test_a_tag_is_ours_until_it_is_seen_gone():
    tagged = want(spec(tags=[{"key": "team", "value": "a"}]))
    first = reported(world(tagged), tagged)
    leaving = reported(world(tagged), WANTED, before=first)
    left = reported(world(WANTED), WANTED, before=leaving)

    assert [s.endpoint.tag_keys for s in (first, leaving, left)] == [["team"], ["team"], None]


def test_every_tag_may_get_another_key_at_once():
    before = want(spec(tags=[{"key": f"a{n}", "value": "x"} for n in range(45)]))
    after = want(spec(tags=[{"key": f"b{n}", "value": "x"} for n in range(45)]))
    remembered = reported(world(before), before)

    status = reported(world(before), after, before=remembered)

    assert len(status.endpoint.tag_keys) == 90


@pytest.mark.parametrize("state", list(DeploymentState))
def test_the_record_of_a_deployment_survives_in_status(state):
    record = replace(
        request(WANTED, world(WANTED), None), state=state, message="why" if state == "Failed" else ""
    )
    written = reported(world(WANTED, status=EndpointStatus.UPDATING), deployment=record)

    stored = Status.model_validate(written.model_dump(mode="json", by_alias=True, exclude_none=True))

    assert deployment_of(stored) == record


def window(minute, invocations):
    start = MORNING + timedelta(minutes=minute)
    variants = [VariantMetrics(name="VariantA", invocations=invocations)]
    end = start + timedelta(minutes=5)
    return Metrics(window_start=start, window_end=end, period_seconds=300, variants=variants)


def test_metrics_are_written_again_only_with_a_new_number():
    first = reported(world(WANTED), metrics=Reading(window(0, 7)))

    assert reported(world(WANTED), before=first, metrics=Reading(window(5, 7))) == first
    assert reported(world(WANTED), before=first, metrics=Reading(window(5, 8))).metrics == window(5, 8)
    assert reported(world(WANTED), before=first).metrics == window(0, 7)


def test_numbers_of_an_earlier_window_are_kept_and_not_called_available():
    refused = Problem(Reason.ACCESS_DENIED, "not authorized to perform cloudwatch:GetMetricData")
    first = reported(world(WANTED), metrics=Reading(window(0, 7)))
    status = reported(world(WANTED), before=first, metrics=Reading(window(0, 7), refused))
    available = condition(status, "MetricsAvailable")

    assert (available.status, available.reason, available.message) == ("False", *_words(refused))
    assert status.metrics == window(0, 7)
    assert summary(status) == {"Ready": "True"}


def _words(problem):
    return problem.reason, problem.message


def test_a_problem_before_aws_was_read_keeps_what_was_known():
    before = reported(world(WANTED))

    status = report_problem(before, 4, Problem(Reason.INVALID_SPEC, "spec.variants: bad"), now=MORNING)

    assert summary(status) == {"Ready": "False", "Stalled": "True"}
    assert status.observed_generation == 4
    assert status.variants == before.variants
    assert condition(status, "EndpointInService").status == "True"


def test_events_report_readiness_and_each_problem_once():
    absent, ready = reported(nothing()), reported(world(WANTED))
    stalled = reported(nothing(), problem=Problem(Reason.REFUSED, "no such role"))

    assert [n.reason for n in draft_events(absent, ready)] == ["InService"]
    assert list(draft_events(ready, ready)) == []
    assert [(n.kind, n.message) for n in draft_events(absent, stalled)] == [("Warning", "no such role")]
    assert list(draft_events(stalled, stalled)) == []
