"""Acts 3 and 4: the endpoint is asked, then loaded and measured."""

import re
from datetime import datetime
from typing import Any

from sandbox.demo import looking
from sandbox.demo.acts.measuring import REQUESTS, SENTENCES, counted, draw_charts, send_requests
from sandbox.demo.scene import ENDPOINT, RESOURCE, Scene

_LEAST_SHARE = 30
"""Of a hundred: with equal weights fewer come about once in 25,000 times."""


def ask(scene: Scene) -> None:
    scene.teller.say("Three sentences in one request. One variant answers all of them.")
    answered = scene.type(f"kubectl sagemaker-ab predict {RESOURCE} -f {SENTENCES}")
    labels = re.findall(r"(?<!\S)(-1|0|1)(?!\S)", answered.output)
    scene.proof.check(
        "the three sentences were found positive (1), neutral (0) and negative (-1)",
        holds=labels == ["1", "0", "-1"],
        saw=answered.output,
    )


def measure(scene: Scene) -> None:
    scene.teller.say(f"{REQUESTS} requests, one after the other.")
    send_requests(scene)
    shared = counted(scene)
    scene.proof.check(
        f"both variants answered, each at least {_LEAST_SHARE} of {REQUESTS} requests",
        holds=all(count >= _LEAST_SHARE for count in shared.values()),
        saw=shared,
    )
    draw_charts(scene, picture=True)
    scene.teller.say("The operator reports the same metrics in the resource's status, for each five minutes.")
    _check_status(scene)
    scene.type(f"kubectl sagemaker-ab get {RESOURCE}")


def _check_status(scene: Scene) -> None:
    with scene.at_speed(60, "until a whole window has passed"):
        metrics = scene.until(
            lambda: scene.status().get("metrics", {}),
            lambda metrics: any(_told(metrics).values()),
            claim="the window is in the resource's status",
        )
    start, end = (datetime.fromisoformat(metrics[edge]) for edge in ("windowStart", "windowEnd"))
    counted = {
        variant: looking.requests_between(scene.stage.aws, ENDPOINT, variant, start=start, end=end)
        for variant in looking.VARIANTS
    }
    scene.proof.check(
        "the status has the same number of requests for each variant as CloudWatch",
        holds=_told(metrics) == counted,
        saw={"status": _told(metrics), "CloudWatch": counted},
    )


def _told(metrics: dict[str, Any]) -> dict[str, int]:
    told = {variant["name"]: variant.get("invocations", 0) for variant in metrics.get("variants", ())}
    return {variant: told.get(variant, 0) for variant in looking.VARIANTS}
