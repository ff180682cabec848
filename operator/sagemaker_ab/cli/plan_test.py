"""`plan-test`: forecasts how many requests and how much time a test needs to decide."""

import json
from math import inf
from typing import TextIO

import click

from sagemaker_ab.cli.plan_options import Allocation, Effect, Finite
from sagemaker_ab.cli.plan_policy import DesignDefaults, design_defaults
from sagemaker_ab.cli.replaying.policy_file import read_policy, reporting_invalid_policy
from sagemaker_ab.cli.results import write_line
from sagemaker_ab.traffic.forecast import Forecast, TestDesign, even_shares, fixed_sample_minutes, forecast

_MOST_DAYS = 366


@click.command(name="plan-test", short_help="Forecast how long an A/B test takes.")
@click.option(
    "--rate",
    type=Finite(1e-6, 1.0, max_open=True),
    required=True,
    help="Rate of the baseline, such as 0.05.",
)
@click.option("--effect", type=Effect(), required=True, help="Relative difference to detect, such as 10%.")
@click.option(
    "--requests-per-minute",
    type=Finite(0.1, 1_000_000.0),
    required=True,
    help="Requests per minute to all variants together.",
)
@click.option(
    "--power",
    type=Finite(0.5, 0.99),
    help="Probability of detecting the effect.  [default: the policy's, or 0.8]",
)
@click.option(
    "--variants", type=click.IntRange(2, 10), help="Number of variants.  [default: the policy's, or 2]"
)
@click.option(
    "--allocation",
    type=Allocation(),
    help="Percents of traffic, the baseline's first.  [default: the policy's, or even]",
)
@click.option(
    "--policy",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="ABTest policy (YAML) with errorRates and allocation.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of the simulation.")
@click.option("-o", "--output", type=click.Choice(["json"]), help="Print one JSON object.")
def plan_test(  # noqa: PLR0913  # click passes each option as an argument
    *,
    rate: float,
    effect: float,
    requests_per_minute: float,
    power: float | None,
    variants: int | None,
    allocation: tuple[float, ...] | None,
    policy: TextIO | None,
    seed: int,
    output: str | None,
) -> None:
    """Forecast how many requests and how much time a test of this effect needs to decide.

    Simulates the sequential test, which may be looked at all the time, and prints when half of the tests and
    --power of the tests have decided. Compares a test of a fixed number of requests, looked at once.
    """
    if allocation and variants is not None and len(allocation) != variants:
        raise click.UsageError(
            f"--allocation has {len(allocation)} percents; --variants is {variants}; they must be equal"
        )
    if rate * (1.0 + effect) >= 1.0:
        raise click.UsageError(
            f"--effect: it changes the rate {rate} to {rate * (1 + effect):g}, which must be below 1"
        )
    defaults = _design_defaults(policy) if policy else DesignDefaults()
    design = TestDesign(
        rate=rate,
        effect=effect,
        requests_per_minute=requests_per_minute,
        power=defaults.power if power is None else power,
        false_winner=defaults.false_winner,
        shares=allocation or (even_shares(variants) if variants else defaults.shares),
        seed=seed,
    )
    if (days := fixed_sample_minutes(design) / 1440) > _MOST_DAYS:
        raise click.ClickException(
            f"even a fixed number would take {days:.0f} days; plan for a greater effect or more traffic "
            f"(at most {_MOST_DAYS} days)"
        )
    found = forecast(design)
    write_line(_json(design, found) if output == "json" else _text(design, found))


def _design_defaults(policy: TextIO) -> DesignDefaults:
    with reporting_invalid_policy(policy):
        return design_defaults(read_policy(policy))


def _text(design: TestDesign, found: Forecast) -> str:
    rows = [
        ("fixed number, looked at once", found.fixed_sample_minutes),
        ("half of the time", found.median_minutes),
        (f"{design.power:.0%} of the time", found.power_minutes),
    ]
    lines = [f"{'until a verdict':<30}{'requests':>14}{'time':>14}"]
    for name, minutes in rows:
        lines.append(f"{name:<30}{_requests(minutes, design, found):>14}{_time(minutes, found):>14}")
    return "\n".join([*lines, f"simulated {found.runs} times, seed {design.seed}"])


def _requests(minutes: float, design: TestDesign, found: Forecast) -> str:
    more = "> " if minutes == inf else ""
    return f"{more}{min(minutes, found.horizon_minutes) * design.requests_per_minute:,.0f}"


def _time(minutes: float, found: Forecast) -> str:
    more, shown = ("> ", found.horizon_minutes) if minutes == inf else ("", minutes)
    for unit, size, least in (("days", 1440, 2880), ("hours", 60, 180)):
        if shown >= least:
            return f"{more}{shown / size:.1f} {unit}"
    return f"{more}{shown:.0f} minutes"


def _json(design: TestDesign, found: Forecast) -> str:
    named = {"fixed": found.fixed_sample_minutes, "half": found.median_minutes, "most": found.power_minutes}
    content = {
        name: None
        if minutes == inf
        else {"minutes": round(minutes), "requests": round(minutes * design.requests_per_minute)}
        for name, minutes in named.items()
    }
    return json.dumps(
        {
            **content,
            "power": design.power,
            "falseWinner": design.false_winner,
            "allocation": [round(100 * share, 2) for share in design.shares],
            "runs": found.runs,
            "seed": design.seed,
        }
    )
