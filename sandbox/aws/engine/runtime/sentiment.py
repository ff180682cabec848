"""A small sentiment classifier over a lexicon: what the simulated models think of a sentence.

It knows some common words with their strength, negation and contrast. A model's quality is how often it keeps
the classifier's opinion; see `profiles`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_WORD = re.compile(r"[a-z']+")
_LEXICON = {
    3.0: "adore amazing awesome best excellent fantastic flawless love loved loves outstanding perfect",
    2.0: "beautiful comfy delighted enjoy flattering gorgeous great happy impressed lovely stunning superb",
    1.5: "comfortable good nice pleased recommend soft sturdy well works",
    1.0: "cute decent fine fits ok okay right true useful",
    -1.0: "flimsy loose odd pricey scratchy short slow small thin tight wrong",
    -1.5: "bad bulky cheap disappointed disappointing itchy poor returned returning stiff uncomfortable",
    -2.0: "broke broken defective fails hate hated refund ripped shrank torn ugly unhappy useless",
    -3.0: "awful horrible terrible waste worst",
}
_STRENGTH = {word: strength for strength, words in _LEXICON.items() for word in words.split()}
_NEGATIONS = frozenset({"no", "not", "never", "hardly", "neither", "nor", "without"})
_BOOSTERS = frozenset({"absolutely", "extremely", "really", "so", "totally", "very"})
# A negation turns the next words around, but "not great" is milder than "bad".
_REACH, _TURNED, _BOOSTED = 3, -0.75, 1.4
_SHARPNESS, _NEUTRAL = 1.5, 0.9

LABELS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A label of -1, 0 or 1 and how sure the classifier is of it."""

    label: int
    probability: float


def valence(text: str) -> float:
    """Return how positive (above 0) or negative (below 0) the words of a text are."""
    total = 0.0
    turned = 0
    boost = 1.0
    for word in _WORD.findall(text.lower()):
        if word in _NEGATIONS or word.endswith("n't"):
            turned = _REACH
            continue
        strength = _STRENGTH.get(word, 0.0) * boost
        total += strength * _TURNED if turned else strength
        turned = 0 if strength else max(turned - 1, 0)
        boost = _BOOSTED if word in _BOOSTERS else 1.0
    return total


def classify(text: str, *, certainty: float = 1.0) -> Opinion:
    """Return the label that the words of a text speak for.

    The more certain, the surer of the same label: 0 leaves three labels equally likely.
    """
    tone = _SHARPNESS * valence(text)
    weights = [math.exp(certainty * logit) for logit in (-tone, _NEUTRAL, tone)]
    likeliest = max(range(len(LABELS)), key=weights.__getitem__)
    return Opinion(LABELS[likeliest], weights[likeliest] / sum(weights))
