"""Sending the notebook's hundred requests and waiting until CloudWatch shows them, as several acts do."""

from sandbox.demo import looking
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene

SENTENCES = "manifests/samples/sentences.jsonl"
REQUESTS = 100


def send_requests(scene: Scene) -> dict[str, int]:
    """Send them one at a time and return how many each variant has answered, as CloudWatch counts."""
    aws = scene.stage.aws
    before = looking.requests_counted(aws, ENDPOINT)
    expected = sum(before.values()) + REQUESTS
    ended = scene.type(
        f"kubectl sagemaker-ab load {RESOURCE} -f {SENTENCES} --requests {REQUESTS} --fail-on-error",
        animated=True,
    )
    scene.proof.check(
        f"all {REQUESTS} requests were answered", holds=f"{REQUESTS} requests" in ended.output, saw=ended
    )
    with scene.at_speed(60, "until CloudWatch shows these minutes"):
        after = scene.until(
            lambda: looking.requests_counted(aws, ENDPOINT),
            lambda counted: sum(counted.values()) >= expected,
            claim=f"CloudWatch counts {expected} requests in all",
        )
    return {variant: after[variant] - before[variant] for variant in after}


def draw_charts(scene: Scene, *, minutes: int = 30) -> None:
    scene.type(f"kubectl sagemaker-ab metrics {RESOURCE} --minutes {minutes} --plot {scene.picture}")
