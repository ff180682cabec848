"""What the runtime remembers: what each model was told to be, and each endpoint's stream of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.runtime.profiles import profile_of

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Model
    from sandbox.aws.engine.runtime.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """What share of its requests a model fails, in each of three ways, and how much slower it is."""

    rate_4xx: float = 0.0
    rate_5xx: float = 0.0
    rate_gone: float = 0.0
    latency_factor: float = 1.0

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Ailment:
        """Read `rate4xx`, `rate5xx`, `rateModelError` and `latencyFactor`; raises ValueError."""
        names = {
            "rate4xx": "rate_4xx",
            "rate5xx": "rate_5xx",
            "rateModelError": "rate_gone",
            "latencyFactor": "latency_factor",
        }
        if raw.keys() - names.keys():
            raise ValueError(
                f"a model's ailment has {sorted(names)}, not {sorted(raw.keys() - names.keys())}"
            )
        return cls(**{names[key]: float(value) for key, value in raw.items()})

    def status(self, chance: float) -> int | None:
        """Return the status that a model answers with by a number in [0, 1); None when it gives no answer."""
        if chance < self.rate_4xx:
            return 400
        if chance < self.rate_4xx + self.rate_5xx:
            return 500
        return None if chance < self.rate_4xx + self.rate_5xx + self.rate_gone else 200


HEALTHY = Ailment()


class RuntimeStore:
    def __init__(self, region: Region) -> None:
        self._region = region
        self._ailments: dict[str, Ailment] = {}
        self._profiles: dict[str, Profile] = {}
        self._draws: dict[str, random.Random] = {}
        overhead = region.ledger.value("runtime.overhead")
        self.overhead_median, self.overhead_spread = float(overhead[0]), float(overhead[1])

    def ailment(self, model: str) -> Ailment:
        return self._ailments.get(model, HEALTHY)

    def set_ailment(self, model: str, ailment: Ailment) -> None:
        self._ailments[model] = ailment

    def profile(self, model: Model) -> Profile:
        """Return how good and how fast a model is: as it was set, or else by its artefact."""
        return self._profiles.get(model.name) or profile_of(model)

    def set_profile(self, model: Model, figures: Mapping[str, Any]) -> None:
        """Change figures of a model's profile; without any it is its artefact's again. Raises ValueError."""
        if figures:
            self._profiles[model.name] = self.profile(model).changed(figures)
        else:
            self._profiles.pop(model.name, None)

    def draw(self, endpoint: str) -> random.Random:
        """Return an endpoint's own stream of chance, so that endpoints do not disturb each other."""
        if endpoint not in self._draws:
            region = self._region
            purpose = f"runtime/{region.account}/{region.name}/{endpoint}"
            self._draws[endpoint] = region.ledger.draw(purpose)
        return self._draws[endpoint]
