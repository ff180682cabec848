"""Acts 8 and 9: the next model takes over in steps. The first build of it does harm, the second does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sandbox.demo import looking
from sandbox.demo.calls import Call
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene
from sandbox.demo.simulation import OPERATOR_KEY

MANIFEST = "manifests/samples/reviews-stepped.yaml"
_BASELINE, _CANDIDATE = "VariantB", "VariantC"
_REQUESTS_PER_MINUTE = 100
_USUAL_ERRORS = 0.005
_HARMFUL_ERRORS = 0.1
_HEALTHY_HOURS = 7
_MOST_MINUTES_OF_HARM = 20
_HARM_SPEED = 120
"""The operator reads each minute by itself, as it does in real time."""
_GET = f"kubectl sagemaker-ab get {RESOURCE}"
_WINNER = f"kubectl sagemaker-ab winner {RESOURCE}"


def roll_back(scene: Scene) -> None:
    scene.teller.say(
        "VariantB has won the test. A new model is to take over from it, in a day: 10% of the traffic, then "
        "50%, then all. Nobody watches; the operator compares both variants minute by minute."
    )
    mark = scene.calls.mark()
    scene.type(f"kubectl apply -f {MANIFEST}")
    _start(scene, requests_per_minute=_REQUESTS_PER_MINUTE)
    with _hours(scene):
        healthy_until = scene.stage.aws.control.now() + 3600 * _HEALTHY_HOURS
        scene.watch_until(
            lambda: _summary(scene),
            lambda _: scene.stage.aws.control.now() >= healthy_until,
            claim=f"{_HEALTHY_HOURS} hours have passed",
        )
    sent = _weight_calls(scene, after=mark)
    scene.proof.check(
        "a run began with 10% for the new model, and went on to 50% after its hours without harm",
        holds=sent[-2:] == [_shares(90, 10), _shares(50, 50)],
        saw=sent,
    )
    _harm(scene)


def _harm(scene: Scene) -> None:
    scene.teller.say("Now the new model fails twenty times as often as VariantB.")
    mark, began = scene.calls.mark(), scene.stage.aws.control.now()
    _let_fail(scene, _CANDIDATE, _HARMFUL_ERRORS)
    with scene.at_speed(_HARM_SPEED, "while the new model does harm"):
        scene.watch_until(
            lambda: _summary(scene), lambda told: "RolledBack" in told, claim=_ends("RolledBack")
        )
        scene.until(
            lambda: looking.weights(scene.stage.aws, ENDPOINT),
            lambda weights: weights == _shares(100, 0),
            claim=f"{_BASELINE} has all the traffic",
        )
    scene.type(_GET)
    minutes = (_ended_at(scene) - began) / 60
    scene.proof.check(
        f"the harm was found and ended within {_MOST_MINUTES_OF_HARM} minutes, with the delay of CloudWatch",
        holds=minutes <= _MOST_MINUTES_OF_HARM,
        saw=f"{minutes:.0f} minutes",
    )
    sent = _weight_calls(scene, after=mark)
    scene.proof.check(
        f"one call gave all the traffic back to {_BASELINE}", holds=sent == [_shares(100, 0)], saw=sent
    )


def promote(scene: Scene) -> None:
    scene.teller.say("The model is repaired and built again. A changed model starts another run, at 10%.")
    mark = scene.calls.mark()
    revision = '[{"op":"replace","path":"/spec/models/1/revision","value":"2"}]'
    scene.type(f"kubectl patch smab {RESOURCE} --type=json -p '{revision}'")
    _start(scene, requests_per_minute=_REQUESTS_PER_MINUTE)
    with _hours(scene):
        scene.watch_until(
            lambda: _summary(scene),
            lambda told: told.endswith("waits for approval"),
            claim="the run waits for approval",
        )
    scene.teller.say("All traffic needs a person's approval, as the sample asks for. This is what they see:")
    scene.type(_GET)
    scene.type(f"kubectl sagemaker-ab approve {RESOURCE} --yes --wait")
    with _hours(scene):
        scene.watch_until(lambda: _summary(scene), lambda told: "Promoted" in told, claim=_ends("Promoted"))
    sent = _weight_calls(scene, after=mark)
    scene.proof.check(
        "the new model was promoted by three calls, one for each step",
        holds=sent == [_shares(90, 10), _shares(50, 50), _shares(0, 100)],
        saw=sent,
    )
    _commit(scene)
    _make_requests(scene, 0)


def _commit(scene: Scene) -> None:
    scene.teller.say("The spec is the user's: the operator says what to commit, and does not write it.")
    scene.type(_WINNER)
    mark = scene.calls.mark()
    scene.type(f'kubectl patch smab {RESOURCE} --type=json -p "$({_WINNER})"')
    scene.type(f"kubectl wait --for=condition=Ready smab/{RESOURCE} --timeout=5m")
    scene.until(
        lambda: scene.status().get("traffic", {}).get("strategy"),
        lambda strategy: strategy == "Manual",
        claim="the operator follows the committed weights",
    )
    scene.type("kubectl get smab")
    sent = _weight_calls(scene, after=mark)
    weights = looking.weights(scene.stage.aws, ENDPOINT)
    scene.proof.check(
        "committing the winner moved no weight",
        holds=not sent and weights == _shares(0, 100),
        saw={"calls": sent, "weights": weights},
    )


def _start(scene: Scene, *, requests_per_minute: int) -> None:
    """Wait until a run of the models that the spec names has started."""
    with scene.at_speed(60, "while it builds the new fleet"):
        scene.watch_until(lambda: _summary(scene), lambda told: "step 1/3" in told, claim="a run has started")
    scene.teller.note(
        f"the simulated AWS makes {requests_per_minute} requests a minute; both models fail "
        f"{_USUAL_ERRORS:.1%} of theirs"
    )
    for variant in (_BASELINE, _CANDIDATE):
        _let_fail(scene, variant, _USUAL_ERRORS)
    _make_requests(scene, requests_per_minute)


def _make_requests(scene: Scene, per_minute: int) -> None:
    scene.stage.aws.control.set_traffic(ENDPOINT, per_minute=per_minute)


def _let_fail(scene: Scene, variant: str, share: float) -> None:
    """Let the model of a variant answer a share of its requests with 500."""
    model = looking.endpoint(scene.stage.aws, ENDPOINT)["variants"][variant]["model"]
    scene.stage.aws.control.edit(ailment={"model": model, "rate5xx": share})


@contextmanager
def _hours(scene: Scene) -> Iterator[None]:
    with scene.at_operators_pace("through the hours of the rollout"):
        yield


def _summary(scene: Scene) -> str:
    return str(scene.status().get("summary", ""))


def _ended_at(scene: Scene) -> float:
    return datetime.fromisoformat(scene.status()["traffic"]["endedAt"]).timestamp()


def _ends(outcome: str) -> str:
    return f"the run ends as {outcome}"


def _shares(baseline: float, candidate: float) -> dict[str, float]:
    return {_BASELINE: baseline, _CANDIDATE: candidate}


def _weight_calls(scene: Scene, *, after: int) -> list[dict[str, float]]:
    """Return the weights of each of the operator's calls that took effect and named any."""
    written = scene.calls.writes(caller=OPERATOR_KEY, after=after)
    return [weights for call in written if (weights := _weights(call))]


def _weights(call: Call) -> dict[str, float]:
    changes: list[dict[str, Any]] = call.params.get("DesiredWeightsAndCapacities", [])
    return {each["VariantName"]: each["DesiredWeight"] for each in changes if "DesiredWeight" in each}
