"""Where the AWS objects of a resource are: account and region, pinned before the first write."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.status import Status
from sagemaker_ab.planning.problem import Problem


def location_changed(status: Status, *, account: str, region: str | None) -> Problem | None:
    """Return a problem if account or region differ from those in which the objects were created.

    `account` is that of the operator's credentials, `region` that of the spec, None if it names none.
    """
    if status.account in {None, account} and not (region and status.region not in {None, region}):
        return None
    pinned = f"account {status.account}, region {status.region}"
    message = f"the endpoint was created in {pinned}; the operator now works in account {account}"
    return Problem(Reason.LOCATION_CHANGED, message)
