"""Account and region are pinned in status and compared with those that the operator works in."""

from datetime import UTC, datetime

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.status import Status
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.location import Location
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.status import Gathered, report
from tests.unit.planning.worlds import nothing, planned, spec, want, world

WANTED = want(spec())
HERE = {"account": "123456789012", "region": "us-east-1"}
FOREIGN = world(WANTED, tags={})


def location(observed: Observed, before: Status) -> tuple[str | None, str | None]:
    """The account and region in the status that a reconcile writes here."""
    found = Gathered(
        **HERE,
        traffic=TrafficStatus(strategy="Manual"),
        desired=WANTED,
        observed=observed,
        plan=planned(WANTED, observed),
    )
    status = report(before, 3, found, now=datetime(2026, 3, 2, 9, tzinfo=UTC))
    return status.account, status.region


@pytest.mark.parametrize("observed", [nothing(), world(WANTED)], ids=["before the first write", "in service"])
def test_account_and_region_of_the_operator_are_pinned(observed):
    assert location(observed, Status()) == ("123456789012", "us-east-1")


@pytest.mark.parametrize("observed", [nothing(), world(WANTED), FOREIGN])
def test_account_and_region_that_are_pinned_stay(observed):
    pinned = Status(account="999999999999", region="eu-west-1")

    assert location(observed, pinned) == ("999999999999", "eu-west-1")


def test_somebody_elses_endpoint_pins_nothing():
    assert location(FOREIGN, Status()) == (None, None)


def test_an_account_that_is_pinned_alone_gets_its_region():
    assert location(FOREIGN, Status(account="999999999999")) == ("999999999999", "us-east-1")


@pytest.mark.parametrize(
    ("pinned", "region"),
    [
        (Location(account=None, region=None), None),
        (Location(account=None, region=None), "us-east-1"),
        (Location(**HERE), None),
        (Location(**HERE), "us-east-1"),
    ],
)
def test_what_is_not_pinned_and_what_is_the_same_is_no_problem(pinned, region):
    assert pinned.problem(account="123456789012", region=region) is None


@pytest.mark.parametrize(
    ("account", "region"),
    [("999999999999", None), ("999999999999", "us-east-1"), ("123456789012", "eu-west-1")],
)
def test_another_account_or_region_stalls_and_names_both(account, region):
    problem = Location(**HERE).problem(account=account, region=region)

    assert (problem.reason, problem.stalled) == (Reason.LOCATION_CHANGED, True)
    assert problem.message.startswith("the endpoint was created in account 123456789012, region us-east-1 ")
    assert problem.message.endswith(f"the operator now works in account {account}")
