"""One resource in the hands of one pass: what was read of it, and how its status and events are written."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.resource import FINALIZER, RECONCILE_REQUESTED_AT
from sagemaker_ab.api.status import Status
from sagemaker_ab.controller.backoff import until_retry
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.services import Services
from sagemaker_ab.kube.client import Object
from sagemaker_ab.planning.events import notices
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.status import report_trouble


@dataclass(slots=True)
class Case:
    """`resource` is the newest version that this pass has read or written, `status` its status."""

    services: Services
    resource: Object
    memory: Memory
    status: Status = field(init=False)

    def __post_init__(self) -> None:
        self.status = _readable(self.resource.get("status", {}))

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
    def ready(self) -> bool:
        """Whether status calls the spec of now fulfilled."""
        conditions = {condition.type: condition.status for condition in self.status.conditions or ()}
        current = self.status.observed_generation == self.generation
        return current and conditions.get(ConditionType.READY) == "True"

    @property
    def owner(self) -> Owner:
        namespace, name = self.key
        return Owner(self.services.cluster_id, namespace, name, self.resource["metadata"]["uid"])

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
        before, self.status = self.status, status
        self.resource = self.services.kube.apply_status(self.resource, told)
        for notice in notices(before, status):
            self.services.events.record(self.resource, notice.kind, notice.reason, notice.message)

    def tell_trouble(self, trouble: Trouble) -> None:
        """Write what keeps the pass from reading AWS, or what a deletion waits for."""
        self.tell(report_trouble(self.status, self.generation, trouble, now=datetime.now(UTC)))

    def set_back(self, matter: str, trouble: Trouble) -> float:
        """Remember a trouble; return the seconds until it may be faced again."""
        wait = until_retry(self.services.settings, trouble, self.memory.failures(matter) + 1)
        quiet_until = self.services.local_clock() + wait
        self.memory.note_setback(matter, trouble, quiet_until=quiet_until)
        return wait

    def quiet(self, phase: Phase) -> bool:
        """Tell whether a phase met trouble so lately that it is left alone."""
        return self.memory.quiet(phase.identity, self.services.local_clock())


def _readable(status: Object) -> Status:
    """Read a status but for those of its fields that another version of the operator wrote unreadably.

    One of them must not hide where the endpoint is.
    """
    try:
        return Status.model_validate(status)
    except ValidationError as error:
        unreadable = {fault["loc"][0] for fault in error.errors()}
        return Status.model_validate({key: status[key] for key in status.keys() - unreadable})
