"""The option types of `plan-test`."""

import re
from math import isnan
from typing import Any

import click

from sagemaker_ab.traffic.forecast import shares_from_percents

_LEAST_PERCENT, _MOST_PERCENT, _MOST_LOSS = 0.01, 10_000, 99.99


class Effect(click.ParamType[float]):
    """A relative difference in percent: 10%, -5%."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"([+-]?[0-9]+(?:\.[0-9]+)?)%", str(value))
        percent = float(match[1]) if match else 0.0
        if not (_LEAST_PERCENT <= percent <= _MOST_PERCENT or -_MOST_LOSS <= percent <= -_LEAST_PERCENT):
            self.fail(
                f"{value!r} should be a percentage such as 10%, from {_LEAST_PERCENT}% to {_MOST_PERCENT}% "
                f"or from -{_MOST_LOSS}% to -{_LEAST_PERCENT}%",
                param,
                ctx,
            )
        return percent / 100


class Allocation(click.ParamType[tuple[float, ...]]):
    """Percents of the baseline and the challengers: 50,50."""

    name = "percents"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        parts = str(value).split(",")
        percents = [int(part) for part in parts if re.fullmatch("[0-9]{1,3}", part)]
        if len(percents) != len(parts) or len(parts) < 2 or sum(percents) != 100 or 0 in percents:  # noqa: PLR2004
            self.fail(
                f"{value!r} should be percents of at least 1 that sum to 100, such as 50,50", param, ctx
            )
        return shares_from_percents(percents)


class Finite(click.FloatRange):
    """A range of floats that refuses NaN, which click's own range accepts."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value!r} should be a number from {self.min} to {self.max}", param, ctx)
        return float(number)
