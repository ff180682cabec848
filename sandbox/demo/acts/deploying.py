"""Act 2: one resource creates the endpoint, with half of the traffic for each model."""

from collections import Counter

from sandbox.demo import looking
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY


def deploy(scene: Scene) -> None:
    scene.teller.say("Two sentiment models behind one endpoint, each with half of the traffic.")
    scene.type("kubectl apply -f manifests/samples/reviews.yaml")
    with scene.at_speed(30, "while it builds the endpoint"):
        statuses = scene.watch_until(
            lambda: _endpoint_status(scene),
            lambda status: status == "endpoint InService",
            claim="the endpoint is InService",
        )
        scene.type(f"kubectl wait --for=condition=Ready smab/{RESOURCE} --timeout=5m")
    if not scene.teller.animated:
        scene.type(f"kubectl sagemaker-ab get {RESOURCE}")
    scene.type("kubectl get smab")
    scene.proof.check(
        "the endpoint was Creating, then InService, and the resource Ready",
        holds=statuses[-2:] == ["endpoint Creating", "endpoint InService"],
        saw=statuses,
    )
    _check_what_was_created(scene)


def _endpoint_status(scene: Scene) -> str:
    status = scene.status().get("endpoint", {}).get("status", "not there yet")
    return f"endpoint {status}"


def _check_what_was_created(scene: Scene) -> None:
    made = Counter(call.operation for call in scene.calls.writes(caller=OPERATOR_KEY))
    scene.proof.check(
        "two models, one endpoint config and one endpoint were created in AWS, and nothing else was written",
        holds=made == {"CreateModel": 2, "CreateEndpointConfig": 1, "CreateEndpoint": 1},
        saw=dict(made),
    )
    weights = looking.weights(scene.stage.aws, ENDPOINT)
    scene.proof.check(
        "AWS sends half of the traffic to each variant",
        holds=weights == {"VariantA": 50, "VariantB": 50},
        saw=weights,
    )
