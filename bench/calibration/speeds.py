"""How soon a difference is proven, against a test of a fixed number."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from bench.calibration.contests import Contest, contest_run
from bench.calibration.rows import CalibrationRow, Outcome, quantile_of
from bench.calibration.worlds import World
from sagemaker_ab.traffic.forecast import TestDesign, fixed_sample_minutes

_SPEEDS: Final[dict[str, World]] = {
    "1 % ×2, 100/min": World(rate=0.01, ratios=(1.0, 2.0)),
    "1 % ×1.5, 100/min": World(rate=0.01, ratios=(1.0, 1.5)),
    "1 % ×1.2, 100/min": World(rate=0.01, ratios=(1.0, 1.2)),
    "1 % ×1.1, 1000/min": World(rate=0.01, ratios=(1.0, 1.1), per_minute=1000),
    "10 % ×1.1, 100/min": World(rate=0.1, ratios=(1.0, 1.1)),
    "10 % ×1.05, 100/min": World(rate=0.1, ratios=(1.0, 1.05)),
    "10 % ×0.9, 100/min": World(rate=0.1, ratios=(1.0, 0.9)),
    "30 % ×1.05, 100/min": World(rate=0.3, ratios=(1.0, 1.05)),
    "50 % ×1.03, 100/min": World(rate=0.5, ratios=(1.0, 1.03)),
    "5 % ×1.2, 30/min": World(rate=0.05, ratios=(1.0, 1.2), per_minute=30),
    "5 % ×1.5, 10/min": World(rate=0.05, ratios=(1.0, 1.5), per_minute=10),
    "50 % ×1.1, 10/min": World(rate=0.5, ratios=(1.0, 1.1), per_minute=10),
    "1 % ×2, 10/min": World(rate=0.01, ratios=(1.0, 2.0), per_minute=10),
    "0.5 % ×3, 10/min": World(rate=0.005, ratios=(1.0, 3.0), per_minute=10),
    "0.2 % ×3, 10/min": World(rate=0.002, ratios=(1.0, 3.0), per_minute=10),
    "0.2 % ×2, 30/min": World(rate=0.002, ratios=(1.0, 2.0), per_minute=30),
    "limit: 0.2 % ×5, 10/min": World(rate=0.002, ratios=(1.0, 5.0), per_minute=10),
}
_IN_FOUR_HOURS: Final = "1 % ×2, 100/min"
_TEN_HOURS, _FOUR_HOURS = 600, 240


def _times_fixed(name: str, fixed: float) -> float | None:
    """The bound of the 80th percentile as a multiple of the fixed number's minutes."""
    if name.startswith("limit"):
        return None
    if fixed >= _TEN_HOURS:
        return 3.0
    return 3.2 if fixed >= _FOUR_HOURS else None


def _fixed(world: World) -> float:
    design = TestDesign(
        rate=world.rate,
        effect=world.ratios[1] - 1.0,
        requests_per_minute=world.per_minute,
        power=0.8,
        shares=(0.5, 0.5),
    )
    return fixed_sample_minutes(design)


def _fixed_in_words(fixed: float, _outcomes: Sequence[Outcome]) -> str:
    return f"fixed n: {fixed:.0f} min"


def speeds(_profile: str) -> list[CalibrationRow]:
    """Even split, flat rates; looked at every minute of the first day, then every 5, when blocks close."""
    rows = []
    for name, world in _SPEEDS.items():
        fixed = _fixed(world)
        flat = replace(world, minutes=int(6 * fixed) + 300, swing=0.0, traffic_swing=0.0)
        absolute = 240.0 if name == _IN_FOUR_HOURS else None
        rows.append(
            CalibrationRow(
                table="Speed",
                name=name,
                trial=contest_run,
                settings=Contest(world=flat, later=5),
                runs={"full": 400, "quick": 150, "slice": 1},
                measures=(
                    quantile_of("median min", "minutes", 0.5),
                    quantile_of("80th min", "minutes", 0.8, bound=absolute),
                    replace(
                        quantile_of(
                            "80th ÷ fixed n", "minutes", 0.8, bound=_times_fixed(name, fixed), unit=fixed
                        ),
                        detail=partial(_fixed_in_words, fixed),
                    ),
                ),
            )
        )
    return rows
