"""Act 4: all traffic goes to the winner, by one call."""

from sandbox.demo import looking
from sandbox.demo.acts.measuring import REQUESTS, draw_charts, send_requests
from sandbox.demo.calls import Call
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY

WEIGHTS_CALL = "UpdateEndpointWeightsAndCapacities"


def shift(scene: Scene) -> None:
    scene.teller.say("VariantB has won. The same resource, now with weights 0 and 100.")
    mark = scene.calls.mark()
    scene.type("kubectl apply -f manifests/samples/reviews-shifted.yaml")
    with scene.at_speed(30, "while it shifts the traffic"):
        scene.watch_until(
            lambda: scene.status().get("summary", ""),
            lambda summary: summary == "VariantA=0% VariantB=100%",
            claim="all traffic goes to VariantB",
        )
        scene.type(f"kubectl wait --for=condition=Ready smab/{RESOURCE} --timeout=5m")
    check_the_one_weight_call(scene, "shifting all traffic", after=mark)
    _check_traffic(scene)


def check_the_one_weight_call(scene: Scene, doing: str, *, after: int) -> None:
    written = list(scene.calls.writes(caller=OPERATOR_KEY, after=after))
    for call in written:
        _show(scene, call)
    scene.proof.check(
        f"{doing} took one {WEIGHTS_CALL}: no new config, no new fleet",
        holds=[call.operation for call in written] == [WEIGHTS_CALL],
        saw=[call.operation for call in written],
    )
    weights = looking.weights(scene.stage.aws, ENDPOINT)
    scene.proof.check(
        "AWS sends all traffic to VariantB", holds=weights == {"VariantA": 0, "VariantB": 100}, saw=weights
    )


def _show(scene: Scene, call: Call) -> None:
    lost = ", whose answer was lost on the way" if call.answer_lost else ""
    variants = call.params.get("DesiredWeightsAndCapacities", ())
    wanted = " ".join(f"{variant['VariantName']}={variant['DesiredWeight']:g}" for variant in variants)
    scene.teller.note(f"AWS was called: {call.operation} {wanted}{lost}")


def _check_traffic(scene: Scene) -> None:
    shared = send_requests(scene)
    scene.proof.check(
        f"VariantB answered all of the next {REQUESTS} requests",
        holds=shared == {"VariantA": 0, "VariantB": REQUESTS},
        saw=shared,
    )
    draw_charts(scene)
