"""What a reconcile has read that decides how a run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.planning.observed import ObservedEndpoint
from sagemaker_ab.planning.run_data import Availability, RunData
from sagemaker_ab.planning.run_minutes import CountsByMinute, newest_complete
from sagemaker_ab.planning.runs.identity import RunTag, run_tag
from sagemaker_ab.planning.weight_history import WeightObservation
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES
from sagemaker_ab.traffic.variant_roles import VariantRoles

_LAG_MINUTES = 2
"""How many complete minutes may be unread in steady state: CloudWatch is read every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMinutes:
    """Counts that were read of a run's minutes from `first` to `until`, and the state of the data."""

    counts: CountsByMinute
    first: int
    until: int
    data: RunData


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The input of a reconcile for a run. Times are seconds on AWS's clock.

    `core` is the hash of what defines the run that the spec asks for; empty while the images of its models
    are not known. `variants` are those of the spec, in its order. `deployed`: the fleet that serves is the
    desired one. `changing` are the variants that serve on another model or instance type than desired.
    `endpoint` is None if it does not exist or is not ours; `read_at` is when its read began. `minutes` is
    None until CloudWatch has answered. `commands` are the annotations by the name of the command. What is
    shown of the evidence is refreshed every `refresh_minutes`. `stays_because` is not empty if the candidate
    must not get more traffic now, whatever the run decides.
    """

    policy: Stepped
    roles: VariantRoles
    core: str
    variants: tuple[str, ...]
    deployed: bool
    endpoint: ObservedEndpoint | None
    read_at: float
    now: float
    minutes: NewMinutes | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    changing: frozenset[str] = frozenset()
    autoscaled: frozenset[str] = frozenset()
    refresh_minutes: int = 5
    stays_because: str = ""

    @property
    def tag(self) -> RunTag | None:
        """What the endpoint remembers of its last run."""
        return run_tag(self.endpoint.tags) if self.endpoint else None

    @property
    def live_weights(self) -> Mapping[str, float] | None:
        """The weights that were last requested of AWS; None if not all variants of the spec serve."""
        found = {each.name: each.desired_weight for each in self.endpoint.variants} if self.endpoint else {}
        weights = {name: found[name] for name in self.variants if name in found}
        return weights if len(weights) == len(self.variants) and any(weights.values()) else None

    @property
    def observation(self) -> WeightObservation | None:
        """The read of the endpoint's weights. They verify nothing while another fleet serves."""
        if self.endpoint is None:
            return None
        return WeightObservation.of(self.endpoint, began=self.read_at, ended=self.now, deployed=self.deployed)

    @property
    def can_start(self) -> bool:
        """Whether a run can start: the desired fleet is in service, and no weight is moving."""
        read = self.observation
        known = bool(self.core) and self.live_weights is not None and not self.date_is_past
        return known and read is not None and read.settled

    @property
    def date_is_past(self) -> bool:
        """Whether AWS's date is certainly wrong, because the endpoint was changed after it."""
        return self.endpoint is not None and self.endpoint.last_modified > self.now + SECONDS_PER_MINUTE

    @property
    def caught_up(self) -> bool:
        """Whether the newest complete minutes were read."""
        return self.minutes is not None and newest_complete(self.now) - self.minutes.until <= _LAG_MINUTES

    @property
    def fresh(self) -> bool:
        """Whether the data lets a run go on, and is time of its hold. Without data, nothing advances."""
        return self.minutes is not None and self.minutes.data.availability is Availability.FRESH

    @property
    def outdated(self) -> bool:
        """Whether the newest minute that was read is too old for any decision."""
        if self.minutes is None:
            return False
        return self.now - (self.minutes.until + 1) * SECONDS_PER_MINUTE > OPEN_MINUTES * SECONDS_PER_MINUTE
