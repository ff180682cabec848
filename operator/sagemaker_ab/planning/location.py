"""Where the AWS objects of a resource are: account and region, pinned before the first write."""

from dataclasses import dataclass

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import ACCOUNT, REGION
from sagemaker_ab.planning.problem import Problem


@dataclass(frozen=True, slots=True)
class Location:
    """Account and region, None where they are not pinned yet."""

    account: str | None
    region: str | None

    def problem(self, *, account: str, region: str | None) -> Problem | None:
        """Return a problem if account or region differ from the pinned ones.

        `account` is that of the operator's credentials, `region` that of the spec, None if it names none.
        """
        same_account = self.account in {None, account}
        if same_account and (region is None or self.region in {None, region}):
            return None
        pinned = f"account {self.account}, region {self.region}"
        message = (
            f"the endpoint was created in {pinned} (see the annotations {ACCOUNT} and {REGION}, and"
            f" the status); the operator now works in account {account}"
        )
        return Problem(Reason.LOCATION_CHANGED, message)
