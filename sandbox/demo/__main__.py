"""`python -m sandbox.demo`: run an A/B test on a simulated AWS, declared as one Kubernetes resource."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from subprocess import SubprocessError
from types import FrameType
from urllib.error import URLError

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.control import ControlError
from sandbox.cluster.binaries import UnusableAssets
from sandbox.cluster.choice import KUBECONFIG_VARIABLE
from sandbox.cluster.cluster import KubectlFailed
from sandbox.cluster.components import StartFailed
from sandbox.cluster.progress import CommandFailed
from sandbox.demo.deployment import UnusableDeployment
from sandbox.demo.keeping import keep
from sandbox.demo.proof import NotSo
from sandbox.demo.scene import Scene
from sandbox.demo.stage import OperatorFailed, Stage
from sandbox.demo.story import tell
from sandbox.demo.telling import Teller
from sandbox.served import SimulationFailed

_SEED = 1050
"""With this one the answers to two calls that matter are lost: the shift of weights and its repair."""
_FAILURES = (
    BotoCoreError,
    ClientError,
    CommandFailed,
    ControlError,
    KubectlFailed,
    NotSo,
    OperatorFailed,
    SimulationFailed,
    StartFailed,
    SubprocessError,
    URLError,
    UnusableAssets,
    UnusableDeployment,
)


def main() -> None:
    options = _arguments().parse_args()
    signal.signal(signal.SIGTERM, _end)
    # A shell's background job ignores it, and so would the commands that the story ends with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _keep_to_this_machine()
    teller = Teller()
    try:
        sys.exit(_play(teller, options))
    except KeyboardInterrupt:
        teller.trouble("Interrupted. Everything that the demo started has ended.")
        sys.exit(128 + signal.SIGINT)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help=f"use this cluster instead of starting one; default ${KUBECONFIG_VARIABLE}",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        default=Path("reviews.png"),
        metavar="FILE",
        help="the file for the charts (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=_SEED,
        help="the seed of the simulated AWS (default: %(default)s)",
    )
    return parser


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _keep_to_this_machine() -> None:
    """Forget the user's own AWS identity and settings, and ask loopback without a proxy."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1"))),
    }


def _play(teller: Teller, options: argparse.Namespace) -> int:
    started = time.monotonic()
    teller.title("An A/B test on SageMaker, declared in Kubernetes")
    with _stage(teller, options) as stage:
        scene = Scene.on(stage, teller, picture=options.picture)
        _told(scene)
        _judge(scene)
        held = scene.proof.holds
        scene.proof.show(scene.calls.all())
        verdict = "every check passed" if held else "not every check passed: see above"
        teller.ending(f"{verdict}; the demo took {time.monotonic() - started:.0f} s", good=held)
        if options.keep:
            keep(scene)
    return 0 if held else 1


def _stage(teller: Teller, options: argparse.Namespace) -> Stage:
    with teller.waiting("a control plane and a simulated AWS start"):
        try:
            return Stage.open(kubeconfig=options.kubeconfig, seed=options.seed)
        except (*_FAILURES, ValueError) as failure:
            sys.exit(f"The demo could not start: {failure}")


def _show_what_went_on(scene: Scene) -> None:
    """Show how the resource was and what the operator said last, for whoever looks for the cause."""
    kubectl, operator = scene.stage.cluster.kubectl, scene.stage.operator
    scene.teller.output(kubectl("describe", "sagemakerabendpoints").stdout)
    if operator:
        scene.teller.output(operator.log_tail())


def _told(scene: Scene) -> None:
    """Play the acts, or as many as can be played."""
    try:
        tell(scene)
    except _FAILURES as failure:
        scene.proof.broke_off(str(failure))
        _show_what_went_on(scene)


def _judge(scene: Scene) -> None:
    """Check that the operator has broken no safety rule, if it was watched."""
    monitor = scene.stage.safety
    if monitor is not None:
        judge = monitor.close()
        scene.proof.check(
            f"no safety rule was broken in {judge.judged} writes to AWS",
            holds=not judge.violations,
            saw="\n".join(map(str, judge.violations)),
        )


if __name__ == "__main__":
    main()
