"""What other people do in AWS to what belongs to the resource: all that AWS does not keep them from.

Variants are meant by their place in the endpoint, objects by their place among ours.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tests.property.lives.brief import Brief
from tests.property.lives.sketch import IMAGE, ROLE
from tests.property.lives.world import OWNER, OWNER_KEYS, THEIRS, World

_OTHER_OWNER = {"sagemaker-ab.dev/namespace": "theirs", "sagemaker-ab.dev/name": "another"}
_MEMBERS: dict[str, dict[str, Any]] = {
    "capture": {
        "DataCaptureConfig": {
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://theirs/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        }
    },
    "volume": {"VolumeSizeInGB": 64},
    "timeout": {"ModelDataDownloadTimeoutInSeconds": 900},
    "routing": {"RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}},
}


@dataclass(frozen=True, slots=True, repr=False)
class Disown(Brief):
    """Take the owner tags, or some of them, from our objects, or hand them over to another owner."""

    kind: Literal["endpoint", "endpoint-config", "model"]
    how: Literal["cluster", "name", "all", "another"]

    def happen(self, world: World) -> None:
        names = ["reviews"] if self.kind == "endpoint" else world.ours(self.kind)
        for name in names:
            arn, tags = world.tags(self.kind, name)
            if not OWNER.owns(tags):
                continue
            world.taken[arn] = {key: value for key, value in tags.items() if key in OWNER_KEYS}
            if self.how == "another":
                given = [{"Key": key, "Value": value} for key, value in _OTHER_OWNER.items()]
                world.call("AddTags", ResourceArn=arn, Tags=given)
            else:
                keys = [key for key in OWNER_KEYS if self.how == "all" or self.how in key.rpartition("/")[2]]
                world.call("DeleteTags", ResourceArn=arn, TagKeys=sorted(keys))


@dataclass(frozen=True, slots=True, repr=False)
class Retag(Brief):
    """Change a tag of the endpoint that is none of the owner's, or take it away."""

    key: str
    value: str | None

    def happen(self, world: World) -> None:
        arn, tags = world.tags("endpoint", "reviews")
        if self.value is not None and arn:
            world.call("AddTags", ResourceArn=arn, Tags=[{"Key": self.key, "Value": self.value}])
        elif self.key in tags:
            world.call("DeleteTags", ResourceArn=arn, TagKeys=[self.key])


@dataclass(frozen=True, slots=True, repr=False)
class DeleteOurs(Brief):
    """Delete one of our models or configs, or all, in use or not."""

    kind: Literal["endpoint-config", "model"]
    which: int | None = None

    def happen(self, world: World) -> None:
        names = world.ours(self.kind)
        chosen = names if self.which is None else names[self.which : self.which + 1]
        for name in chosen:
            if self.kind == "model":
                world.call("DeleteModel", ModelName=name)
            else:
                world.call("DeleteEndpointConfig", EndpointConfigName=name)
                # Autoscaling looks for the config of the endpoint; a read may not show yet that it is gone.
                world.refusals.add("Could not describe the endpoint configuration")


@dataclass(frozen=True, slots=True, repr=False)
class DeleteEndpoint(Brief):
    """Delete our endpoint, which takes AWS a while, or has done so at once."""

    at_once: bool = False

    def happen(self, world: World) -> None:
        if world.endpoint is None or not world.is_ours("endpoint", "reviews"):
            return
        if self.at_once:
            world.edit(delete={"endpoint": "reviews"})
        else:
            world.call("DeleteEndpoint", EndpointName="reviews")


@dataclass(frozen=True, slots=True, repr=False)
class TakeName(Brief):
    """Make an object of the name that the operator is about to give one."""

    kind: Literal["endpoint", "endpoint-config", "model"]

    def happen(self, world: World) -> None:
        wanted = world.wanted()
        if self.kind == "endpoint":
            world.make_theirs()
            taken = world.call("CreateEndpoint", EndpointName="reviews", EndpointConfigName=THEIRS)
            left = {"endpoint": "reviews"}
        elif self.kind == "endpoint-config":
            taken = world.make_theirs(config=wanted.config_name)
            left = {"config": wanted.config_name}
        elif wanted.models:
            name = wanted.models[0].name
            taken = world.call(
                "CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}
            )
            left = {"model": name}
        else:
            taken = False
        if taken:
            world.lifts.append(lambda: self._leave(world, left))

    def _leave(self, world: World, left: dict[str, str]) -> None:
        """Let them clear up; nobody else may have touched what is theirs."""
        ((kind, name),) = left.items()
        place = "endpoint-config" if kind == "config" else kind
        if not world.is_ours(place, name):
            assert world.edit(delete=left)
            # One made anew under its name may look like this one for as long as reads are stale.
            world.sim.advance(seconds=10)


@dataclass(frozen=True, slots=True, repr=False)
class Steer(Brief):
    """Set a variant's weight or count, by a call or, as if that had ended already, at once."""

    variant: int
    weight: int | None = None
    count: int | None = None
    at_once: bool = False

    def happen(self, world: World) -> None:
        name = variant_name(world, self.variant)
        if name is None or (world.endpoint or {}).get("status") != "InService":
            return
        if self.at_once:
            edits = {"weights": self.weight, "counts": self.count}
            for edit, number in edits.items():
                if number is not None:
                    world.edit(**{edit: {"endpoint": "reviews", "variants": {name: number}}})
            return
        change: dict[str, Any] = {"VariantName": name}
        change |= {} if self.weight is None else {"DesiredWeight": float(self.weight)}
        change |= {} if self.count is None else {"DesiredInstanceCount": self.count}
        world.call(
            "UpdateEndpointWeightsAndCapacities", EndpointName="reviews", DesiredWeightsAndCapacities=[change]
        )


@dataclass(frozen=True, slots=True, repr=False)
class Redeploy(Brief):
    """Deploy a config made by hand: with other members, with another model, or with other variants."""

    what: Literal["capture", "volume", "timeout", "routing", "model", "variants"]

    def happen(self, world: World) -> None:
        endpoint = world.endpoint
        found = world.state.get("endpointConfigs", {}).get(endpoint["config"]) if endpoint else None
        if found is None:
            return
        variants = [dict(variant) for variant in found["ProductionVariants"]]
        members = _MEMBERS.get(self.what, {})
        world.make_theirs(config=f"{THEIRS}-default")
        if self.what == "model":
            variants[0]["ModelName"] = THEIRS
        if self.what == "variants":
            variants[0]["VariantName"] = THEIRS
        if self.what in {"volume", "timeout", "routing"}:
            variants[0] |= members
        name = f"{THEIRS}-{self.what}"
        rest = members if self.what == "capture" else {}
        world.call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants, **rest)
        world.call("UpdateEndpoint", EndpointName="reviews", EndpointConfigName=name)


def variant_name(world: World, place: int) -> str | None:
    """Return the name of the endpoint's variant at that place, counted round; None without any."""
    names = sorted((world.endpoint or {}).get("variants", {}))
    return names[place % len(names)] if names else None


def forget_theirs(world: World) -> None:
    """Let other people clear up behind themselves, once nobody uses what they made."""
    for kind, section in (("config", "endpointConfigs"), ("model", "models")):
        for name in list(world.state.get(section, {})):
            if name.startswith(THEIRS):
                world.edit(delete={kind: name})
    for name in list(world.state.get("alarms", {})):
        if name.startswith(THEIRS):
            world.edit(delete={"alarm": name})
