"""The demo as a story in ten acts."""

from collections.abc import Callable

from sandbox.demo.acts.asking import ask, measure
from sandbox.demo.acts.deleting import delete
from sandbox.demo.acts.deploying import deploy
from sandbox.demo.acts.installing import install
from sandbox.demo.acts.repairing import repair
from sandbox.demo.acts.rolling_out import promote, roll_back
from sandbox.demo.acts.scaling import scale
from sandbox.demo.acts.shifting import shift
from sandbox.demo.scene import Scene

ACTS: tuple[tuple[str, Callable[[Scene], None]], ...] = (
    ("Install the operator", install),
    ("Deploy two models behind one endpoint", deploy),
    ("Request predictions", ask),
    ("Send traffic and measure both variants", measure),
    ("Shift all traffic to the winner", shift),
    ("Let the winner scale automatically", scale),
    ("Repair a change made by hand", repair),
    ("Stop a new model that does harm", roll_back),
    ("Promote a new model step by step", promote),
    ("Delete the endpoint", delete),
)


def tell(scene: Scene) -> None:
    """Play all acts. Raise NotSo when one cannot go on."""
    for number, (title, act) in enumerate(ACTS, start=1):
        scene.teller.act(f"{number}. {title}")
        act(scene)
