"""Sending requests and reading their numbers back from CloudWatch, as several acts do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.demo import looking
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene

SENTENCES = "manifests/samples/sentences.jsonl"
REQUESTS = 100
_LOAD = f"kubectl sagemaker-ab load {RESOURCE} -f {SENTENCES}"


def send_requests(scene: Scene) -> None:
    """Send a hundred requests, one at a time; the story ends if any is not answered."""
    scene.type(f"{_LOAD} --requests {REQUESTS} --fail-on-error", animated=True)


@contextmanager
def under_load(scene: Scene, *, during: str) -> Iterator[None]:
    """Send requests without pause, and check at the end that none has failed."""
    before = scene.calls.requests()
    load = scene.prompt.begin(f"{_LOAD} --requests 100000")
    try:
        scene.until(scene.calls.requests, lambda sent: sent > before, claim="requests are being sent")
        yield
    finally:
        ended = load.interrupt()
    scene.teller.typed("kill -INT %1")
    scene.teller.output(ended.output)
    scene.proof.check(
        f"no request failed while {during}",
        holds=ended.status == 0 and " failed with " not in ended.output,
        saw=ended.output,
    )


def counted(scene: Scene) -> dict[str, int]:
    """Wait until CloudWatch shows every request that was sent, and return how many each variant had."""
    aws = scene.stage.aws
    sent = scene.calls.requests()
    with scene.at_speed(60, "until CloudWatch shows these minutes"):
        return scene.until(
            lambda: looking.requests_counted(aws, ENDPOINT),
            lambda shown: sum(shown.values()) >= sent,
            claim=f"CloudWatch shows all {sent:,} requests",
        )


def check_every_request_is_counted(scene: Scene) -> None:
    sent, shown = scene.calls.requests(), looking.requests_counted(scene.stage.aws, ENDPOINT)
    scene.proof.check(
        f"CloudWatch counted each of the {sent:,} requests once", holds=sum(shown.values()) == sent, saw=shown
    )


def draw_charts(scene: Scene, *, minutes: int = 30, picture: bool = False) -> None:
    plot = f" --plot {scene.picture}" if picture else ""
    scene.type(f"kubectl sagemaker-ab metrics {RESOURCE} --minutes {minutes}{plot}")
