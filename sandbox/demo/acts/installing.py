"""Act 1: helm installs the operator, and the operator runs as its Deployment says."""

import shlex

from sandbox.demo.deployment import Container
from sandbox.demo.scene import Scene
from sandbox.demo.simulation import REGION
from sandbox.demo.stage import INTERVALS, NAMESPACE, RELEASE


def install(scene: Scene) -> None:
    teller, stage = scene.teller, scene.stage
    teller.say(
        "A Kubernetes API server and a simulated AWS run on this machine; nothing leaves it. "
        "The operator is installed as in any cluster."
    )
    stage.clear_up_at_the_end()
    scene.type(
        f"helm install {RELEASE} ./helm --namespace {NAMESPACE} --create-namespace --hide-notes"
        f" --set aws.region={REGION}{_no_pods(scene)}"
    )
    scene.type(f"kubectl get deployment,serviceaccount --namespace {NAMESPACE}")
    _run(scene, Container.read(stage.cluster, namespace=NAMESPACE, name=RELEASE))


def _no_pods(scene: Scene) -> str:
    """In a cluster with nodes the pod must not start: it would be a second operator, without our AWS."""
    return " --set nodeSelector.sagemaker-ab=runs-outside-the-cluster" if scene.stage.borrowed else ""


def _run(scene: Scene, container: Container) -> None:
    teller, stage = scene.teller, scene.stage
    teller.say(
        "There is no node to run its pod, so the Deployment was read back from the API server, and its "
        "container's command runs as a process, with the container's environment:"
    )
    with teller.waiting("the operator starts"):
        command = stage.start_operator(container)
    teller.typed(shlex.join(command), prompt="operator")
    teller.note(f"Kubernetes knows it by a token of ServiceAccount {NAMESPACE}/{container.account}")
    teller.note("added: that kubeconfig, AWS_ENDPOINT_URL and keys of the simulated AWS, and, as AWS's")
    teller.note(f"clock will run fast, short intervals: {_intervals()}")
    teller.note("changed: the address of its probe, for ports here are shared with the machine")
    scene.proof.check(
        "the operator runs by the installed Deployment's command, as its ServiceAccount; its probe answers",
        holds=stage.operator is not None and stage.operator.running,
        saw=stage.operator.log_tail() if stage.operator else "no operator",
    )


def _intervals() -> str:
    words = (
        f"{name.removeprefix('SAGEMAKER_AB_').removesuffix('_SECONDS').lower().replace('_', ' ')} {value} s"
        for name, value in INTERVALS.items()
    )
    return ", ".join(words)
