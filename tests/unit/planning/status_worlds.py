"""What a reconcile has gathered, and the status that reports it at nine in the morning."""

from dataclasses import replace
from datetime import UTC, datetime

from sagemaker_ab.api.status import Status
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.status import Gathered, report
from tests.unit.planning.worlds import AUTOSCALING, planned, spec, want, with_variant

WANTED = want(spec())
SCALING = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


def gathered(observed, wanted=WANTED, **changes):
    found = Gathered(
        account="123456789012",
        region="us-east-1",
        traffic=TrafficStatus(strategy="Manual"),
        desired=wanted,
        observed=observed,
        plan=planned(wanted, observed, deployment=changes.get("deployment")),
        remembered=Remembered(deployment=changes.pop("deployment", None)),
    )
    return replace(found, **changes)


def reported(observed, wanted=WANTED, before=None, now=MORNING, **changes):
    return report(before or Status(), 3, gathered(observed, wanted, **changes), now=now)
