"""After the story: everything goes on until Ctrl-C, for the user to try things out."""

import signal

from sandbox.demo.acts.rolling_out import MANIFEST
from sandbox.demo.deployment import COMMANDS
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import PERSON_KEY

_SPEED = 10


def keep(scene: Scene) -> None:
    """Say how everything is reached, and leave it running until Ctrl-C or SIGTERM."""
    stage, teller = scene.stage, scene.teller
    stage.aws.control.set_speed(_SPEED)
    teller.act("Everything runs until Ctrl-C")
    teller.say(f"Use another terminal, in this directory. AWS's clock runs {_SPEED} times as fast as yours.")
    teller.listing(_commands(scene))
    teller.note(f"the operator's log: {stage.directory / 'operator.log'}")
    teller.note(f"the simulated AWS's log: {stage.directory / 'aws.log'}")
    # Ctrl-C and SIGTERM end this by the handlers that end the story.
    while True:
        signal.pause()


def _commands(scene: Scene) -> list[str]:
    stage = scene.stage
    exports = {"KUBECONFIG": str(stage.cluster.kubeconfig), **stage.aws.environment(PERSON_KEY)}
    path = f"{COMMANDS}:{stage.cluster.binaries.path}:$PATH"
    control = f"{stage.aws.url}/_sandbox"
    return [
        *(f"export {name}={value}" for name, value in exports.items()),
        f"export PATH={path}",
        "kubectl apply -f manifests/samples/reviews.yaml",
        f"kubectl sagemaker-ab get {RESOURCE} --watch",
        f"kubectl apply -f {MANIFEST}",
        f'curl -X POST {control}/traffic -d \'{{"endpoint": "{ENDPOINT}", "ratePerMinute": 100}}\'',
        f"curl -X POST {control}/clock -d '{{\"speed\": 60}}'",
    ]
