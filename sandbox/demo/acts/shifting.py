"""Act 5: all traffic goes to the winner, by one call."""

from sandbox.demo import looking
from sandbox.demo.acts.measuring import REQUESTS, counted, draw_charts, send_requests, under_load
from sandbox.demo.calls import Call
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY

_WEIGHTS_CALL = "UpdateEndpointWeightsAndCapacities"
_BEFORE_AND_AFTER_SECONDS = 120
"""Of AWS's time: so that the charts show what the shift changed."""


def shift(scene: Scene) -> None:
    scene.teller.say("VariantB is the winner. The weights change to 0 and 100 while requests keep coming.")
    with (
        scene.at_speed(30, "under load: at this speed, latencies that clients measure mean nothing"),
        under_load(scene, during="the traffic shifted"),
    ):
        _let_pass(scene)
        mark = scene.calls.mark()
        scene.type("kubectl apply -f manifests/samples/reviews-shifted.yaml")
        scene.watch_until(
            lambda: scene.status().get("summary", ""),
            lambda summary: summary == "VariantA=0% VariantB=100%",
            claim="all traffic goes to VariantB",
        )
        scene.type(f"kubectl wait --for=condition=Ready smab/{RESOURCE} --timeout=5m")
        _let_pass(scene)
    check_the_one_weight_call(scene, "shifting all traffic to VariantB", after=mark)
    _check_traffic(scene)


def _let_pass(scene: Scene) -> None:
    control = scene.stage.aws.control
    end = control.now() + _BEFORE_AND_AFTER_SECONDS
    scene.until(control.now, lambda now: now >= end, claim="some minutes of traffic have been served")


def check_the_one_weight_call(scene: Scene, doing: str, *, after: int) -> None:
    written = list(scene.calls.writes(caller=OPERATOR_KEY, after=after))
    for call in written:
        _show(scene, call)
    scene.proof.check(
        f"{doing} took one {_WEIGHTS_CALL}: no new config, no new fleet",
        holds=[call.operation for call in written] == [_WEIGHTS_CALL],
        saw=[call.operation for call in written],
    )
    weights = looking.weights(scene.stage.aws, ENDPOINT)
    scene.proof.check(
        f"after {doing} AWS has weights 0 and 100",
        holds=weights == {"VariantA": 0, "VariantB": 100},
        saw=weights,
    )


def _show(scene: Scene, call: Call) -> None:
    variants = call.params.get("DesiredWeightsAndCapacities", ())
    wanted = " ".join(f"{variant['VariantName']}={variant['DesiredWeight']:g}" for variant in variants)
    scene.teller.note(f"the operator called {call.operation} {wanted}")
    if call.answer_lost:
        scene.teller.note("the response to that call was lost")


def _check_traffic(scene: Scene) -> None:
    before = counted(scene)
    send_requests(scene)
    after = counted(scene)
    shared = {variant: after[variant] - before[variant] for variant in after}
    scene.proof.check(
        f"VariantB answered all of the next {REQUESTS} requests",
        holds=shared == {"VariantA": 0, "VariantB": REQUESTS},
        saw=shared,
    )
    draw_charts(scene)
