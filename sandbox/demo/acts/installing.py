"""Act 1: helm installs the operator, and the operator runs as its Deployment says."""

import shlex

from sandbox.demo.deployment import Container
from sandbox.demo.scene import Scene
from sandbox.demo.simulation import REGION
from sandbox.demo.stage import INTERVALS, NAMESPACE, RELEASE


def install(scene: Scene) -> None:
    teller, stage = scene.teller, scene.stage
    teller.say(
        "A Kubernetes API server and a simulated AWS run on this machine. Nothing leaves it. The simulated "
        "AWS is a difficult one: reads may be five seconds old, and one write in twenty loses its response."
    )
    scene.type(
        f"helm install {RELEASE} ./helm -n {NAMESPACE} --create-namespace --hide-notes"
        f" --set aws.region={REGION}{_no_pods(scene)}"
    )
    stage.clear_up_at_the_end()
    scene.type(
        f"kubectl get deployment {RELEASE} -n {NAMESPACE} "
        "-o jsonpath=\"{range .spec.template.spec.containers[0]['command','args'][*]}{@}{'\\n'}{end}\""
    )
    _run(scene, Container.read(stage.cluster, namespace=NAMESPACE, name=RELEASE))


def _no_pods(scene: Scene) -> str:
    """In a cluster with nodes the pod must not start: it would be a second operator, without our AWS."""
    return " --set nodeSelector.sagemaker-ab=runs-outside-the-cluster" if scene.stage.borrowed else ""


def _run(scene: Scene, container: Container) -> None:
    teller, stage = scene.teller, scene.stage
    teller.say("No node runs the pod. The demo runs the container of the Deployment as a process instead:")
    with teller.waiting("the operator starts"):
        command = stage.start_operator(container)
    teller.typed(shlex.join(command))
    teller.note("with the container's environment, not this shell's")
    teller.note(f"as {NAMESPACE}/{container.account}, with a token of that ServiceAccount")
    teller.note("changed: the probe's address, because a process shares its ports with the machine")
    teller.note("added: KUBECONFIG, and AWS_ENDPOINT_URL and keys of the simulated AWS")
    teller.note(f"added, because AWS's clock will run fast: {_intervals()}")
    scene.proof.check(
        "the operator runs as in its Deployment, with its ServiceAccount, and its probe answers",
        holds=stage.operator is not None and stage.operator.running,
        saw=stage.operator.log_tail() if stage.operator else "no operator",
    )


def _intervals() -> str:
    return " ".join(f"{name.removeprefix('SAGEMAKER_AB_')}={value}" for name, value in INTERVALS.items())
