"""What people do to the resource and to the operator, which keeps no one from it."""

from dataclasses import dataclass
from typing import Literal

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, FORCE_WEIGHTS
from tests.property.in_process import Killed
from tests.property.lives.brief import Brief
from tests.property.lives.sketch import Sketch
from tests.property.lives.world import World


@dataclass(frozen=True, slots=True, repr=False)
class Apply(Brief):
    """Apply a manifest; it creates the resource where there is none."""

    sketch: Sketch

    def happen(self, world: World) -> None:
        world.apply(self.sketch)


@dataclass(frozen=True, slots=True, repr=False)
class Delete(Brief):
    """Delete the resource."""

    def happen(self, world: World) -> None:
        if world.cluster.resource is None:
            return
        guarded = FINALIZER in world.cluster.resource["metadata"].get("finalizers", ())
        world.left_unguarded |= world.finalizer_taken and not guarded
        world.cluster.delete()


@dataclass(frozen=True, slots=True, repr=False)
class RequestReconcile(Brief):
    def happen(self, world: World) -> None:
        if world.cluster.resource is not None:
            world.request_reconcile()


@dataclass(frozen=True, slots=True, repr=False)
class ForceWeights(Brief):
    """Let the weights of a generation out at once: of this one, or of another, to no effect."""

    ahead: int

    def happen(self, world: World) -> None:
        if world.cluster.resource is not None:
            generation = world.cluster.resource["metadata"]["generation"] + self.ahead
            world.cluster.annotate(**{FORCE_WEIGHTS: str(generation)})


@dataclass(frozen=True, slots=True, repr=False)
class Replace(Brief):
    """Replace the resource by its manifest, which takes finalizer or annotations away.

    A finalizer that is taken from a resource that is being deleted lets it go whatever AWS holds, which no
    operator can prevent. Nor can one that is told of another account, for it must not read there.
    """

    lost: Literal["finalizers", "annotations", "both"]

    def happen(self, world: World) -> None:
        if world.cluster.resource is None or world.cluster.deleting:
            return
        keeps = self.lost == "annotations" or (self.lost == "finalizers" and world.relocated)
        world.finalizer_taken |= not keeps
        world.cluster.replace(finalizers=keeps, annotations=self.lost == "finalizers")


@dataclass(frozen=True, slots=True, repr=False)
class LoseStatus(Brief):
    """Lose the status, as a backup does; or find in it what another version wrote."""

    newer: bool

    def happen(self, world: World) -> None:
        if world.cluster.resource is None:
            return
        world.lost_status = True
        status = {"deployment": {"state": "Paused"}, "endpoint": 7} if self.newer else {}
        world.cluster.set_status(**status)


@dataclass(frozen=True, slots=True, repr=False)
class Relocate(Brief):
    """Write another account into the annotation that says where the endpoint is."""

    def happen(self, world: World) -> None:
        if world.cluster.resource is not None:
            world.cluster.annotate(**{ACCOUNT: "999999999999"})


@dataclass(frozen=True, slots=True, repr=False)
class Kill(Brief):
    """End the operator's process, which starts again at once."""

    def happen(self, world: World) -> None:
        if world.within_reconcile:
            raise Killed
        world.operator.crash()


@dataclass(frozen=True, slots=True, repr=False)
class Stop(Brief):
    """Let time go by without the operator."""

    seconds: float

    def happen(self, world: World) -> None:
        if not world.within_reconcile:
            world.sim.advance(seconds=self.seconds)


@dataclass(frozen=True, slots=True, repr=False)
class FailKubernetes(Brief):
    """Let the next calls to the API server fail, before or after they take effect."""

    calls: int
    lost_answers: bool

    def happen(self, world: World) -> None:
        server = world.operator.api_server
        server.failures, server.lost_answers = self.calls, self.lost_answers
