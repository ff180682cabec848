"""Act 7: the resource goes, and all that it made in AWS goes with it."""

from sandbox.demo.scene import RESOURCE, Scene


def delete(scene: Scene) -> None:
    scene.teller.say("The test is over.")
    with scene.at_speed(20, "while it takes the endpoint down"):
        scene.type(f"kubectl delete smab {RESOURCE}")
    scene.type("kubectl get smab")
    left = scene.stage.aws.control.state()
    scene.proof.check("nothing is left in AWS", holds=not left, saw=left)
