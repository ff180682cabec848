"""One resource in the hands of one pass: what was read of it, and how its status and events are written."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from sagemaker_ab.api.resource import FINALIZER, RECONCILE_REQUESTED_AT
from sagemaker_ab.api.status import Status
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.services import Services
from sagemaker_ab.kube.client import Object
from sagemaker_ab.planning.events import notices
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.status import report_trouble
from sagemaker_ab.planning.trouble import Trouble


@dataclass(slots=True)
class Case:
    """`resource` is the newest version that this pass has read or written."""

    services: Services
    resource: Object
    memory: Memory

    @property
    def key(self) -> tuple[str, str]:
        return self.resource["metadata"]["namespace"], self.resource["metadata"]["name"]

    @property
    def generation(self) -> int:
        return int(self.resource["metadata"]["generation"])

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.resource["metadata"]

    @property
    def finalized(self) -> bool:
        return FINALIZER in self.resource["metadata"].get("finalizers", ())

    @property
    def owner(self) -> Owner:
        namespace, name = self.key
        return Owner(self.services.cluster_id, namespace, name, self.resource["metadata"]["uid"])

    @property
    def status(self) -> Status:
        """The status as read; one that another version wrote unreadably counts as none."""
        try:
            return Status.model_validate(self.resource.get("status", {}))
        except ValidationError:
            return Status()

    @property
    def reconcile_requested_at(self) -> str | None:
        """The request to reconcile that no pass has heeded yet."""
        token = self.resource["metadata"].get("annotations", {}).get(RECONCILE_REQUESTED_AT)
        return token if token != self.status.last_handled_reconcile_at else None

    def tell(self, status: Status) -> None:
        """Write the status if it says anything new, and tell people what they would want to know."""
        told = status.model_dump(mode="json", by_alias=True, exclude_none=True)
        if told == self.resource.get("status"):
            return
        before = self.status
        self.resource = self.services.kube.apply_status(self.resource, told)
        for notice in notices(before, status):
            self.services.events.record(self.resource, notice.kind, notice.reason, notice.message)

    def tell_trouble(self, trouble: Trouble) -> None:
        """Write what keeps the pass from reading AWS, or what a deletion waits for."""
        self.tell(report_trouble(self.status, self.generation, trouble, now=datetime.now(UTC)))
