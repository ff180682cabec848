"""How good and how fast each simulated model is.

A model is known by its artefact: a folder of the model data URL that stands in `PROFILES` gives its profile,
so that the notebook's two artefacts behave as its author found them, B a little better and faster than A. Any
other artefact gets a profile that follows from its URL: the same each time, different from the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.aws.engine.runtime.sentiment import LABELS, Opinion, classify
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    import random

    from sandbox.aws.engine.records import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Share of the classifier's opinions that a model keeps; median of its latency and the log's spread."""

    name: str
    accuracy: float
    latency_milliseconds: float
    latency_spread: float

    @holds("runtime.model-latency")
    def latency(self, draw: random.Random) -> float:
        """Draw how long one request takes, in microseconds."""
        return 1000.0 * self.latency_milliseconds * draw.lognormvariate(0.0, self.latency_spread)

    def opinion(self, text: str) -> Opinion:
        """Return what the model makes of a text: always the same, and wrong as often as it should be."""
        opinion = classify(text)
        chance = _chance("keeps", self.name, text)
        if chance < self.accuracy:
            return opinion
        others = [label for label in LABELS if label != opinion.label]
        return Opinion(others[_chance("errs", self.name, text) < 1 / len(others)], opinion.probability)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(name="variant_a", accuracy=0.86, latency_milliseconds=84.0, latency_spread=0.22),
        Profile(name="variant_b", accuracy=0.91, latency_milliseconds=68.0, latency_spread=0.18),
    )
}


def profile_of(model: Model) -> Profile:
    """Return the profile of a model, by the URL of its artefact, or by its image if it has none."""
    primary = model.containers[0] if model.containers else {}
    source = primary.get("ModelDataSource", {}).get("S3DataSource", {})
    artefact = primary.get("ModelDataUrl") or source.get("S3Uri") or primary.get("Image", model.name)
    return _profile_of_artefact(artefact)


@cache
def _profile_of_artefact(artefact: str) -> Profile:
    folders = urlsplit(artefact).path.split("/")
    known = next((PROFILES[folder] for folder in folders if folder in PROFILES), None)
    return known or Profile(
        name=artefact,
        accuracy=0.75 + 0.2 * _chance("accuracy", artefact),
        latency_milliseconds=50.0 + 70.0 * _chance("latency", artefact),
        latency_spread=0.15 + 0.15 * _chance("spread", artefact),
    )


def _chance(*what: str) -> float:
    """Return a number in [0, 1) that is always the same for the same words."""
    return int.from_bytes(sha256("\0".join(what).encode()).digest()[:6]) / 2**48
