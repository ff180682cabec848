"""Act 6: VariantB scales between one and two instances."""

from collections import Counter

from sandbox.demo import looking
from sandbox.demo.acts.measuring import check_every_request_is_counted, draw_charts, under_load
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY


def scale(scene: Scene) -> None:
    scene.teller.say(
        "VariantB scales between one and two instances. The target is two requests a minute for each."
    )
    mark = scene.calls.mark()
    scene.type("kubectl apply -f manifests/samples/reviews-autoscaled.yaml")
    scene.type(f"kubectl wait --for=condition=Ready smab/{RESOURCE} --timeout=5m")
    made = Counter(call.operation for call in scene.calls.writes(caller=OPERATOR_KEY, after=mark))
    scene.proof.check(
        "turning autoscaling on took one RegisterScalableTarget and one PutScalingPolicy: no new config",
        holds=made == {"RegisterScalableTarget": 1, "PutScalingPolicy": 1},
        saw=dict(made),
    )
    mark = scene.calls.mark()
    _out(scene)
    _in(scene)
    _check_the_autoscaler(scene, after=mark)
    check_every_request_is_counted(scene)
    draw_charts(scene, minutes=60, picture=True)


def _out(scene: Scene) -> None:
    scene.teller.say("Load, until the autoscaler scales out. This takes three minutes above the target.")
    with (
        scene.at_speed(30, "under load: at this speed, latencies that clients measure mean nothing"),
        under_load(scene, during="VariantB scaled out"),
    ):
        scene.watch_until(
            lambda: _instances(scene), lambda told: told.endswith("2/2"), claim="VariantB has two instances"
        )


def _in(scene: Scene) -> None:
    scene.teller.say("Without load, the autoscaler scales in after a quarter of an hour below the target.")
    with scene.at_speed(120, "until the autoscaler scales in"):
        scene.watch_until(
            lambda: _instances(scene), lambda told: told.endswith("1/1"), claim="VariantB has one instance"
        )


def _instances(scene: Scene) -> str:
    variants = {variant["name"]: variant for variant in scene.status().get("variants", ())}
    counts = variants.get("VariantB", {}).get("instances", {})
    return f"instances of VariantB: {counts.get('current', '-')}/{counts.get('desired', '-')}"


def _check_the_autoscaler(scene: Scene, *, after: int) -> None:
    for activity in looking.scaling_activities(scene.stage.aws):
        scene.teller.note(f"Application Auto Scaling at {activity}")
    now = looking.instances(scene.stage.aws, ENDPOINT, "VariantB")
    scene.proof.check("VariantB scaled out to two instances and in to one again", holds=now == 1, saw=now)
    written = [call.operation for call in scene.calls.writes(caller=OPERATOR_KEY, after=after)]
    scene.proof.check(
        "meanwhile the operator did not change the counts, which the autoscaler owns",
        holds=not written,
        saw=written,
    )
