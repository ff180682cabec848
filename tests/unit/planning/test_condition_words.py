"""What each condition says, and why, in the states that an endpoint can be in."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.conditions import ConditionDraft, draft_conditions
from sagemaker_ab.planning.observed import EndpointStatus, ObservedVariant
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.state import EndpointState
from tests.unit.planning.worlds import AUTOSCALING, nothing, planned, spec, want, with_variant, world

WANTED = want(spec())
SCALING = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))
OTHER_MODEL = want(with_variant(spec(), "VariantA", model="bert-b"))
OTHER_WEIGHT = want(with_variant(spec(), "VariantA", weight=10))


def drafts(wanted, observed, *, problem=None, plan=None, **changes):
    plan = plan or planned(wanted, observed)
    found = draft_conditions(wanted, observed, plan, problem, remembered=Remembered(), **changes)
    return {draft.type: draft for draft in found}


def said(draft):
    return draft.status, draft.reason, draft.message


READY = (True, Reason.IN_SERVICE, "The endpoint is in service as the spec asks")


def progress(wanted, observed, **changes):
    """What Ready says while the resource makes progress; Reconciling says the same."""
    found = drafts(wanted, observed, **changes)
    _, reason, message = said(found["Ready"])
    assert found["Ready"] == ConditionDraft("Ready", status=False, reason=reason, message=message)
    assert found["Reconciling"] == ConditionDraft("Reconciling", status=True, reason=reason, message=message)
    assert "Stalled" not in found
    return reason, message


def variants(**changes):
    return tuple(replace(variant, **changes) for variant in world(WANTED).endpoint.variants)


# Ready and Reconciling


def test_an_endpoint_as_the_spec_asks():
    found = drafts(WANTED, world(WANTED))

    assert list(found) == ["Ready", "EndpointInService", "WeightsApplied"]
    assert said(found["Ready"]) == READY
    assert said(found["EndpointInService"]) == (True, Reason.IN_SERVICE, "The endpoint answers requests")
    assert said(found["WeightsApplied"]) == (True, Reason.APPLIED, "Traffic is split as the spec asks")


def test_what_is_sent_next_is_named():
    assert progress(OTHER_WEIGHT, world(WANTED)) == (
        Reason.PROGRESSING,
        "Next: set weights VariantA=10, VariantB=50.",
    )


def test_what_waits_is_named_beside_what_is_sent_next():
    """VariantB must have its instances before it gets the traffic of VariantA."""
    before = want(with_variant(spec(), "VariantA", weight=90, instanceCount=4))
    after = want(
        with_variant(
            with_variant(spec(), "VariantA", weight=10, instanceCount=1),
            "VariantB",
            weight=90,
            instanceCount=4,
        )
    )

    reason, message = progress(after, world(before))

    assert reason is Reason.PROGRESSING
    assert message.startswith("Next: set the instance count of VariantB to 4. Waiting to set weights ")
    assert (
        "VariantB has 1 of 4 instances in service. Waiting to set the instance count of VariantA to 1: "
        in (message)
    )
    assert message.endswith(".")


def test_where_everything_waits_nothing_is_next():
    held = replace(planned(OTHER_WEIGHT, world(WANTED)).steps[0], held="of a test")
    plan = replace(planned(OTHER_WEIGHT, world(WANTED)), adjustments=(held,))

    assert progress(OTHER_WEIGHT, world(WANTED), plan=plan) == (
        Reason.PROGRESSING,
        "Waiting to set weights VariantA=10, VariantB=50: of a test.",
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (EndpointStatus.CREATING, (Reason.CREATING, "AWS is creating the endpoint")),
        (EndpointStatus.DELETING, (Reason.DELETING, "AWS is deleting the endpoint")),
        (
            EndpointStatus.UNKNOWN,
            (
                Reason.ENDPOINT_FAILED,
                "AWS reports the endpoint in a status that this version does not know",
            ),
        ),
    ],
)
def test_an_endpoint_that_comes_or_goes(status, expected):
    assert progress(WANTED, world(WANTED, status=status)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (EndpointStatus.UPDATING, (Reason.UPDATING, "AWS reports the endpoint Updating")),
        (EndpointStatus.SYSTEM_UPDATING, (Reason.UPDATING, "AWS reports the endpoint SystemUpdating")),
        (EndpointStatus.ROLLING_BACK, (Reason.ROLLING_BACK, "AWS reports the endpoint RollingBack")),
    ],
)
def test_an_endpoint_at_which_aws_works_is_not_ready_while_it_differs(status, expected):
    busy = world(WANTED, status=status)

    assert progress(OTHER_WEIGHT, busy) == expected
    assert progress(WANTED, world(WANTED, status=status, pending_config_name="next")) == expected
    assert said(drafts(WANTED, busy)["Ready"]) == READY


@pytest.mark.parametrize("late", [{"current_weight": 1.0}, {"current_count": 2}], ids=["weights", "counts"])
def test_what_aws_was_asked_for_and_has_not_applied_yet_is_waited_for(late):
    assert progress(WANTED, world(WANTED, variants=variants(**late))) == (
        Reason.UPDATING,
        "Waiting for AWS to apply weights and instance counts",
    )


def test_the_result_of_an_update_that_no_read_shows_is_waited_for():
    plan = replace(planned(WANTED, world(WANTED)), state=EndpointState.UNPROVEN)

    assert progress(WANTED, world(WANTED), plan=plan) == (
        Reason.PENDING,
        "Waiting for AWS to show the result of the update",
    )


def test_a_read_that_may_be_older_than_the_newest_write_is_not_called_ready():
    assert progress(WANTED, world(WANTED), awaiting_consistency=True) == (
        Reason.PENDING,
        "Waiting for AWS to show the result of an earlier change",
    )
    reason, _ = progress(OTHER_WEIGHT, world(WANTED), awaiting_consistency=True)
    assert reason is Reason.PROGRESSING


# Problems


def test_a_problem_that_stalls_is_ready_false_and_stalled_true():
    found = drafts(WANTED, nothing(), problem=Problem(Reason.REFUSED, "no such role"))

    assert said(found["Ready"]) == (False, Reason.REFUSED, "no such role")
    assert said(found["Stalled"]) == (True, Reason.REFUSED, "no such role")
    assert "Reconciling" not in found


def test_a_problem_that_passes_is_reconciling():
    found = drafts(WANTED, nothing(), problem=Problem(Reason.RETRYING, "Rate exceeded", stalled=False))

    assert said(found["Reconciling"]) == (True, Reason.RETRYING, "Rate exceeded")
    assert "Stalled" not in found


@pytest.mark.parametrize(
    ("reason", "ways_out"),
    [
        (
            Reason.QUOTA_EXCEEDED,
            (
                " Ask for a smaller count, or lower another variant first in a change of its own"
                " where one quota serves both."
            ),
        ),
        (Reason.REFUSED, ""),
    ],
)
def test_a_problem_names_what_waits_for_it_and_for_a_quota_the_ways_out(reason, ways_out):
    held = replace(planned(OTHER_WEIGHT, world(WANTED)).steps[0], held="of a test")
    plan = replace(planned(OTHER_WEIGHT, world(WANTED)), adjustments=(held,))
    found = drafts(OTHER_WEIGHT, world(WANTED), problem=Problem(reason, "AWS said no."), plan=plan)

    waiting = "Waiting to set weights VariantA=10, VariantB=50: of a test."
    assert found["Stalled"].message == f"AWS said no. {waiting}{ways_out}"


# EndpointInService


@pytest.mark.parametrize("status", list(EndpointStatus))
def test_whether_the_endpoint_answers(status):
    found = drafts(WANTED, world(WANTED, status=status))["EndpointInService"]

    if status.serving:
        assert said(found) == (True, Reason.IN_SERVICE, "The endpoint answers requests")
    else:
        reasons = {EndpointStatus.CREATING: Reason.CREATING, EndpointStatus.DELETING: Reason.DELETING}
        reason = reasons.get(status, Reason.ENDPOINT_FAILED)
        assert said(found) == (False, reason, f"AWS reports the endpoint {status}")


def test_without_an_endpoint_nothing_is_in_service_and_nothing_is_applied():
    found = drafts(SCALING, nothing())

    assert said(found["EndpointInService"]) == (
        False,
        Reason.ENDPOINT_MISSING,
        "This resource has no endpoint in AWS",
    )
    assert said(found["WeightsApplied"]) == NOT_APPLIED
    assert said(found["AutoscalingApplied"]) == NOT_SCALED


NOT_APPLIED = (False, Reason.PENDING, "The weights in AWS are not yet the intended ones")
NOT_SCALED = (False, Reason.PENDING, "Autoscaling is not yet as the spec asks")


# WeightsApplied and AutoscalingApplied


@pytest.mark.parametrize("member", ["current_weight", "desired_weight"])
def test_weights_are_applied_once_both_the_current_and_the_desired_ones_are_intended(member):
    found = drafts(WANTED, world(WANTED, variants=variants(**{member: 1.0})))

    assert said(found["WeightsApplied"]) == NOT_APPLIED


def test_weights_are_not_applied_while_the_set_of_variants_differs():
    more = (*world(WANTED).endpoint.variants, ObservedVariant("VariantC", 1.0, 1.0, 1, 1))

    assert said(drafts(WANTED, world(WANTED, variants=more))["WeightsApplied"]) == NOT_APPLIED


def test_autoscaling_is_applied_once_targets_and_policies_are_as_asked():
    assert said(drafts(SCALING, world(SCALING))["AutoscalingApplied"]) == (
        True,
        Reason.APPLIED,
        "Autoscaling is as the spec asks",
    )
    without = replace(world(SCALING), targets={})
    assert said(drafts(SCALING, without)["AutoscalingApplied"]) == NOT_SCALED


def test_a_target_that_differs_is_not_applied():
    live = world(SCALING)
    wider = {"VariantB": replace(live.targets["VariantB"], max_capacity=9)}

    assert said(drafts(SCALING, replace(live, targets=wider))["AutoscalingApplied"]) == NOT_SCALED


def test_a_fleet_of_another_model_is_no_progress_to_call_ready():
    reason, message = progress(OTHER_MODEL, world(WANTED))

    assert reason is Reason.PROGRESSING
    assert message.startswith("Next: create model ")


# A policy that only a person can free


def blocked_by_a_foreign_policy(**changes):
    """VariantB's policy is not there, and somebody else's tracks its metric."""
    live = world(SCALING, **changes)
    target = live.targets["VariantB"]
    return replace(
        live, targets={"VariantB": replace(target, policies={"theirs": target.policies["invocations"]})}
    )


def test_a_policy_that_a_foreign_one_blocks_is_stalled_and_says_the_ways_out():
    found = drafts(SCALING, blocked_by_a_foreign_policy())

    assert found["Ready"].status is False
    status, reason, message = said(found["Stalled"])
    assert (status, reason) == (True, Reason.FOREIGN_SCALING)
    assert message.startswith("Waiting to put scaling policy invocations on VariantB: scaling policy theirs")
    assert message.endswith("Delete it, or set foreignScaling to Remove.")


def test_what_else_is_to_do_goes_on_and_is_reported_first():
    moved = drafts(SCALING, blocked_by_a_foreign_policy(variants=variants(desired_weight=7.0)))

    assert "Stalled" not in moved
    assert said(moved["Reconciling"])[1] is Reason.PROGRESSING


def test_parts_of_a_target_that_the_spec_does_not_have_are_named():
    live = world(SCALING)
    target = replace(live.targets["VariantB"], suspended={"DynamicScalingInSuspended": True})

    found = drafts(SCALING, replace(live, targets={"VariantB": target}))["AutoscalingApplied"]

    assert (found.status, found.reason) == (False, Reason.FOREIGN_SCALING)
    assert found.message == (
        "AWS has what the spec does not have, and the operator leaves it alone."
        " VariantB: scaling in is suspended"
    )
