"""Act 7: somebody changes a weight in AWS by hand, and the operator repairs it."""

from typing import TYPE_CHECKING

from botocore.exceptions import HTTPClientError

from sandbox.demo import looking
from sandbox.demo.acts.shifting import check_the_one_weight_call
from sandbox.demo.scene import ENDPOINT, Scene
from sandbox.demo.simulation import OPERATOR_KEY, PERSON_KEY

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DesiredWeightAndCapacityTypeDef

_INTENDED = "VariantA=0 VariantB=100"
_BY_HAND: list["DesiredWeightAndCapacityTypeDef"] = [{"VariantName": "VariantA", "DesiredWeight": 50}]


def repair(scene: Scene) -> None:
    scene.teller.say(
        "Somebody sends a third of the traffic back to VariantA, with boto3 instead of Kubernetes."
    )
    mark = scene.calls.mark()
    _change_by_hand(scene)
    with scene.at_speed(20, "while both changes take effect"):
        seen = scene.watch_until(
            lambda: _weights(scene),
            lambda weights: weights == _INTENDED and any(scene.calls.writes(caller=OPERATOR_KEY, after=mark)),
            claim="the weights are as declared again",
        )
    scene.proof.check(
        "a weight changed by hand took effect in AWS, and then the operator restored the declared weights",
        holds="VariantA=50 VariantB=100" in seen,
        saw=seen,
    )
    check_the_one_weight_call(scene, "undoing the change by hand", after=mark)


def _weights(scene: Scene) -> str:
    live = looking.weights(scene.stage.aws, ENDPOINT)
    return " ".join(f"{variant}={weight:g}" for variant, weight in live.items())


def _change_by_hand(scene: Scene) -> None:
    scene.teller.typed_in_python(
        "boto3.client('sagemaker').update_endpoint_weights_and_capacities(",
        f"    EndpointName={ENDPOINT!r},",
        f"    DesiredWeightsAndCapacities={_BY_HAND})",
    )
    try:
        scene.stage.aws.sagemaker(PERSON_KEY).update_endpoint_weights_and_capacities(
            EndpointName=ENDPOINT, DesiredWeightsAndCapacities=_BY_HAND
        )
    except HTTPClientError as lost:
        # One answer in twenty is lost on the way, and the call has taken effect all the same.
        scene.teller.note(f"no response came ({lost}); the next read of AWS shows whether it took effect")
