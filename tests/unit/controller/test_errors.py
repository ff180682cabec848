"""Which problem a failure of AWS is to the user."""

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import Failure, FailureKind
from sagemaker_ab.controller.errors import to_problem
from sagemaker_ab.planning.problem import Problem

WORDS = "CreateModel was refused: the words of AWS"


def problem(kind, *, failures=0):
    return to_problem(Failure(kind, "Code", "the words of AWS"), WORDS, failures=failures)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FailureKind.DENIED, Reason.ACCESS_DENIED),
        (FailureKind.QUOTA, Reason.QUOTA_EXCEEDED),
        (FailureKind.REFUSED, Reason.REFUSED),
    ],
)
def test_a_refusal_stalls_the_resource_at_once(kind, reason):
    assert problem(kind) == Problem(reason, WORDS, stalled=True)


def test_a_transient_failure_is_retried_and_does_not_stall():
    assert problem(FailureKind.TRANSIENT) == Problem(Reason.RETRYING, WORDS, stalled=False, transient=True)


def test_an_object_that_is_not_found_may_have_been_created_a_moment_ago():
    assert problem(FailureKind.GONE, failures=2) == Problem(
        Reason.RETRYING, WORDS, stalled=False, transient=True
    )


def test_an_object_that_is_not_found_time_and_again_does_not_exist():
    assert problem(FailureKind.GONE, failures=3) == Problem(Reason.REFUSED, WORDS, stalled=True)
