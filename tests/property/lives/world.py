"""The operator in its world: AWS, the cluster, and the people and faults that a life brings."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from sagemaker_ab.api.resource import ACCOUNT, RECONCILE_REQUESTED_AT, parse_spec
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.intended_traffic import manual_traffic
from sagemaker_ab.planning.ownership import Owner
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.errors import AwsError
from sandbox.aws.inprocess import InProcessAws
from sandbox.safety.bounds import Bounds
from tests.property.in_process import InProcessOperator
from tests.property.lives.sketch import IMAGE, ROLE, Sketch

if TYPE_CHECKING:
    from collections.abc import Callable

THEIRS = "theirs"
"""The name of what somebody else makes in AWS."""
OWNER = Owner("cluster-1", "ml", "reviews", "uid-1")
OWNER_KEYS = frozenset(OWNER.tags)
_ACCOUNT = "123456789012"
_PLACE = f"{_ACCOUNT}/us-east-1"
_MOMENT_SECONDS = 0.2
_UNAVOIDABLE = (
    *("in-progress", "already exist", "Could not find", "variant doesn't exist"),
    *("currently in use", "No scalable target", "in state InService", "is not InService"),
    *("No scaling policy", "No scheduled action", "Unknown alarms", "registered as a scalable target"),
)
"""What a read that is some seconds old, an answer that was lost, and a busy endpoint lead to."""


class Happening(Protocol):
    """Something that befalls the operator, its endpoint, or its resource."""

    def happen(self, world: "World") -> None: ...


@dataclass(slots=True)
class _Awaited:
    """A happening, and how many points of the next reconcile pass before it."""

    happening: Happening
    points: int


class World:
    """Plays happenings, and remembers what a person or AWS has to take back in the end."""

    def __init__(self, sim: InProcessAws) -> None:
        self.sim = sim
        # Within a reconcile the clock stands: what it read before a change happened at the same time.
        self.operator = InProcessOperator(sim, bounds=replace(Bounds(), reconcile=_MOMENT_SECONDS / 2))
        self.operator.between_calls = self._pass_point
        self.sketch = Sketch()
        self.refusals = set(_UNAVOIDABLE)
        """Texts of which one is in each refusal that the operator may meet."""
        self.taken: dict[str, dict[str, str]] = {}
        """By ARN, the owner tags that somebody took from our objects."""
        self.lifts: list[Callable[[], Any]] = []
        """What lasts, and has to be taken back."""
        self.within_reconcile = False
        self.lost_status = False
        self.finalizer_taken = False
        self.left_unguarded = False
        """Whether the resource was deleted while it lacked the finalizer that somebody had taken."""
        self._awaited: _Awaited | None = None
        self._requests = 0

    @property
    def cluster(self) -> Any:
        return self.operator.cluster

    @property
    def relocated(self) -> bool:
        """Whether the resource says that its endpoint is in another account."""
        return self.cluster.resource["metadata"].get("annotations", {}).get(ACCOUNT, _ACCOUNT) != _ACCOUNT

    # How a life goes on

    def apply(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self.cluster.apply(sketch.manifest())

    def request_reconcile(self) -> None:
        self._requests += 1
        self.cluster.annotate(**{RECONCILE_REQUESTED_AT: f"time {self._requests}"})

    def reconcile(self) -> None:
        """Let the operator reconcile once, and time go by until it wants to again."""
        self.within_reconcile = True
        after = self.operator.step()
        self.within_reconcile = False
        if after is None:
            self.sim.advance(seconds=10)

    def meet(self, happening: Happening, *, point: int) -> None:
        """Let something happen before the next reconcile, or at a point of it.

        A point is before or after a call to AWS or to Kubernetes. What comes too late for the reconcile
        happens after it.
        """
        if point:
            self._awaited = _Awaited(happening, point)
            self.reconcile()
            if self._awaited is None:
                return
            self._awaited = None
        happening.happen(self)
        self.sim.advance(seconds=_MOMENT_SECONDS)

    def _pass_point(self) -> None:
        awaited = self._awaited
        if awaited is None:
            return
        awaited.points -= 1
        if not awaited.points:
            self._awaited = None
            awaited.happening.happen(self)

    # What people do in AWS

    def call(self, operation: str, *, service: str = "sagemaker", **params: Any) -> bool:
        """Let somebody else call; tell whether AWS took it."""
        return self.edit(call={"service": service, "operation": operation, "params": params})

    def edit(self, **edits: Any) -> bool:
        """Change AWS behind everybody's back; tell whether there was something to change."""
        try:
            self.sim.edit(**edits)
        except AwsError:
            return False
        return True

    def make_theirs(self, *, config: str = THEIRS, **variants: str) -> bool:
        """Let somebody else make a model and a config; tell whether the config's name was free.

        `variants` are those of the config, with their models; by default VariantA serves their own model.
        """
        self.call(
            "CreateModel",
            ModelName=THEIRS,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://theirs/model.tar.gz"},
        )
        rest = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1, "InitialVariantWeight": 1.0}
        production = [
            {"VariantName": name, "ModelName": model} | rest
            for name, model in (variants or {"VariantA": THEIRS}).items()
        ]
        return self.call("CreateEndpointConfig", EndpointConfigName=config, ProductionVariants=production)

    # What AWS holds

    @property
    def state(self) -> dict[str, Any]:
        """What AWS holds at the place where the resource is."""
        found: dict[str, Any] = self.sim.state().get(_PLACE, {})
        return found

    @property
    def endpoint(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.state.get("endpoints", {}).get("reviews")
        return found

    @property
    def scaling(self) -> AutoScalingStore:
        """What Application Auto Scaling holds there, with ARNs and the names of its alarms."""
        return self.sim.engine.region("123456789012", "us-east-1").store(AutoScalingStore)

    def tags(self, kind: str, name: str) -> tuple[str, dict[str, str]]:
        """Return ARN and tags of an object; both empty without tags."""
        found = self.state.get("tags", {}).items()
        return next(((arn, tags) for arn, tags in found if arn.endswith(f":{kind}/{name}")), ("", {}))

    def is_ours(self, kind: str, name: str) -> bool:
        """Tell whether an object carries the owner tags, or did before somebody took them."""
        arn, tags = self.tags(kind, name)
        return OWNER.owns(tags) or arn in self.taken

    def ours(self, kind: str) -> list[str]:
        """Return the names of our models or endpoint configs."""
        section = {"model": "models", "endpoint-config": "endpointConfigs"}[kind]
        return [name for name in sorted(self.state.get(section, {})) if self.is_ours(kind, name)]

    def wanted(self) -> Desired:
        spec = parse_spec(self.sketch.manifest())
        return desired(spec, owner=OWNER, region="us-east-1", traffic=manual_traffic(spec))
