"""Invoking "reviews" as the notebook does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

SENTENCES = ("I love this product!", "OK, but not great.", "This is not the right product.")
REVIEWS = [f"{word} item number {number}" for word in ("great", "bad", "plain") for number in range(700)]


def lines(*texts: str) -> bytes:
    return "\n".join(json.dumps({"features": [text]}) for text in texts).encode()


class Runtime:
    """Invokes "reviews" with JSON Lines."""

    def __init__(self, sim: InProcessAws) -> None:
        self.client = sim.client("sagemaker-runtime")

    def __call__(self, *texts: str, **params: Any) -> tuple[str, list[dict[str, Any]]]:
        """Return the variant that answered and its answers."""
        asked = {"EndpointName": "reviews", "ContentType": "application/jsonlines", "Body": lines(*texts)}
        answer = self.client.invoke_endpoint(**asked | params)
        return answer["InvokedProductionVariant"], [
            json.loads(line) for line in answer["Body"].read().splitlines()
        ]
