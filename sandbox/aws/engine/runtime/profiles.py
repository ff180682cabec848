"""How good and how fast each simulated model is.

A model is known by its artefact: a folder of the model data URL that stands in `PROFILES` gives its profile,
so that the notebook's two artefacts behave as its author found them, B a little better, surer and faster than
A, and C, the next model of the samples, than B. Any other artefact gets a profile that follows from its URL:
the same each time, different from the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.aws.engine.runtime.sentiment import LABELS, Opinion, classify
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from sandbox.aws.engine.records import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How good a model is, and how fast.

    ``accuracy`` is the share of the classifier's opinions that it keeps, ``certainty`` how sure it is of its
    own; its latency has this median, and this spread of the logarithm.
    """

    name: str
    accuracy: float
    certainty: float
    latency_milliseconds: float
    latency_spread: float

    def changed(self, raw: Mapping[str, Any]) -> Profile:
        """Return it with other figures, by their names in `_FIGURES`; raises ValueError for anything else."""
        if raw.keys() - _FIGURES.keys():
            raise ValueError(f"a profile has {sorted(_FIGURES)}, not {sorted(raw.keys() - _FIGURES.keys())}")
        figures: dict[str, Any] = {_FIGURES[key]: float(value) for key, value in raw.items()}
        return replace(self, **figures)

    @holds("runtime.model-latency")
    def latency(self, draw: random.Random) -> float:
        """Draw how long one request takes, in microseconds."""
        return 1000.0 * self.latency_milliseconds * draw.lognormvariate(0.0, self.latency_spread)

    @holds("runtime.model-quality")
    def opinion(self, text: str) -> Opinion:
        """Return what the model makes of a text: always the same, and wrong as often as it should be.

        How sure it is differs by a tenth from text to text; of what it has wrong it is half as sure beyond a
        guess.
        """
        wobble = 0.9 + 0.2 * _chance("certain", self.name, text)
        opinion = classify(text, certainty=self.certainty * wobble)
        if _chance("keeps", self.name, text) < self.accuracy:
            return opinion
        others = [label for label in LABELS if label != opinion.label]
        wrong = others[_chance("errs", self.name, text) < 1 / len(others)]
        return Opinion(wrong, (opinion.probability + 1 / len(LABELS)) / 2)


_FIGURES = {
    "accuracy": "accuracy",
    "certainty": "certainty",
    "latencyMilliseconds": "latency_milliseconds",
    "latencySpread": "latency_spread",
}
PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="variant_a",
            accuracy=0.86,
            certainty=0.8,
            latency_milliseconds=84.0,
            latency_spread=0.22,
        ),
        Profile(
            name="variant_b",
            accuracy=0.91,
            certainty=1.2,
            latency_milliseconds=68.0,
            latency_spread=0.18,
        ),
        Profile(
            name="variant_c",
            accuracy=0.93,
            certainty=1.25,
            latency_milliseconds=61.0,
            latency_spread=0.18,
        ),
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
        certainty=0.7 + 0.7 * _chance("certainty", artefact),
        latency_milliseconds=50.0 + 70.0 * _chance("latency", artefact),
        latency_spread=0.15 + 0.15 * _chance("spread", artefact),
    )


def _chance(*what: str) -> float:
    """Return a number in [0, 1) that is always the same for the same words."""
    return int.from_bytes(sha256("\0".join(what).encode()).digest()[:6]) / 2**48
