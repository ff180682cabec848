"""Act 10: the resource is deleted, and with it everything that it created in AWS."""

from sandbox.demo.scene import RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY

_EXCUSES = ("in-progress", "InService", "already exist", "Could not find", "No scalable target")
"""In AWS's words: each tells of a state that a read, seconds old, may not have shown."""


def delete(scene: Scene) -> None:
    scene.teller.say("The test is over.")
    with scene.at_speed(20, "while it deletes the endpoint"):
        scene.type(f"kubectl delete smab {RESOURCE}")
    scene.type("kubectl get smab")
    left = scene.stage.aws.control.state()
    scene.proof.check("nothing is left in AWS", holds=not left, saw=left)
    _check_refusals(scene)


def _check_refusals(scene: Scene) -> None:
    refused = [call.message for call in scene.calls.refused_writes(caller=OPERATOR_KEY)]
    scene.proof.check(
        "AWS refused no write of the operator, except for objects busy, already created or already deleted",
        holds=all(any(excuse in message for excuse in _EXCUSES) for message in refused),
        saw=refused,
    )
